import type { Replaced } from '../body/patch.ts';

/**
 * What is run from the stop of an old container to the start of the new one (replace-main.sh): stop, inspect where the
 * kernel does not say already that the process is gone, the rename of each, and start; and diff with the sum of what it
 * says, unless what was written to the layer is given up. Counted by test/operations/containers/downtime.test.ts.
 */
export const programsBetween = { always: 5, unlessDiscarded: 2 };

/** Docker's own, where a container says none. */
const stopTimeoutSeconds = 10;

/** How long those that run are expected to stand still, and what that rests on; undefined of such as do not run. */
export function replacementDowntime(containers: readonly Replaced[]): string | undefined {
  const running = containers.filter(({ spec }) => spec.state.running);
  if (running.length === 0) return undefined;
  const ends = running.reduce((sum, { spec }) => sum + stopTimeoutOf(spec), 0);
  const programs = running.reduce(
    (sum, { patch }) =>
      sum + programsBetween.always + (patch.discardLayer === true ? 0 : programsBetween.unlessDiscarded),
    0,
  );
  return `about ${String(running.length)} s beside what ${running.length === 1 ? 'it takes' : 'they take'} to end (killed after ${String(ends)} s): at most ${String(programs)} programs, and none that waits for the disk`;
}

function stopTimeoutOf({ config }: Replaced['spec']): number {
  const own = config['StopTimeout'];
  return typeof own === 'number' ? own : stopTimeoutSeconds;
}
