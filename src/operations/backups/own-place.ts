import { crossing, hostPath } from '../../facts/crossing.ts';
import { ask, askOf, type FactRequest } from '../../facts/fact.ts';
import { ownDirectory, type OwnDirectory } from '../../facts/host/own-directory.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Reading } from '../engine/reading.ts';
import type { Kept } from './backup-input.ts';
import { directoryOf } from './backup-input.ts';

/**
 * Where archives are written on hosts: names in there are known beforehand, so nobody else may put anything there.
 * The scripts that write look again before they do.
 */
export function ownPlaces(to: Kept | undefined, spool: string): readonly FactRequest<OwnDirectory>[] {
  if (to?.path === undefined) return [ask(ownDirectory, spool)];
  const kept =
    to.host === undefined
      ? ask(ownDirectory, to.path)
      : askOf(to.host, ownDirectory, crossing(hostPath, directoryOf(to), 'the directory of the backups'));
  return to.host === undefined ? [kept] : [kept, ask(ownDirectory, spool)];
}

/** What is read of one of them; `host`: another one than the step's. */
export interface Place {
  readonly host: string | undefined;
  readonly problem: string | undefined;
}

export function* readPlaces(requests: readonly FactRequest<OwnDirectory>[]): Reading<readonly Place[]> {
  const known = yield requests;
  return requests.map((request) => ({ host: request.host, problem: known.the(request).problem }));
}

export function judgePlaces(places: readonly Place[]): Refusal | undefined {
  for (const { host, problem } of places) {
    const on = host === undefined ? 'on the host' : `on ${host}`;
    if (problem !== undefined)
      return refuse(
        `${oneLine(problem, 500)} (${on}): whoever can write there could have root write elsewhere`,
        `chown root:root and chmod go-w what is named, ${on}; or name a directory below which only root writes`,
      );
  }
  return undefined;
}
