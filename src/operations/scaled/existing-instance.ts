import type { ScaledSet } from '../../facts/volumes/scaled-set.ts';
import { askScaled } from '../../facts/volumes/scaled-set.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Decision } from '../engine/operation.ts';
import type { Reading } from '../engine/reading.ts';
import { beside, together } from '../engine/reading.ts';
import type { Situation } from '../volumes/situation.ts';
import { readSituation } from '../volumes/situation.ts';
import { instanceName } from './instances.ts';
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

/** Whether it is a directory of Docker's own, which may have a quota, and newer versions of itself. */
function isPlain({ driver, options }: Volume): boolean {
  return driver === 'local' && Object.keys(options).every((key) => key === 'size');
}

/** What of the fleet and of the host decides what is to be done where the host has an instance already. */
export interface Existing {
  readonly own: Own | Refusal;
  readonly set: ScaledSet;
}

/** `here`: the instances of the host, of which there is one at least. */
export function* readExisting(
  { name }: ScaledTemplate,
  here: ReadonlyMap<number, readonly Volume[]>,
): Reading<Existing> {
  const [[set], own] = yield* beside(together(askScaled(name)), readOwn(name, here));
  return { set, own };
}

function* readOwn(set: string, here: ReadonlyMap<number, readonly Volume[]>): Reading<Own | Refusal> {
  const [index, ...more] = [...here.keys()].toSorted((a, b) => a - b);
  if (index === undefined) throw new Error(`there is no instance of ${set}`);
  if (more.length > 0) {
    const names = [index, ...more].map((one) => instanceName(set, one));
    return refuse(
      `the host has several instances of ${set}: ${names.join(', ')}`,
      `decide which one counts, and remove the others with their data: ${byHand('plimsoll', 'scaled', 'delete', names.at(-1) ?? '')}`,
    );
  }
  const its = here.get(index) ?? [];
  const [volume] = its;
  if (volume === undefined) throw new Error(`an instance of ${set} is no volume`);
  if (!its.every(isPlain)) return { index, volume };
  const situation = yield* readSituation({ volume: instanceName(set, index) });
  return isRefused(situation) ? situation : { index, volume: situation.volume, situation };
}

/** What is to be done where the host has an instance already: mostly nothing. */
export function existing(want: ScaledTemplate, { own, set: { host, instances, away } }: Existing): Decision {
  if (isRefused(own)) return own;
  const { index, volume, situation } = own;
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

/** The size of the volume that has the instance's data now. */
export function bytesIn({ situation }: Own): number {
  return situation?.state.quota?.limitBytes ?? 0;
}
