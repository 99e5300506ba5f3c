/** A word of a line, and where it begins in it. */
export interface Word {
  readonly text: string;
  readonly at: number;
}

/** Why a line cannot be split into words. */
export class WordMistake extends Error {}

/** Blanks, letters, a text in quotes, an escaped letter, or the mark of a comment. */
const piece = /([ \t\r\n]+)|([^ \t\r\n"'\\#]+)|"((?:[^"\\]|\\[^])*)"|'([^']*)'|\\([^])|(#)/y;

/** A line as Python's shlex splits it: quotes go, `#` begins a comment (where comments are read), even within a word. */
export function wordsOf(line: string, comments = true): readonly Word[] {
  const words: Word[] = [];
  let text: string | undefined;
  let at = 0;
  piece.lastIndex = 0;
  while (piece.lastIndex < line.length) {
    const start = piece.lastIndex;
    const found = piece.exec(line);
    if (found === null) throw new WordMistake(whyNot(line[start] ?? ''));
    const [, blank, letters, double, single, escaped] = found;
    if (blank !== undefined) {
      if (text !== undefined) words.push({ text, at });
      text = undefined;
      continue;
    }
    const more = letters ?? (double === undefined ? (single ?? escaped) : withoutEscapes(double));
    if (more === undefined && comments) break;
    if (text === undefined) at = start;
    text = (text ?? '') + (more ?? '#');
  }
  if (text !== undefined) words.push({ text, at });
  return words;
}

/** Within double quotes a backslash is one, but before a quote and another one. */
function withoutEscapes(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\(["\\])/g, '$1') : text;
}

function whyNot(character: string): string {
  return character === '\\' ? 'it ends with a backslash' : `a quote (${character}) is not closed`;
}
