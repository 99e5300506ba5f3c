import { isScalar, type ParsedNode } from 'yaml';
import type { Span } from './source.ts';

/**
 * Where a part of a string's value stands in the file. Line folding and indentation only add or
 * drop white space, so counting the other characters finds the place in every style of scalar.
 */
export function spanInScalar(text: string, node: ParsedNode | null, span: Span): Span {
  if (node === null || !isScalar(node) || typeof node.value !== 'string') {
    const start = node?.range[0] ?? 0;
    return { start, end: start + 1 };
  }
  const raw = text.slice(node.range[0], node.range[1]);
  const units = inkOf(raw, node.type);
  const inkBefore = (offset: number): number => (String(node.value).slice(0, offset).match(/\S/g) ?? []).length;
  const first = units[inkBefore(span.start)];
  const last = units[inkBefore(span.end) - 1];
  const start = node.range[0] + (first?.start ?? raw.length);
  return { start, end: Math.max(start + 1, node.range[0] + (last?.end ?? 0)) };
}

/** The characters of a scalar's source that stand for a character of its value other than white space. */
function inkOf(raw: string, type: string | undefined): readonly Span[] {
  switch (type) {
    case 'QUOTE_DOUBLE':
      return pieces(raw.slice(0, -1), 1, /\\(?:x..|u....|U........|\r?\n|[^])|[^]/g).filter(
        ({ piece }) => !/^(?:\s|\\[\stnvfr_LP])/.test(piece),
      );
    case 'QUOTE_SINGLE':
      return pieces(raw.slice(0, -1), 1, /''|[^]/g).filter(({ piece }) => /\S/.test(piece));
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED':
      return pieces(raw, raw.indexOf('\n') + 1, /\S/g);
    case undefined:
    default:
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
