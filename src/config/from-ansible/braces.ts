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
  /^[-+]?\s*(?:if|elif|else|endif|for|endfor|set|endset|include|import|from|block|endblock|macro|raw|endraw|filter)\b/;

/** Each `{{ … }}` of Jinja in a text. `taken` are the places of expressions, in their order, in which braces mean something else. */
export function bracesIn(
  text: string,
  taken: readonly { readonly start: number; readonly end: number }[],
): readonly Braces[] {
  const found: Braces[] = [];
  let next = 0;
  for (let start = text.indexOf('{{'); start !== -1;) {
    while ((taken[next]?.end ?? Infinity) <= start) next += 1;
    const inside = taken[next];
    if (inside !== undefined && start >= inside.start) {
      start = text.indexOf('{{', inside.end);
      continue;
    }
    const close = text.indexOf('}}', start + 2);
    if (close === -1) break;
    const inner = text
      .slice(start + 2, close)
      .replace(/^[-+]/, '')
      .replace(/[-+]$/, '')
      .trim();
    if (text[start - 1] !== '$' && isJinja(inner)) found.push({ start, end: close + 2, inner });
    start = text.indexOf('{{', close + 2);
  }
  return found;
}

function isJinja(inner: string): boolean {
  return jinja.test(inner) && !goField.test(inner) && !goStart.test(inner) && !goWord.test(inner);
}

/** Where a statement of Jinja stands. */
export function statementIn(text: string): { readonly start: number; readonly end: number } | undefined {
  for (let start = text.indexOf('{%'); start !== -1; start = text.indexOf('{%', start + 2)) {
    const close = text.indexOf('%}', start + 2);
    if (close === -1) return undefined;
    if (statement.test(text.slice(start + 2, Math.min(close, start + 40)))) return { start, end: close + 2 };
  }
  return undefined;
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
