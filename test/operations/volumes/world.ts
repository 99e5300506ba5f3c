import { begunCopies } from '../../../src/facts/copies/begun-copy.ts';
import type { BegunCopy } from '../../../src/facts/copies/begun-copy.ts';
import type { ContainerSpec } from '../../../src/facts/containers/container-spec.ts';
import { askContainerSpec } from '../../../src/facts/containers/container-spec.ts';
import type { Container } from '../../../src/facts/containers/containers.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import type { ContainerUse } from '../../../src/facts/containers/container-uses.ts';
import { containerUses } from '../../../src/facts/containers/container-uses.ts';
import type { CopyDirectory, CopyTools } from '../../../src/facts/copies/directory-copy.ts';
import { copyDirectory, copyTools } from '../../../src/facts/copies/directory-copy.ts';
import type { Docker } from '../../../src/facts/daemon/docker.ts';
import { copySource } from '../../../src/facts/copies/copy-source.ts';
import { dockerInfo } from '../../../src/facts/daemon/docker.ts';
import { ask } from '../../../src/facts/fact.ts';
import type { ProjectQuota } from '../../../src/facts/host/project-quota.ts';
import type { Replacement } from '../../../src/facts/containers/replacements.ts';
import { replacements } from '../../../src/facts/containers/replacements.ts';
import type { VolumeLedger, VolumeState } from '../../../src/facts/volumes/volume-state.ts';
import { volumeLedger, volumeState } from '../../../src/facts/volumes/volume-state.ts';
import type { Volume } from '../../../src/facts/volumes/volumes.ts';
import { volumes } from '../../../src/facts/volumes/volumes.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { scaleVolume } from '../../../src/operations/volumes/scale-volume.ts';
import { Answers } from '../known.ts';
import { planLawfully } from '../plan-lawfully.ts';

export const MiB = 1024 ** 2;
const root = '/var/lib/docker';

export const docker: Docker = {
  version: '28.5.2',
  major: 28,
  driver: 'overlay2',
  driverStatus: {},
  containerdImageStore: false,
  root,
  liveRestore: true,
  id: 'x',
  operatingSystem: 'Debian',
  kernel: '6',
  rootless: false,
  userNamespaces: false,
  systemdUnit: true,
};

export const ids = { app: 'a'.repeat(64), web: 'b'.repeat(64), newApp: 'c'.repeat(64), other: 'd'.repeat(64) } as const;

export function volume(name: string, more: Partial<Volume> = {}): Volume {
  return {
    name,
    driver: 'local',
    mountpoint: `${root}/volumes/${name}/_data`,
    labels: {},
    options: { size: '20M' },
    scope: 'local',
    createdAt: '2026-11-21T00:00:00Z',
    ...more,
  };
}

/** One that plimsoll has made. */
export function made(family: string, version: number, replaces: string, bytes = 40 * MiB): Volume {
  return volume(`${family}-${String(version)}`, {
    labels: { 'plimsoll.volume': family, 'plimsoll.version': String(version), 'plimsoll.replaces': replaces },
    options: { size: String(bytes) },
  });
}

export function quota(bytes: number, more: Partial<ProjectQuota> = {}): ProjectQuota {
  return {
    fileSystem: 'xfs',
    mountPoint: root,
    options: ['rw', 'prjquota'],
    project: 7,
    limitBytes: bytes,
    usedBytes: 3 * MiB,
    freeBytes: 4096 * MiB,
    quotaTool: true,
    ...more,
  };
}

/** The directory of a volume whose quota is in force and known to the daemon. */
export function state(name: string, bytes: number, more: Partial<VolumeState> = {}): VolumeState {
  const options = {
    path: `${root}/volumes/${name}/opts.json`,
    text: `{"MountType":"","MountOpts":"","MountDevice":"","Quota":{"Size":${String(bytes)}}}`,
    mode: '0600',
    quotaBytes: bytes,
    mounts: false,
    readByDaemon: true,
    asCreated: true,
  };
  return { quota: quota(bytes), usedInodes: 12, shownBytes: bytes, mounted: undefined, options, ...more };
}

