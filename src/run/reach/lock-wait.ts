import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import type { LockAnswer, LockHolder } from '../../transport/transport.ts';
import { byHand } from '../../values/shell.ts';

export interface LockWish {
  readonly holder: LockHolder;
  /** How long to wait for another run. */
  readonly waitMs: number;
}

/** What an earlier part of the same run has left on the host ends by itself within this time (its watchdog sees to that), or is work that is followed. */
const ownLeftoverMs = 180_000;

/**
 * Tries to take a host's lock until it is held. Does not go on once `unless` holds, which is asked before each
 * attempt. Errors: `locked`, with who has it, since when and why.
 */
export async function waitForLock(
  { holder, waitMs }: LockWish,
  tryLock: () => Promise<LockAnswer>,
  unless: () => Promise<boolean>,
  { signal, onWaiting }: { readonly signal: AbortSignal; readonly onWaiting: (reason: string) => void },
): Promise<void> {
  const started = performance.now();
  let said = '';
  while (!(await unless())) {
    const answer = await tryLock();
    if (answer.held) return;
    const mine = answer.holder?.run === holder.run;
    const who = describe(answer.holder);
    if (performance.now() - started >= (mine ? Math.max(ownLeftoverMs, waitMs) : waitMs))
      throw locked(who, answer.holder);
    if (who !== said)
      onWaiting(mine ? 'waiting for what this run has left on the host to end' : `waiting for the lock: ${who}`);
    said = who;
    await wait(1000, undefined, { signal });
  }
}

function describe(holder: LockHolder | undefined): string {
  return holder === undefined
    ? 'somebody whose name cannot be read'
    : `run ${holder.run}, by ${holder.by} since ${holder.since}: ${holder.reason}`;
}

function locked(who: string, holder: LockHolder | undefined): AppError {
  const run =
    holder === undefined
      ? ''
      : `; if its laptop is gone and its work is to be followed: ${byHand('plimsoll', 'resume', holder.run)}`;
  return new AppError('locked', `another run has the host: ${who}`, {
    hint: `wait for it with --lock-wait 10m; the lock goes when its holder does, nothing has to be removed by hand${run}`,
  });
}
