import { formatBytes } from '../../values/size.ts';

/** What has to be read again while containers stand still. */
export interface Amount {
  readonly bytes: number;
  readonly entries: number;
  readonly containers: number;
}

/** Of an ordinary disk; the preview says so, because a quicker or slower one changes the answer. */
const bytesPerSecond = 100 * 1024 ** 2;
const entriesPerSecond = 2_000;
const secondsPerContainer = 5;

/**
 * The time from the last pass of a copy to the start of the new containers, and what it rests on. Both
 * sides are compared by checksum; a container has up to its own stop time-out (10 s) to end.
 */
export function downtime({ bytes, entries, containers }: Amount): string {
  const seconds = Math.ceil(
    (2 * bytes) / bytesPerSecond + (3 * entries) / entriesPerSecond + containers * secondsPerContainer,
  );
  const shown =
    seconds < 120
      ? `${String(seconds)} s`
      : seconds < 7_200
        ? `${String(Math.round(seconds / 60))} min`
        : `${String(Math.round(seconds / 3_600))} h`;
  return `about ${shown}: ${formatBytes(bytes)} compared by checksum at ${formatBytes(bytesPerSecond)}/s, ${String(entries)} entries looked at, ${String(containers)} container${containers === 1 ? '' : 's'} stopped and started`;
}
