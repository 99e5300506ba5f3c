import { dockerInfo } from '../../facts/daemon/docker.ts';
import type { FactRequest, Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { ScaledSet } from '../../facts/volumes/scaled-set.ts';
import { askScaled, askScaledPlace } from '../../facts/volumes/scaled-set.ts';
import { volumeLedger } from '../../facts/volumes/volume-state.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import { volumesQuota } from '../../facts/volumes/volumes-quota.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import { judgeNewVolume } from '../volumes/situation.ts';
import { existing, existingNeeds, ownVolume } from './existing-instance.ts';
import { instanceName, instancesHere, whereTheyAre } from './instances.ts';
import type { NewInstance } from './make-instance.ts';
import { makeInstance, subjectOf } from './make-instance.ts';
import type { ScaledTemplate } from './template.ts';
import { bytesOf, templateSchema } from './template.ts';
import { byHand } from '../../values/shell.ts';

export const scaledVolume = defineOperation<ScaledTemplate>({
  name: 'scaled_volume',
  summary:
    'Give the host its own instance of a scaled volume: the one that it has, or a new one while the fleet may have more',
  schema: templateSchema,
  readOnly: false,
  repeats: false,

  needs(want, known): readonly FactRequest[] {
    const first = [ask(dockerInfo), ask(volumes), ask(volumeLedger, want.name)];
    const all = known.get(ask(volumes));
    if (
      all === undefined ||
      known.get(ask(dockerInfo)) === undefined ||
      known.get(ask(volumeLedger, want.name)) === undefined
    )
      return first;
    if (instancesHere(all, want.name).size > 0) return [...first, askScaled(want.name), ...existingNeeds(want, known)];
    const storage = want.size === undefined ? [] : [ask(volumesQuota, volumesRoot(known))];
    if (storage.some((request) => known.get(request) === undefined)) return [...first, ...storage];
    // A host that cannot have an instance is promised none.
    return [...first, ...storage, ...(unsuitable(want, known) === undefined ? [askPlace(want, known)] : [])];
  },

  plan(want, known): Decision {
    if (instancesHere(known.the(ask(volumes)), want.name).size > 0) return existing(want, known);
    const cannot = unsuitable(want, known);
    return cannot === undefined
      ? fresh(want, place(want, known), known)
      : { ...cannot, provisional: [makeInstance(instanceFor(want, want.pinned?.index ?? 1, known))] };
  },

  pin(want, known) {
    if (
      want.pinned !== undefined ||
      instancesHere(known.the(ask(volumes)), want.name).size > 0 ||
      unsuitable(want, known) !== undefined
    )
      return want;
    const index = indexFor(want, place(want, known));
    return index === undefined ? want : { ...want, pinned: { index } };
  },

  repin: (want, fresh, saved) =>
    want.pinned === undefined && fresh.pinned !== undefined && saved.pinned !== undefined
      ? { ...fresh, pinned: saved.pinned }
      : fresh,

  touches(want, known) {
    const index = want.pinned?.index ?? [...instancesHere(known.the(ask(volumes)), want.name).keys()][0];
    const own = [subjectOf(want.name), ...(index === undefined ? [] : [`volume:${instanceName(want.name, index)}`])];
    return { reads: ['docker', ...own], changes: own };
  },

  result(want, known) {
    const own = ownVolume(want, known);
    if (own === undefined) return null;
    const { volume, index, bytes } = own;
    return {
      instance: volume.name,
      set: want.name,
      index,
      host: known.the(askScaled(want.name)).host,
      size: bytes,
      mountpoint: volume.mountpoint,
    };
  },
});

function volumesRoot(known: Known): string {
  return `${known.the(ask(dockerInfo)).root}/volumes`;
}

function askPlace(want: ScaledTemplate, known: Known, pinned = want.pinned?.index): FactRequest<ScaledSet> {
  return askScaledPlace(want.name, want.scale, known.the(ask(volumeLedger, want.name)).highest, pinned);
}

/** Asked for before a number was pinned, or after. */
function place(want: ScaledTemplate, known: Known): ScaledSet {
  return (
    known.get(askPlace(want, known)) ??
    known.the(askScaledPlace(want.name, want.scale, known.the(ask(volumeLedger, want.name)).highest))
  );
}

/** Why this host cannot have an instance, whatever the fleet has. */
function unsuitable(want: ScaledTemplate, known: Known): Refusal | undefined {
  if (want.size === undefined) return undefined;
  const root = volumesRoot(known);
  return judgeNewVolume(want.name, root, known.the(ask(volumesQuota, root)), known.the(ask(dockerInfo)));
}

/** The number of this host's own: what it has claimed already, what was approved, or what it is offered. */
function indexFor(want: ScaledTemplate, { host, instances, offered }: ScaledSet): number | undefined {
  return instances.find((one) => one.host === host)?.index ?? want.pinned?.index ?? offered;
}

function instanceFor(want: ScaledTemplate, index: number, known: Known): NewInstance {
  const { name, scale, driver, options, labels } = want;
  return {
    set: name,
    index,
    scale,
    bytes: bytesOf(want),
    driver,
    options,
    labels,
    mountpoint: `${volumesRoot(known)}/${instanceName(name, index)}/_data`,
    exists: false,
  };
}

/** The host has no instance yet. */
function fresh(want: ScaledTemplate, set: ScaledSet, known: Known): Decision {
  const index = indexFor(want, set);
  const change = makeInstance(instanceFor(want, index ?? 1, known));
  const refusal = judgeFresh(want, set, index, known);
  // What a rollback has to know: how the host is without it.
  if (refusal !== undefined) return { ...refusal, provisional: [change] };
  const name = instanceName(want.name, index ?? 1);
  const free = want.size === undefined ? undefined : known.the(ask(volumesQuota, volumesRoot(known)))?.freeBytes;
  const little =
    free !== undefined && free < bytesOf(want)
      ? [
          `${formatBytes(free)} are free where Docker's volumes lie, less than the ${formatBytes(bytesOf(want))} of ${name}`,
        ]
      : [];
  return {
    outcome: 'change',
    changes: [change],
    warnings: [`${name} will be on this host only: when the host is lost, so is its data`, ...little],
  };
}

/** Why it does not get the one of that number, or there is no number for it. */
function judgeFresh(
  want: ScaledTemplate,
  { host, instances, promised, away }: ScaledSet,
  index: number | undefined,
  known: Known,
): Refusal | undefined {
  if (away !== undefined)
    return refuse(`which instances of ${want.name} the fleet has is not known: ${away.reason}`, away.remedy);
  const own = instances.find((one) => one.host === host);
  const taken = own === undefined ? instances.length + promised.length : 0;
  if (own?.state === 'current')
    return refuse(
      `according to the records ${instanceName(want.name, own.index)} is here, and it is not: whatever it held is gone`,
      'find out why (was the host installed anew?); plimsoll records rebuild gives it up, and the same again then makes a new one, empty',
    );
  if (own === undefined && taken >= want.scale)
    return refuse(
      `${String(taken)} of ${String(want.scale)} instances of ${want.name} exist: ${whereTheyAre(want.name, instances, promised)}`,
      `raise scale; or remove one with its data (${byHand('plimsoll', 'scaled', 'delete', `${want.name}-N`)}); or leave this host out`,
    );
  const holder = own === undefined ? instances.find((one) => one.index === index) : undefined;
  if (index === undefined || holder !== undefined)
    return refuse(
      `${instanceName(want.name, index ?? 0)} has been taken meanwhile by ${holder?.host ?? 'another host'}`,
      'plan it again: it then gets another one',
    );
  const name = instanceName(want.name, index);
  return known.the(ask(volumes)).some((volume) => volume.name === name)
    ? refuse(
        `there is a volume ${name} already, and it is no instance of ${want.name}`,
        'give the scaled volume another name, or remove that volume, if it is of no use',
      )
    : undefined;
}
