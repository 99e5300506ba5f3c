import { fromJinja } from './jinja.ts';

/** One `{{ … }}` of a text that no `$` stands before. */
export interface Braces {
  readonly start: number;
  readonly end: number;
  readonly inner: string;
}

/** Go's templates, which docker's --format takes: they begin with a field, a variable, a text, or a function of one of these. */
const goField = /(?:^|[\s(|])[.$]/;
const goStart =
  /^(?:["`]|\/\*|\(*(?:json|len|print|printf|println|html|js|urlquery|index|slice|template|define|block)\s+["`])/;
const goWord = /^(?:end|else|break|continue|nil|true|false)$/;
const jinja = /^[A-Za-z_'(\d[]/;
/** `{% if … %}` and its like. */
const statement =
  /\{%[-+]?\s*(?:if|elif|else|endif|for|endfor|set|endset|include|import|from|block|endblock|macro|raw|endraw|filter)\b[^]*?%\}/;

/** The first Jinja of a text that is no expression; `taken` are the places of expressions, in which braces mean something else. */
export function bracesIn(
  text: string,
  taken: readonly { readonly start: number; readonly end: number }[],
): readonly Braces[] {
  const found: Braces[] = [];
  const at = /\{\{[-+]?([^]*?)[-+]?\}\}/g;
  for (let match = at.exec(text); match !== null; match = at.exec(text)) {
    const { index: start } = match;
    const inside = taken.find((span) => start < span.end && start >= span.start - 1);
    if (inside !== undefined) {
      at.lastIndex = Math.max(inside.end, start + 2);
      continue;
    }
    const inner = (match[1] ?? '').trim();
    if (text[start - 1] !== '$' && isJinja(inner)) found.push({ start, end: start + match[0].length, inner });
  }
  return found;
}

function isJinja(inner: string): boolean {
  return jinja.test(inner) && !goField.test(inner) && !goStart.test(inner) && !goWord.test(inner);
}

/** Where a statement of Jinja stands. */
export function statementIn(text: string): { readonly start: number; readonly end: number } | undefined {
  const match = statement.exec(text);
  return match === null ? undefined : { start: match.index, end: match.index + match[0].length };
}

/** The text as it is written here, each `{{ x }}` as `${{ vars.x }}`; undefined when one of them has no equivalent. */
export function textInPlimsoll(text: string, known: ReadonlySet<string>): string | undefined {
  let from = 0;
  let result = '';
  for (const { start, end, inner } of bracesIn(text, [])) {
    const { cel } = fromJinja(inner, known);
    if (cel === undefined) return undefined;
    result += `${text.slice(from, start)}\${{ ${cel} }}`;
    from = end;
  }
  return statementIn(text) === undefined ? result + text.slice(from) : undefined;
}
