const powers: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5 };
const grammar = /^(\d+(?:\.\d+)?)\s?([kmgtp])(?:i?b)?$/i;

/** A size as the operator wrote it: absolute bytes, or relative to what is there now. */
export type Size =
  | { readonly kind: 'absolute'; readonly bytes: number }
  | { readonly kind: 'plus'; readonly bytes: number }
  | { readonly kind: 'percent'; readonly percent: number };

/** Why a text is not a size, in words for the operator. */
export class SizeError extends Error {}

/**
 * Docker's RAMInBytes grammar (go-units), units always a power of 1024: `20G` = `20GB` = `20GiB`.
 * Stricter than Docker in one respect: a bare number is refused, because Docker reads `20` as
 * 20 bytes, which nobody means.
 */
export function parseBytes(text: string): number {
  if (/^-/.test(text)) throw new SizeError(`"${text}" is negative`);
  if (/^\d+(\.\d+)?$/.test(text)) throw new SizeError(`"${text}" has no unit: write ${text}GiB or ${text}MiB`);
  const match = grammar.exec(text);
  const [, number, unit] = match ?? [];
  if (number === undefined || unit === undefined)
    throw new SizeError(`"${text}" is not a size: write 20GiB, 512MiB or 1.5TiB`);
  const bytes = Math.floor(Number(number) * 1024 ** (powers[unit.toLowerCase()] ?? 0));
  if (bytes === 0) throw new SizeError(`"${text}" is zero`);
  if (!Number.isSafeInteger(bytes)) throw new SizeError(`"${text}" is too large`);
  return bytes;
}

/** `20GiB`, `+5GiB` or `150%`. */
export function parseSize(text: string): Size {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent !== undefined) {
    if (Number(percent) <= 100)
      throw new SizeError(
        `"${text}" would not grow anything: a percentage is of the size now, so write more than 100%`,
      );
    if (Number(percent) > 10_000) throw new SizeError(`"${text}" is more than a hundred times the size now`);
    return { kind: 'percent', percent: Number(percent) };
  }
  if (text.startsWith('+')) return { kind: 'plus', bytes: parseBytes(text.slice(1)) };
  return { kind: 'absolute', bytes: parseBytes(text) };
}

/** The size in bytes, given what is there now. */
export function resolveSize(size: Size, now: number): number {
  switch (size.kind) {
    case 'absolute':
      return size.bytes;
    case 'plus':
      return now + size.bytes;
    case 'percent':
      return Math.floor((now * size.percent) / 100);
  }
}

export const byteUnits = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Which of the units so many bytes are told in: the last one of which there is a whole one. */
export function powerOf(bytes: number): number {
  const power = byteUnits.findIndex((_, index) => Math.abs(bytes) < 1024 ** (index + 1));
  return power === -1 ? byteUnits.length - 1 : power;
}

/** Bytes for people: at most two decimals, and exact values stay exact (`20 GiB`, `1.5 GiB`). */
export function formatBytes(bytes: number): string {
  const power = powerOf(bytes);
  return `${String(Number((bytes / 1024 ** power).toFixed(2)))} ${byteUnits[power] ?? 'bytes'}`;
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
