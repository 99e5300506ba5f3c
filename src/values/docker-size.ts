const powers: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * Bytes of a volume's `size=` as Docker reads it (go-units RAMInBytes): a bare number is bytes, units
 * are powers of 1024, `20KB` and `1.5G` and `20 M` are good. Undefined for what it refuses.
 */
export function dockerBytes(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)*) ?([kmgtp])?i?b?$/i.exec(text) ?? [];
  const bytes = Number(number) * 1024 ** (powers[(unit ?? '').toLowerCase()] ?? 0);
  return number === undefined || !Number.isFinite(bytes) ? undefined : Math.floor(bytes);
}

/** XFS keeps quota limits in its own blocks. */
export const blockBytes = 4096;
