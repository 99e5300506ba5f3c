/** How tightly a piece of CEL holds together. */
export const Holds = { choice: 0, or: 1, and: 2, compare: 3, sum: 4, product: 5, sign: 6, name: 7 } as const;

export interface Piece {
  readonly cel: string;
  readonly holds: number;
  /** Of a plain reading: `vars`, `a`, `b` of `vars.a.b`. */
  readonly chain?: readonly string[];
}

export function around({ cel, holds }: Piece, least: number): string {
  return holds < least ? `(${cel})` : cel;
}

export function not(piece: Piece): Piece {
  const [, left, right] = /^([^()]+) == (null|true|false)$/.exec(piece.cel) ?? [];
  if (piece.holds === Holds.compare && left !== undefined && right !== undefined)
    return { cel: `${left} != ${right}`, holds: Holds.compare };
  return { cel: `!${around(piece, Holds.sign)}`, holds: Holds.sign };
}

export function join(pieces: readonly Piece[], operator: string, holds: number, second = operator): Piece {
  const [first, ...rest] = pieces.map((piece) => around(piece, holds + 1));
  return {
    cel: rest.reduce<string>((all, piece, index) => all + (index === 0 ? operator : second) + piece, first ?? ''),
    holds,
  };
}

/** That each part of a reading is there: of `vars.a.b` both `vars.a` and what is below. */
export function hasAll({ chain }: Piece): string | undefined {
  if (chain === undefined || chain.length < 2) return undefined;
  return chain
    .slice(1)
    .map((_key, index) => `has(${chain.slice(0, index + 2).join('.')})`)
    .join(' && ');
}
