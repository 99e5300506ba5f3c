import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact, FactRequest } from '../fact.ts';
import { ask } from '../fact.ts';

/** An instance of a scaled volume, as the records of the whole fleet have it. */
export interface ScaledInstance {
  readonly index: number;
  readonly host: string;
  /** `pending`: claimed, and being made, or its making has failed. */
  readonly state: 'pending' | 'current';
  /** The run that has claimed it; empty when it was found on the host. */
  readonly run: string;
}

/** A scaled volume in the whole fleet, as one host of a run is told of it. */
export interface ScaledSet {
  /** This host, as the inventory calls it. */
  readonly host: string;
  readonly instances: readonly ScaledInstance[];
  /** What other hosts of this run are to get, and have not got yet. */
  readonly promised: readonly { readonly host: string; readonly index: number }[];
  /** The number of the instance that this host would get; absent where it has one, or may have none. */
  readonly offered?: number;
  /** Why the records could not be asked: nothing of the above is known then but the host. */
  readonly away?: { readonly reason: string; readonly remedy: string };
}

/** Asked of the records, and answered by the runner. */
export const scaledSet: Fact<ScaledSet> = {
  name: 'scaled-set',
  script: '',
  parse(_printed, [name = '']) {
    throw new AppError('internal', `the scaled volume ${oneLine(name)} was asked of a host`);
  },
};

/** Only looks. */
export function askScaled(name: string): FactRequest<ScaledSet> {
  return ask(scaledSet, name);
}

/**
 * What this host would get, if the whole fleet may have so many instances: it is promised that for the
 * rest of the run, so that no other host of the run is. A number above `highest`, which names were
 * used on this host already, or the one that it was promised before.
 */
export function askScaledPlace(
  name: string,
  scale: number,
  highest: number,
  promised?: number,
): FactRequest<ScaledSet> {
  return ask(scaledSet, name, String(scale), String(highest), ...(promised === undefined ? [] : [String(promised)]));
}