export function use(
  name: string,
  id: string,
  volumeName: string | undefined,
  more: Partial<ContainerUse> = {},
): ContainerUse {
  const mounts =
    volumeName === undefined
      ? []
      : [
          {
            type: 'volume',
            name: volumeName,
            source: `${root}/volumes/${volumeName}/_data`,
            destination: '/data',
            driver: 'local',
            readOnly: false,
            propagation: '',
          },
        ];
  return {
    id,
    name,
    running: true,
    startedAt: '2026-11-21T00:00:00Z',
    mounts,
    volumesFrom: [],
    links: [],
    networkMode: 'bridge',
    pidMode: '',
    ipcMode: 'private',
    autoRemove: false,
    labels: {},
    ...more,
  };
}

/** The same container, as the list of containers tells it. */
export function listed(
  { id, name, running, startedAt, labels, autoRemove }: ContainerUse,
  restart = 'unless-stopped',
): Container {
  const state = {
    status: running ? 'running' : 'exited',
    running,
    paused: false,
    restarting: false,
    pid: running ? 1 : 0,
    startedAt,
    error: '',
  };
  return {
    id,
    name,
    image: 'sha256:1',
    labels,
    state,
    driver: 'overlay2',
    graph: null,
    storageOpt: null,
    autoRemove,
    restart: { name: restart, maximumRetryCount: 0 },
  };
}

export function old(name: string, id: string, volumeName: string): ContainerUse {
  return use(`${name}-old-${id.slice(0, 12)}`, id, volumeName, { running: false });
}

export function spec({ id, name, running, startedAt, mounts, labels }: ContainerUse): ContainerSpec {
  const binds = mounts.map((mount) => `${mount.name ?? mount.source}:${mount.destination}`);
  return {
    id,
    name,
    image: 'sha256:1',
    imageNow: 'sha256:1',
    imageConfig: {},
    restartCount: 0,
    driver: 'overlay2',
    platform: null,
    health: null,
    healthCheck: null,
    api: '1.51',
    state: {
      status: running ? 'running' : 'exited',
      running,
      paused: false,
      restarting: false,
      dead: false,
      startedAt,
      error: '',
    },
    config: { Hostname: id.slice(0, 12), Image: 'busybox:lab', Labels: labels, Tty: false, OpenStdin: false },
    hidden: [
      { key: 'Cmd', set: true, inherited: false },
      { key: 'Entrypoint', set: false, inherited: true },
      { key: 'Healthcheck', set: false, inherited: true },
    ],
    env: [],
    logOptions: [],
    ownMacs: {},
    ports: {},
    writes: [],
    moreWrites: false,
    passing: null,
    hostConfig: {
      Binds: binds,
      NetworkMode: 'bridge',
      RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 },
      LogConfig: { Type: 'json-file' },
      IpcMode: 'private',
      AutoRemove: false,
      VolumesFrom: null,
      Links: null,
      PortBindings: {},
    },
    mounts: mounts.map((mount) => ({
      Type: mount.type,
      ...(mount.name === undefined ? {} : { Name: mount.name }),
      Source: mount.source,
      Destination: mount.destination,
      Driver: 'local',
      Mode: 'z',
      RW: true,
      Propagation: '',
    })),
    networks: { bridge: { Aliases: null, IPAMConfig: null, Links: null, DriverOpts: null } },
  };
}

type Directory = Extract<CopyDirectory, { readonly kind: 'directory' }>;

