import { begunCopies } from '../../../src/facts/copies/begun-copy.ts';
import type { BegunCopy } from '../../../src/facts/copies/begun-copy.ts';
import type { ContainerUse, Mount } from '../../../src/facts/containers/container-uses.ts';
import { containerUses } from '../../../src/facts/containers/container-uses.ts';
import { directorySizes } from '../../../src/facts/host/directory-sizes.ts';
import { dockerInfo } from '../../../src/facts/daemon/docker.ts';
import { ask } from '../../../src/facts/fact.ts';
import type { Quarantined } from '../../../src/facts/volumes/quarantine.ts';
import { quarantine } from '../../../src/facts/volumes/quarantine.ts';
import { realPaths } from '../../../src/facts/host/real-paths.ts';
import type { RecordedContainer } from '../../../src/facts/daemon/storage-drivers.ts';
import { storageDrivers } from '../../../src/facts/daemon/storage-drivers.ts';
import type { VolumeDirectory } from '../../../src/facts/volumes/volume-directories.ts';
import { volumeDirectories } from '../../../src/facts/volumes/volume-directories.ts';
import type { Volume } from '../../../src/facts/volumes/volumes.ts';
import { volumes } from '../../../src/facts/volumes/volumes.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { cleanVolumes } from '../../../src/operations/removal/clean-volumes.ts';
import { Answers } from '../known.ts';
import { planLawfully } from '../plan-lawfully.ts';
import { docker } from './world.ts';

const root = '/var/lib/docker/volumes';
/** A Sunday at noon. */
export const now = 1_795_867_200;
export const day = 86_400;

export interface CleanWorld {
  readonly volumes: readonly Volume[];
  readonly uses?: readonly ContainerUse[];
  readonly entries?: readonly Quarantined[];
  readonly left?: readonly string[];
  readonly copies?: readonly Pick<BegunCopy, 'from' | 'to'>[];
  /** What differs from a directory that was changed ten days ago; null: there is none. */
  readonly directories?: Readonly<Record<string, Partial<VolumeDirectory> | null>>;
  readonly mounts?: readonly string[];
  readonly real?: Readonly<Record<string, string>>;
  readonly sizes?: Readonly<Record<string, number>>;
  readonly now?: number;
  /** What Docker has on the disk. */
  readonly records?: readonly RecordedContainer[];
}

export function plainVolume(name: string, more: Partial<Volume> = {}): Volume {
  return {
    name,
    driver: 'local',
    mountpoint: `${root}/${name}/_data`,
    labels: {},
    options: {},
    scope: 'local',
    createdAt: '2026-11-18T12:00:00Z',
    ...more,
  };
}

export const identityOf = (name: string): string => `7 ${name.length}.5`;

export function entry(name: string, more: Partial<Quarantined> = {}): Quarantined {
  return { name, is: identityOf(name), since: now - 3 * day, until: now + 4 * day, removing: false, ...more };
}

export function container(name: string, ...mounts: readonly Mount[]): ContainerUse {
  return {
    id: name.charCodeAt(0).toString(16).padStart(2, '0').repeat(32),
    name,
    running: false,
    startedAt: '',
    mounts,
    volumesFrom: [],
    links: [],
    networkMode: 'bridge',
    pidMode: '',
    ipcMode: '',
    autoRemove: false,
    labels: {},
  };
}

export const mountOf = (name: string): Mount => ({
  type: 'volume',
  name,
  source: `${root}/${name}/_data`,
  destination: '/data',
  readOnly: false,
  propagation: '',
});
export const bindOf = (source: string): Mount => ({
  type: 'bind',
  source,
  destination: '/data',
  readOnly: false,
  propagation: '',
});

export function cleanAnswers(world: CleanWorld): Answers {
  const { uses = [], entries = [], left = [], copies = [], directories = {}, mounts = [], real = {}, sizes } = world;
  const byName = Object.fromEntries(
    world.volumes.flatMap(({ name }): readonly (readonly [string, VolumeDirectory])[] => {
      const own = directories[name];
      return own === null ? [] : [[name, { is: identityOf(name), changedAt: now - 10 * day, whole: true, ...own }]];
    }),
  );
  const bound = uses.flatMap((use) => use.mounts.flatMap(({ type, source }) => (type === 'bind' ? [source] : [])));
  const known = new Answers()
    .set(ask(dockerInfo), docker)
    .set(ask(storageDrivers, docker.root, ''), {
      fileSystem: 'xfs',
      ftype: true,
      overlay: true,
      containers: world.records ?? [],
      images: {},
      backup: undefined,
    })
    .set(ask(volumes), world.volumes)
    .set(ask(containerUses), uses)
    .set(ask(quarantine), { now: world.now ?? now, entries, left })
    .set(ask(begunCopies), {
      directory: '/var/lib/plimsoll/copies',
      copies: copies.map((copy) => ({
        ...copy,
        inode: '1',
        born: 1,
        found: 'nothing' as const,
        owner: '0:0',
        mode: '0755',
        file: '',
        text: '',
        doubtful: false,
      })),
    })
    .set(ask(volumeDirectories, root), { byName, mounts })
    .set(ask(realPaths, ...new Set([root, ...bound])), {
      ...Object.fromEntries([root, ...bound].map((path) => [path, path])),
      ...real,
    });
  if (sizes !== undefined)
    known.set(
      ask(directorySizes, ...Object.keys(sizes).map((name) => `${root}/${name}`)),
      Object.fromEntries(Object.entries(sizes).map(([name, bytes]) => [`${root}/${name}`, bytes])),
    );
  return known;
}

export function planClean(world: CleanWorld, want: Record<string, unknown> = {}): Planned {
  const known = cleanAnswers(world);
  const parsed = cleanVolumes.schema.parse(want);
  const missing = cleanVolumes.needs(parsed, known).filter((request) => !known.has(request));
  if (missing.length > 0) throw new Error(`not in this world: ${missing.map(({ key }) => key).join(', ')}`);
  return planLawfully(cleanVolumes, parsed, known);
}

export function summaries(planned: Planned): readonly string[] {
  return planned.outcome === 'change'
    ? planned.changes.map(({ summary }) => summary)
    : [`${planned.outcome}: ${planned.reason}`];
}
