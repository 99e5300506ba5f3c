import type { Cut } from '../transport.ts';
import type { Redaction } from './redaction.ts';

/** An unfinished line is kept for the next piece, unless it is longer than this. */
const longestHeldBack = 4096;
const unreadable = '\uFFFD';

/**
 * Where a piece of a longer text is to be cut: behind its last whole line, or at its end where the line that
 * it ends in is very long; never within a secret. Counted in bytes as they came, since the rest is asked for
 * by its offset, and in characters of what is shown.
 */
export function cutOf(text: string, redaction: Redaction): Cut {
  const lines = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1;
  const isLong = Buffer.byteLength(text.slice(lines)) > longestHeldBack;
  const { at, shownAt } = redaction.cut(text, isLong ? text.length : lines);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  // What is no UTF-8 does not tell how many bytes it was.
  if (!before.includes(unreadable)) return { characters: shownAt, bytes: Buffer.byteLength(before) };
  if (!after.includes(unreadable)) return { characters: shownAt, left: Buffer.byteLength(after) };
  return {};
}
