import type { Change } from '../../operations/engine/change.ts';

/** How long a container stood still, by the clock of its host that nobody sets. */
export interface Downtime {
  readonly container: string;
  /** What the preview said. */
  readonly expected: string;
  /** From the moment at which it was told to stop until the new one had been started. */
  readonly seconds: number;
  /** Of these, until the old one had ended. */
  readonly ending: number;
}

/** What the script of such a change says at its end: `downtime NAME SECONDS ENDING`. */
const told = /^downtime ([a-zA-Z0-9][a-zA-Z0-9_.-]*) (\d{1,9}\.\d\d) (\d{1,9}\.\d\d)$/gm;

/** Of a change that has been gone on with after a cut nobody knows. */
export function downtimesOf({ downtime: expected }: Change, stdout: string): readonly Downtime[] {
  if (expected === undefined) return [];
  return [...stdout.matchAll(told)].map(([, container = '', seconds, ending]) => ({
    container,
    expected,
    seconds: Number(seconds),
    ending: Number(ending),
  }));
}
