import type { FactRequest, Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import { askScaled } from '../../facts/volumes/scaled-set.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Decision } from '../engine/operation.ts';
import type { Situation } from '../volumes/situation.ts';
import { situationNeeds, situationOf } from '../volumes/situation.ts';
import { instanceName, instancesHere } from './instances.ts';
import { makeInstance, recordInstance } from './make-instance.ts';
import type { ScaledTemplate } from './template.ts';
import { bytesOf } from './template.ts';
import { byHand } from '../../values/shell.ts';

/** The host's only instance. */
interface Own {
  readonly index: number;
  readonly volume: Volume;
  /** Of Docker's own volumes without a mount of theirs. */
  readonly situation?: Situation;
}

function indexes({ name }: ScaledTemplate, known: Known): readonly number[] {
  return [...instancesHere(known.the(ask(volumes)), name).keys()].toSorted((a, b) => a - b);
}

/** Whether it is a directory of Docker's own, which may have a quota, and newer versions of itself. */
function isPlain({ driver, options }: Volume): boolean {
  return driver === 'local' && Object.keys(options).every((key) => key === 'size');
}

function volumesOf({ name }: ScaledTemplate, index: number, known: Known): readonly Volume[] {
  return instancesHere(known.the(ask(volumes)), name).get(index) ?? [];
}

export function existingNeeds(want: ScaledTemplate, known: Known): readonly FactRequest[] {
  const [index] = indexes(want, known);
  if (index === undefined || !volumesOf(want, index, known).every(isPlain)) return [];
  return situationNeeds({ volume: instanceName(want.name, index) }, known);
}

function ownOf(want: ScaledTemplate, known: Known): Own | Refusal {
  const [index, ...more] = indexes(want, known);
  if (index === undefined) throw new Error(`there is no instance of ${want.name}`);
  if (more.length > 0) {
    const names = [index, ...more].map((one) => instanceName(want.name, one));
    return refuse(
      `the host has several instances of ${want.name}: ${names.join(', ')}`,
      `decide which one counts, and remove the others with their data: ${byHand('plimsoll', 'scaled', 'delete', names.at(-1) ?? '')}`,
    );
  }
  const its = volumesOf(want, index, known);
  const [volume] = its;
  if (volume === undefined) throw new Error(`an instance of ${want.name} is no volume`);
  if (!its.every(isPlain)) return { index, volume };
  const situation = situationOf({ volume: instanceName(want.name, index) }, known);
  return isRefused(situation) ? situation : { index, volume: situation.volume, situation };
}

/** What is to be done where the host has an instance already: mostly nothing. */
export function existing(want: ScaledTemplate, known: Known): Decision {
  const own = ownOf(want, known);
  if (isRefused(own)) return own;
  const { index, volume, situation } = own;
  const { host, instances, away } = known.the(askScaled(want.name));
  const bytes = bytesIn(own);
  // A quota that Docker has never set: its making was cut.
  if (
    situation !== undefined &&
    volume.name === instanceName(want.name, index) &&
    wantedBytes(situation) > 0 &&
    bytes === 0
  ) {
    const made = {
      set: want.name,
      index,
      scale: want.scale,
      bytes: wantedBytes(situation),
      driver: volume.driver,
      options: {},
      labels: {},
      mountpoint: volume.mountpoint,
      exists: true,
    };
    return { outcome: 'change', changes: [makeInstance(made)] };
  }
  const warnings = [
    ...(bytes === bytesOf(want) || situation === undefined
      ? []
      : [
          `${volume.name} has ${bytes === 0 ? 'no size' : formatBytes(bytes)}, and new instances ${want.size === undefined ? 'have none' : `get ${formatBytes(bytesOf(want))}`}: scale_volume gives a volume another size`,
        ]),
    ...(away === undefined ? [] : [`whether the records have ${volume.name} is not known: ${away.reason}`]),
  ];
  const recorded = away !== undefined || instances.some((one) => one.host === host && one.index === index);
  if (!recorded)
    return {
      outcome: 'change',
      changes: [recordInstance(want.name, index, volume.name, bytes)],
      ...(warnings.length > 0 ? { warnings } : {}),
    };
  return {
    outcome: 'noop',
    reason: `${volume.name} is this host's instance of ${want.name}${bytes === 0 ? '' : `, of ${formatBytes(bytes)}`}`,
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}

function wantedBytes({ state }: Situation): number {
  return state.options?.quotaBytes ?? 0;
}

function bytesIn({ situation }: Own): number {
  return situation?.state.quota?.limitBytes ?? 0;
}

/** The volume that has the instance's data now, and its size. */
export function ownVolume(
  want: ScaledTemplate,
  known: Known,
): { readonly volume: Volume; readonly index: number; readonly bytes: number } | undefined {
  if (indexes(want, known).length === 0) return undefined;
  const own = ownOf(want, known);
  return isRefused(own) ? undefined : { volume: own.volume, index: own.index, bytes: bytesIn(own) };
}
