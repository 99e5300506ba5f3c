/**
 * Replaces texts where they stand as whole words; where several begin the longest counts. Without an expression of its own,
 * since each host of a preview has other texts, and to compile one takes longer than to look.
 *
 * @param replacements by the text that each stands for; none of these is empty
 */
export function wholeWords(replacements: ReadonlyMap<string, string>): (text: string) => string {
  const words = [...replacements]
    .toSorted(([a], [b]) => b.length - a.length)
    .map(([word, by]) => ({ word, by, isNumber: /^\d+$/.test(word) }));
  return (text) => {
    let replaced = '';
    let from = 0;
    for (;;) {
      let first: { readonly at: number; readonly end: number; readonly by: string } | undefined;
      for (const { word, by, isNumber } of words) {
        const at = find(text, word, from, isNumber);
        if (at !== -1 && (first === undefined || at < first.at)) first = { at, end: at + word.length, by };
      }
      if (first === undefined) return from === 0 ? text : replaced + text.slice(from);
      replaced += text.slice(from, first.at) + first.by;
      from = first.end;
    }
  };
}

function find(text: string, word: string, from: number, isNumber: boolean): number {
  for (let at = text.indexOf(word, from); at !== -1; at = text.indexOf(word, at + 1)) {
    if (!isPartOfWord(before(text, at), isNumber) && !isPartOfWord(after(text, at + word.length), isNumber)) return at;
  }
  return -1;
}

const letterOrDigit = /^[\p{L}\p{N}]$/u;

/** The 7 of `1.7 GiB` is not the identifier 7. */
function isPartOfWord(character: string, isNumber: boolean): boolean {
  return character !== '' && ((isNumber && character === '.') || letterOrDigit.test(character));
}

/** A character may be two units. */
function before(text: string, at: number): string {
  const pair = text.slice(Math.max(0, at - 2), at);
  return pair.length === 2 && (pair.codePointAt(0) ?? 0) > 0xffff ? pair : text.slice(Math.max(0, at - 1), at);
}

function after(text: string, at: number): string {
  const point = text.codePointAt(at);
  return point === undefined ? '' : String.fromCodePoint(point);
}
