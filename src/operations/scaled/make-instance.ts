import { byHand } from '../../values/shell.ts';
import { formatBytes } from '../../values/size.ts';
import type { Action, Change } from '../engine/change.ts';
import { enforceQuota, makeVolume } from '../volumes/create-volume.ts';
import { inLedger } from '../versions/ledger.ts';
import { removeMade } from '../volumes/remove-volume.ts';
import { labelOf, primeLabel } from '../versions/versions.ts';
import { instanceName, scaledLabel } from './instances.ts';
import { shell } from '../../shell/shell.ts';

/** An instance of a scaled volume that a host is to have. */
export interface NewInstance {
  readonly set: string;
  readonly index: number;
  readonly scale: number;
  /** 0: no size of its own. */
  readonly bytes: number;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  /** Besides those that say what it is. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where Docker's own driver will put its content. */
  readonly mountpoint: string;
  /** It is there already, from an attempt that was cut. */
  readonly exists: boolean;
  /** Its name is taken by what is left of such an attempt: a volume that is empty, and has no labels yet. */
  readonly unlabelled?: boolean;
}

/** Makes it. Taken back, it is removed, if nobody has written anything to it. */
export function makeInstance(instance: NewInstance): Change {
  const { set, index, scale, bytes, driver, options, mountpoint, exists, unlabelled = false } = instance;
  const name = instanceName(set, index);
  const labels = {
    ...instance.labels,
    [scaledLabel.set]: set,
    [scaledLabel.index]: String(index),
    [scaledLabel.operation]: 'scaled_volume',
    [labelOf.family]: name,
  };
  const sized = bytes > 0;
  const format = identityFormat(sized);
  const identity = [driver, set, String(index), ...(sized ? [String(bytes)] : [])].join(' ');
  const ledger = { version: index, name, replaces: '-' };
  const none = { set, instance: null };
  return {
    summary: `${name}: ${exists ? 'put its quota in force' : 'a new volume'}${sized ? ` of ${formatBytes(bytes)}` : ''}${exists || !sized ? '' : ', with its quota in force'}${unlabelled ? ', in place of the empty one that a failure of power has left half made' : ''} (instance ${String(index)} of ${set}, of at most ${String(scale)})`,
    subject: subjectOf(set),
    before: exists ? { set, instance: name, quota: 'not in force' } : none,
    after: { set, instance: name, bytes },
    actions: [
      ...(exists ? [] : [inLedger(set, 'made', ledger)]),
      ...(unlabelled ? removeUnlabelled(name, mountpoint) : []),
      ...makeVolume({
        name,
        driver,
        labels,
        options: { ...options, ...(sized ? { size: String(bytes) } : {}) },
        exists,
        format,
        identity,
      }),
      ...(sized ? enforceQuota(name, mountpoint, bytes) : []),
    ],
    // What another driver removes cannot be looked into first.
    undo:
      driver === 'local'
        ? [
            mustBeEmpty(name, mountpoint, `${byHand('plimsoll', 'scaled', 'delete', name)} removes it with that`),
            removeMade(name, mountpoint, primeLabel, format, identity),
            inLedger(set, 'given-up', ledger),
          ]
        : 'irreversible',
    ...(exists ? { undoneTo: none } : {}),
    // One that is there already counts, however many there may be.
    records: [
      {
        kind: 'scaled',
        name: set,
        version: index,
        ...(exists ? {} : { scale }),
        spec: { name, driver, labels, ...(sized ? { sizeBytes: bytes } : {}) },
      },
    ],
    atomic: true,
    bindings: {},
  };
}

/** An instance that is there and that the records have lost: nothing is done on the host. */
export function recordInstance(set: string, index: number, volume: string, bytes: number): Change {
  return {
    summary: `${volume}: written down in the records, which do not have it (instance ${String(index)} of ${set})`,
    subject: subjectOf(set),
    before: { set, instance: volume, recorded: false },
    after: { set, instance: volume, recorded: true },
    actions: [
      {
        kind: 'check',
        argv: [
          'docker',
          'volume',
          'inspect',
          '--format',
          `{{index .Labels "${scaledLabel.set}"}} {{index .Labels "${scaledLabel.index}"}}`,
          volume,
        ],
        equals: `${set} ${String(index)}`,
        otherwise: `${volume} is not there any more`,
      },
    ],
    undo: [],
    records: [
      {
        kind: 'scaled',
        name: set,
        version: index,
        spec: { name: instanceName(set, index), ...(bytes > 0 ? { sizeBytes: bytes } : {}) },
      },
    ],
    atomic: true,
    bindings: {},
  };
}

export function subjectOf(set: string): string {
  return `scaled:${set}`;
}

export function identityFormat(sized: boolean): string {
  return `{{.Driver}} {{index .Labels "${scaledLabel.set}"}} {{index .Labels "${scaledLabel.index}"}}${sized ? ' {{index .Options "size"}}' : ''}`;
}

const emptyScript = shell('operations/scaled/keep-what-holds-data.sh');

function mustBeEmpty(name: string, mountpoint: string, remedy: string): Action {
  return { kind: 'exec', argv: ['/bin/sh', '-c', emptyScript, 'sh', name, mountpoint, remedy] };
}

/**
 * dockerd makes a volume's directory first and writes its labels down afterwards (moby, volume/service/store.go): when
 * the power fails in between, it has the name, and none of the labels.
 */
function removeUnlabelled(name: string, mountpoint: string): readonly Action[] {
  return [
    mustBeEmpty(name, mountpoint, 'look at what it holds; remove it, if that is of no use'),
    removeMade(name, mountpoint, primeLabel, identityFormat(false), 'local  '),
  ];
}
