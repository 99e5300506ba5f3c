/** Why a range cannot be expanded, in words for the operator. */
export class RangeMistake extends Error {}

const maxHosts = 10_000;
const range = /\[([0-9]+|[A-Za-z]):([0-9]+|[A-Za-z])(?::([0-9]+))?\]/;

export function hasRange(text: string): boolean {
  return range.test(text);
}

/**
 * `web-[01:40]` → web-01 … web-40; `[a:f]`, `[0:10:2]` and several ranges work too. Leading zeros of
 * the first bound are kept; both bounds are included.
 */
export function expandRanges(text: string): readonly string[] {
  let expanded = [''];
  let rest = text;
  for (let match = range.exec(rest); match !== null; match = range.exec(rest)) {
    const [whole, from = '', to = '', step = '1'] = match;
    const head = rest.slice(0, match.index);
    const values = valuesOf(whole, from, to, Number(step));
    if (expanded.length * values.length > maxHosts)
      throw new RangeMistake(`"${text}" stands for more than ${String(maxHosts)} hosts`);
    expanded = expanded.flatMap((prefix) => values.map((value) => prefix + head + value));
    rest = rest.slice(match.index + whole.length);
  }
  return expanded.map((prefix) => prefix + rest);
}

function valuesOf(whole: string, from: string, to: string, step: number): readonly string[] {
  const numeric = /^[0-9]/.test(from);
  if (numeric !== /^[0-9]/.test(to)) throw new RangeMistake(`"${whole}" mixes a number and a letter`);
  if (!numeric && /[a-z]/.test(from) !== /[a-z]/.test(to))
    throw new RangeMistake(`"${whole}" mixes small and capital letters`);
  if (step < 1) throw new RangeMistake(`"${whole}" has a step of zero`);
  const first = numeric ? Number(from) : from.charCodeAt(0);
  const last = numeric ? Number(to) : to.charCodeAt(0);
  if (last < first) throw new RangeMistake(`"${whole}" runs backwards: write the smaller bound first`);
  if (numeric && from.length > 1 && from.startsWith('0') && to.length < from.length)
    throw new RangeMistake(`"${whole}" has bounds of different widths`);
  const count = Math.floor((last - first) / step) + 1;
  if (count > maxHosts) throw new RangeMistake(`"${whole}" stands for more than ${String(maxHosts)} hosts`);
  return Array.from({ length: count }, (_, index) => {
    const value = first + index * step;
    return numeric ? String(value).padStart(from.length, '0') : String.fromCharCode(value);
  });
}
