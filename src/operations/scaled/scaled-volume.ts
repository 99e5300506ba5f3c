import type { Docker } from '../../facts/daemon/docker.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import { ask } from '../../facts/fact.ts';
import type { ScaledSet } from '../../facts/volumes/scaled-set.ts';
import { askScaledPlace } from '../../facts/volumes/scaled-set.ts';
import type { ProjectQuota } from '../../facts/host/project-quota.ts';
import type { VolumeLedger } from '../../facts/volumes/volume-state.ts';
import { volumeLedger } from '../../facts/volumes/volume-state.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import { volumesQuota } from '../../facts/volumes/volumes-quota.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Reading } from '../engine/reading.ts';
import { ifKnown, perhaps, together } from '../engine/reading.ts';
import { judgeNewVolume } from '../volumes/situation.ts';
import type { Existing } from './existing-instance.ts';
import { bytesIn, existing, readExisting } from './existing-instance.ts';
import { instanceName, instancesHere, whereTheyAre } from './instances.ts';
import type { NewInstance } from './make-instance.ts';
import { makeInstance, subjectOf } from './make-instance.ts';
import type { ScaledTemplate } from './template.ts';
import { bytesOf, templateSchema } from './template.ts';
import { byHand } from '../../values/shell.ts';

/** Where the host has no instance yet. */
interface Vacant {
  readonly docker: Docker;
  readonly all: readonly Volume[];
  readonly ledger: VolumeLedger;
  /** Of where Docker's volumes lie, where a size is asked for. */
  readonly quota: ProjectQuota | null | undefined;
  /** What the fleet has; or why the host cannot have an instance, whatever the fleet has. */
  readonly set: ScaledSet | Refusal;
}

interface Seen {
  /** The numbers of the instances that the host has. */
  readonly indexes: readonly number[];
  readonly found: { readonly existing: Existing } | { readonly vacant: Vacant };
}

function* read(want: ScaledTemplate): Reading<Seen> {
  const [docker, all, ledger] = yield* together(ask(dockerInfo), ask(volumes), ask(volumeLedger, want.name));
  const here = instancesHere(all, want.name);
  const indexes = [...here.keys()];
  if (indexes.length > 0) return { indexes, found: { existing: yield* readExisting(want, here) } };
  const quota = yield* perhaps(want.size === undefined ? undefined : ask(volumesQuota, volumesRoot(docker)));
  // A host that cannot have an instance is promised none.
  const set = unsuitable(want, docker, quota) ?? (yield* readPlace(want, ledger));
  return { indexes, found: { vacant: { docker, all, ledger, quota, set } } };
}

/** A number that was pinned just now is the one that was offered when none was: it is not asked for once more. */
function* readPlace(want: ScaledTemplate, { highest }: VolumeLedger): Reading<ScaledSet> {
  const { name, scale, pinned } = want;
  const open = askScaledPlace(name, scale, highest);
  if (pinned !== undefined) {
    const asked = yield* ifKnown(open);
    if (asked !== undefined && indexFor({ ...want, pinned: undefined }, asked) === pinned.index) return asked;
  }
  const [set] = yield* together(pinned === undefined ? open : askScaledPlace(name, scale, highest, pinned.index));
  return set;
}

export const scaledVolume = defineOperation<ScaledTemplate, Seen>({
  name: 'scaled_volume',
  summary:
    'Give the host its own instance of a scaled volume: the one that it has, or a new one while the fleet may have more',
  schema: templateSchema,
  readOnly: false,
  repeats: false,
  read,

  plan(want, { found }): Decision {
    if ('existing' in found) return existing(want, found.existing);
    const { vacant } = found;
    return isRefused(vacant.set)
      ? { ...vacant.set, provisional: [makeInstance(instanceFor(want, want.pinned?.index ?? 1, vacant))] }
      : fresh(want, vacant.set, vacant);
  },

  pin(want, { found }) {
    if (want.pinned !== undefined || 'existing' in found || isRefused(found.vacant.set)) return want;
    const index = indexFor(want, found.vacant.set);
    return index === undefined ? want : { ...want, pinned: { index } };
  },

  repin: (want, fresh, saved) =>
    want.pinned === undefined && fresh.pinned !== undefined && saved.pinned !== undefined
      ? { ...fresh, pinned: saved.pinned }
      : fresh,

  touches(want, { indexes: [first] }) {
    const index = want.pinned?.index ?? first;
    const own = [subjectOf(want.name), ...(index === undefined ? [] : [`volume:${instanceName(want.name, index)}`])];
    return { reads: ['docker', ...own], changes: own };
  },

  result(want, { found }) {
    if (!('existing' in found)) return null;
    const { own, set } = found.existing;
    if (isRefused(own)) return null;
    return {
      instance: own.volume.name,
      set: want.name,
      index: own.index,
      host: set.host,
      size: bytesIn(own),
      mountpoint: own.volume.mountpoint,
    };
  },
});

function volumesRoot({ root }: Docker): string {
  return `${root}/volumes`;
}

/** Why this host cannot have an instance, whatever the fleet has. */
function unsuitable(
  { name }: ScaledTemplate,
  docker: Docker,
  quota: ProjectQuota | null | undefined,
): Refusal | undefined {
  return quota === undefined ? undefined : judgeNewVolume(name, volumesRoot(docker), quota, docker);
}

/** The number of this host's own: what it has claimed already, what was approved, or what it is offered. */
function indexFor(want: ScaledTemplate, { host, instances, offered }: ScaledSet): number | undefined {
  return instances.find((one) => one.host === host)?.index ?? want.pinned?.index ?? offered;
}

function instanceFor(want: ScaledTemplate, index: number, { docker }: Vacant): NewInstance {
  const { name, scale, driver, options, labels } = want;
  return {
    set: name,
    index,
    scale,
    bytes: bytesOf(want),
    driver,
    options,
    labels,
    mountpoint: `${volumesRoot(docker)}/${instanceName(name, index)}/_data`,
    exists: false,
  };
}

/** The host has no instance yet. */
function fresh(want: ScaledTemplate, set: ScaledSet, vacant: Vacant): Decision {
  const index = indexFor(want, set);
  const name = instanceName(want.name, index ?? 1);
  const change = makeInstance({
    ...instanceFor(want, index ?? 1, vacant),
    ...(isUnlabelled(name, vacant) ? { unlabelled: true } : {}),
  });
  const refusal = judgeFresh(want, set, index, vacant);
  // What a rollback has to know: how the host is without it.
  if (refusal !== undefined) return { ...refusal, provisional: [change] };
  const free = vacant.quota?.freeBytes;
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

/** What its own making here has left of a volume, when it was cut before Docker wrote down what it is. */
function isUnlabelled(name: string, { all, ledger }: Vacant): boolean {
  const volume = all.find((one) => one.name === name);
  return volume?.driver === 'local' && Object.keys(volume.labels).length === 0 && ledger.begun.includes(name);
}

/** Why it does not get the one of that number, or there is no number for it. */
function judgeFresh(
  want: ScaledTemplate,
  { host, instances, promised, away }: ScaledSet,
  index: number | undefined,
  vacant: Vacant,
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
  return vacant.all.some((volume) => volume.name === name) && !isUnlabelled(name, vacant)
    ? refuse(
        `there is a volume ${name} already, and it is no instance of ${want.name}`,
        'give the scaled volume another name, or remove that volume, if it is of no use',
      )
    : undefined;
}