export function content(name: string, more: Partial<Directory> = {}): Directory {
  return {
    kind: 'directory',
    path: `${root}/volumes/${name}/_data`,
    identity: `8:${name}`,
    born: 5,
    mode: '0755',
    owner: '0:0',
    mountsBelow: [],
    allocatedBytes: 3 * MiB,
    apparentBytes: 3 * MiB,
    entries: 11,
    availableBytes: 4096 * MiB,
    inodesTotal: 1_000_000,
    inodesAvailable: 900_000,
    ...more,
  };
}

const everyTool: CopyTools = { rsync: [3, 2, 7], cp: true, tar: true, manifest: true, getfattr: true, getfacl: true };

/** That the second container replaces the first, as it is written down on the host. */
export function replacement(
  old: string,
  fresh: string | undefined,
  step: Replacement['step'],
  name = 'app',
): Replacement {
  return { old, new: fresh, name, restart: 'unless-stopped', wasRunning: true, step };
}

export interface World {
  readonly docker?: Partial<Docker>;
  readonly volumes?: readonly Volume[];
  readonly uses?: readonly ContainerUse[];
  readonly containers?: readonly Container[];
  readonly states?: Readonly<Record<string, VolumeState>>;
  readonly contents?: Readonly<Record<string, CopyDirectory>>;
  readonly ledger?: Partial<VolumeLedger>;
  readonly replacements?: readonly Replacement[];
  readonly copies?: readonly BegunCopy[];
  readonly tools?: CopyTools;
  readonly specs?: readonly ContainerSpec[];
}

/** A host with a volume foo of 20 MiB, of which 3 are used, that app has at /data. */
export const plain: Required<Pick<World, 'volumes' | 'uses' | 'states' | 'contents'>> = {
  volumes: [volume('foo')],
  uses: [use('app', ids.app, 'foo'), use('other', ids.other, undefined)],
  states: { foo: state('foo', 20 * MiB) },
  contents: { foo: content('foo') },
};

export function answers(world: World = {}): Answers {
  const { volumes: all, uses, states, contents } = { ...plain, ...world };
  const known = new Answers()
    .set(ask(dockerInfo), { ...docker, ...world.docker })
    .set(ask(volumes), all)
    .set(ask(containerUses), uses)
    .set(ask(containers), world.containers ?? uses.map((one) => listed(one)))
    .set(ask(replacements), world.replacements ?? [])
    .set(ask(copyTools), world.tools ?? everyTool)
    .set(ask(begunCopies), { directory: '/var/lib/plimsoll/copies', copies: world.copies ?? [] });
  for (const family of ['foo', 'foo-bar', 'db'])
    known.set(ask(volumeLedger, family), {
      file: `/var/lib/plimsoll/volumes/${family}`,
      highest: 0,
      inForce: [],
      begun: [],
      ...world.ledger,
    });
  for (const [name, one] of Object.entries(states)) known.set(ask(volumeState, `${root}/volumes/${name}/_data`), one);
  for (const [name, one] of Object.entries(contents))
    known
      .set(ask(copyDirectory, `${root}/volumes/${name}/_data`), one)
      .set(ask(copySource, `${root}/volumes/${name}/_data`), { sockets: 0, fixed: 0, firstFixed: [] });
  for (const one of world.specs ?? uses.map(spec)) known.set(askContainerSpec(one.id), one);
  return known;
}

/** Plans as the runner does: asks until nothing new is asked, and holds what comes out to the laws. */
export function plan(world: World = {}, want: Record<string, unknown> = {}): Planned {
  const known = answers(world);
  const parsed = scaleVolume.schema.parse({
    ...('container' in want ? {} : { volume: 'foo' }),
    size: '40MiB',
    ...want,
  });
  const missing = scaleVolume.needs(parsed, known).filter((request) => !known.has(request));
  if (missing.length > 0) throw new Error(`not in this world: ${missing.map(({ key }) => key).join(', ')}`);
  return planLawfully(scaleVolume, parsed, known);
}

export function subjects(planned: Planned): readonly (string | undefined)[] {
  return planned.outcome === 'change' ? planned.changes.map(({ subject }) => subject) : [];
}
