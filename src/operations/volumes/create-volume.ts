import { formatBytes } from '../../values/size.ts';
import type { Action, Change, ExecAction, RecordNote } from '../engine/change.ts';
import { inLedger } from '../versions/ledger.ts';
import { removeMade } from './remove-volume.ts';
import { labelOf, primeLabel } from '../versions/versions.ts';
import { shell } from '../../shell/shell.ts';

/** A volume with a size that is to take the place of another one. */
export interface NewVolume {
  readonly family: string;
  readonly version: number;
  readonly name: string;
  /** The name of the one that it takes the place of. */
  readonly replaces: string;
  readonly bytes: number;
  /** Besides those that say what it is. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where Docker will put its content. */
  readonly mountpoint: string;
  /** It is there already, from an attempt that was cut. */
  readonly exists: boolean;
  /** Of the one that it replaces: bytes, 0 without a size. */
  readonly bytesBefore: number;
  /** What the records are told of that. */
  readonly untilNow: NonNullable<RecordNote['before']>;
}

/** What `docker volume create` is given, and how the volume is told from others of its name. */
export interface VolumeToMake {
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly exists: boolean;
  /** A template of `docker volume inspect`, and what it prints of this volume. */
  readonly format: string;
  readonly identity: string;
}

/** Creates a volume unless it exists, and proves that it is the one that was meant. */
export function makeVolume({
  name,
  driver,
  labels,
  options,
  exists,
  format,
  identity,
}: VolumeToMake): readonly Action[] {
  const pairs = (key: string, all: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries(all).flatMap(([name, value]) => [key, `${name}=${value}`]);
  const create: ExecAction = {
    kind: 'exec',
    argv: [
      'docker',
      'volume',
      'create',
      '--driver',
      driver,
      ...pairs('--label', labels),
      ...pairs('--opt', options),
      name,
    ],
    timeoutMs: 120_000,
  };
  return [
    ...(exists ? [] : [create]),
    // `volume create` of a name that exists changes nothing and says success.
    {
      kind: 'check',
      argv: ['docker', 'volume', 'inspect', '--format', format, name],
      equals: identity,
      otherwise: `${name} is not the volume that was to be made`,
    },
  ];
}

/**
 * Puts a new volume's quota in force before anything is written to it. Docker sets a volume's quota when
 * it first mounts it, and never for what lies there already; so it is made to mount it, by `docker cp`
 * from a container that is never started (its archive calls mount the volumes).
 */
export function enforceQuota(name: string, mountpoint: string, bytes: number): readonly Action[] {
  return [
    {
      kind: 'exec',
      argv: ['/bin/sh', '-s', '--', name, mountpoint, primeLabel],
      stdin: primeScript,
      timeoutMs: 300_000,
    },
    {
      kind: 'check',
      argv: ['df', '-B1', '--output=size', mountpoint],
      equals: `1B-blocks ${String(bytes)}`,
      otherwise: `the quota of ${name} is not in force: the file system shows another size`,
    },
  ];
}

/** Creates a volume whose quota is in force before anything is written to it. */
export function createVolume(volume: NewVolume): Change {
  const { family, version, name, replaces, bytes, mountpoint, exists, bytesBefore } = volume;
  const labels = {
    ...volume.labels,
    [labelOf.family]: family,
    [labelOf.version]: String(version),
    [labelOf.replaces]: replaces,
  };
  const identity = `local ${mountpoint} ${family} ${String(version)} ${replaces} ${String(bytes)}`;
  const began = { volume: replaces, bytes: bytesBefore };
  return {
    summary: exists
      ? `${name}: put its quota of ${formatBytes(bytes)} in force`
      : `${name}: a new volume of ${formatBytes(bytes)}, with its quota in force`,
    subject: `volume:${family}`,
    before: exists ? { ...began, made: name } : began,
    after: { volume: name, bytes },
    actions: [
      ...(exists ? [] : [inLedger(family, 'made', volume)]),
      ...makeVolume({
        name,
        driver: 'local',
        labels,
        options: { size: String(bytes) },
        exists,
        format: identityFormat,
        identity,
      }),
      ...enforceQuota(name, mountpoint, bytes),
    ],
    undo: [removeMade(name, mountpoint, primeLabel, identityFormat, identity), inLedger(family, 'given-up', volume)],
    ...(exists ? { undoneTo: began } : {}),
    records: [
      {
        kind: 'volume',
        name: family,
        version,
        replaces,
        spec: { name, driver: 'local', sizeBytes: bytes, labels, method: 'copy' },
        before: volume.untilNow,
      },
    ],
    atomic: true,
    bindings: {},
  };
}

const identityFormat = `{{.Driver}} {{.Mountpoint}} {{index .Labels "${labelOf.family}"}} {{index .Labels "${labelOf.version}"}} {{index .Labels "${labelOf.replaces}"}} {{index .Options "size"}}`;

/** The image is made of nothing and removed again: none of the host's is needed, and none brings volumes of its own. */
const primeScript = `${shell('operations/volumes/prime.sh')}\n`;
