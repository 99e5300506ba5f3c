import { spanOf, type ScalarNode, type YamlNode } from './node.ts';
import type { Span } from './source.ts';

/**
 * Where a part of a string's value stands in the file. Line folding and indentation only add or
 * drop white space, so counting the other characters finds the place in every style of scalar.
 */
export function spanInScalar(text: string, node: YamlNode | null, span: Span): Span {
  if (node?.kind !== 'scalar' || typeof node.value !== 'string') {
    const { start } = spanOf(node);
    return { start, end: start + 1 };
  }
  const { value } = node;
  const raw = text.slice(node.start, node.end);
  const units = inkOf(raw, node.style);
  const inkBefore = (offset: number): number => (value.slice(0, offset).match(/\S/g) ?? []).length;
  const first = units[inkBefore(span.start)];
  const last = units[inkBefore(span.end) - 1];
  const start = node.start + (first?.start ?? raw.length);
  return { start, end: Math.max(start + 1, node.start + (last?.end ?? 0)) };
}

/** The characters of a scalar's source that stand for a character of its value other than white space. */
function inkOf(raw: string, style: ScalarNode['style']): readonly Span[] {
  switch (style) {
    case 'double':
      return pieces(raw.slice(0, -1), 1, /\\(?:x..|u....|U........|\r?\n|[^])|[^]/g).filter(
        ({ piece }) => !/^(?:\s|\\[\stnvfr_LP])/.test(piece),
      );
    case 'single':
      return pieces(raw.slice(0, -1), 1, /''|[^]/g).filter(({ piece }) => /\S/.test(piece));
    case 'block':
      return pieces(raw, raw.indexOf('\n') + 1, /\S/g);
    case 'plain':
      return pieces(raw, 0, /\S/g);
  }
}

function pieces(raw: string, from: number, pattern: RegExp): (Span & { readonly piece: string })[] {
  return [...raw.slice(from).matchAll(pattern)].map((match) => ({
    piece: match[0],
    start: from + match.index,
    end: from + match.index + match[0].length,
  }));
}
