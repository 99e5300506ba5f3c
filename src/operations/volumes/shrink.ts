import type { CopyDirectory } from '../../facts/copies/directory-copy.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes, parseBytes, roundUp } from '../../values/size.ts';
import { blockBytes } from '../../values/docker-size.ts';
import type { Situation } from './situation.ts';

const leastMargin = 16 * 1024 ** 2;

/** Bytes that must stay free. */
function marginOf(margin: string | undefined, used: number): number {
  if (margin === undefined) return Math.max(leastMargin, used * 0.1);
  return margin.endsWith('%') ? (used * Number(margin.slice(0, -1))) / 100 : parseBytes(margin);
}

/** What is used, and something more, must fit. `measured`: the volume, where it has been. */
export function judgeShrink(
  margin: string | undefined,
  { volume, state, begun }: Situation,
  bytes: number,
  measured: CopyDirectory | undefined,
): Refusal | undefined {
  // A replacement that was cut is gone on with, or back.
  if (begun.length > 0) return undefined;
  const content = measured?.kind === 'directory' ? measured : undefined;
  const used = Math.max(content?.allocatedBytes ?? 0, state.quota?.usedBytes ?? 0);
  const now = state.quota?.limitBytes ?? 0;
  if (now !== 0 && bytes >= now) return undefined;
  const least = roundUp(used + marginOf(margin, used), blockBytes);
  if (bytes < least)
    return refuse(
      `${volume.name} uses ${formatBytes(used)}, and with a margin of ${formatBytes(least - used)} that is more than the ${formatBytes(bytes)} wanted`,
      `ask for ${formatBytes(least)} or more; or give a smaller margin than ${margin ?? '10%, at least 16MiB'} (margin:)`,
    );
  const apparent = content?.apparentBytes ?? 0;
  // Holes stay holes by every method. But what could be filled until now must not become what cannot be.
  if (apparent > bytes && apparent <= now)
    return refuse(
      `the files in ${volume.name} are ${formatBytes(apparent)} long together, of which ${formatBytes(used)} are allocated: once their holes are filled they do not fit into the ${formatBytes(bytes)} wanted`,
      `ask for ${formatBytes(roundUp(apparent, blockBytes))} or more`,
    );
  return undefined;
}
