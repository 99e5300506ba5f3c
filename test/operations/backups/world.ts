import { ageIdentity, type AgeIdentity } from '../../../src/facts/backups/age-identity.ts';
import { backupHost, type BackupHost } from '../../../src/facts/backups/backup-host.ts';
import type { Backup, Manifest, Shelf } from '../../../src/facts/backups/backup-shelf.ts';
import { backupShelf, laptopShelf } from '../../../src/facts/backups/backup-shelf.ts';
import type { Vouched } from '../../../src/facts/backups/backup-vouch.ts';
import { begunCopies } from '../../../src/facts/copies/begun-copy.ts';
import type { ContainerUse } from '../../../src/facts/containers/container-uses.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import type { BackupName } from '../../../src/facts/crossing.ts';
import { containerUsesIfAny, copySource } from '../../../src/facts/copies/copy-source.ts';
import { copyDirectory, copyTools } from '../../../src/facts/copies/directory-copy.ts';
import type { Docker } from '../../../src/facts/daemon/docker.ts';
import { dockerInfo } from '../../../src/facts/daemon/docker.ts';
import { ask } from '../../../src/facts/fact.ts';
import { hostFile } from '../../../src/facts/host/file.ts';
import { ownDirectory, type OwnDirectory } from '../../../src/facts/host/own-directory.ts';
import { roomIn } from '../../../src/facts/copies/receiving-host.ts';
import { stoppedForCopies, type StoppedForCopies } from '../../../src/facts/copies/stopped-for-copy.ts';
import { volumeState } from '../../../src/facts/volumes/volume-state.ts';
import type { Volume } from '../../../src/facts/volumes/volumes.ts';
import { volumes } from '../../../src/facts/volumes/volumes.ts';
import { vouchedFor } from '../../../src/operations/backups/vouching.ts';
import { crossed } from '../../support/crossed.ts';
import { volumesQuota } from '../../../src/facts/volumes/volumes-quota.ts';
import { Answers } from '../known.ts';

export const directory = '/var/lib/docker/volumes/foo/_data';
export const name: BackupName = crossed('foo@web-1.20261128T140533Z');
export const appId = 'a'.repeat(64);

export const manifest = (more: Partial<Manifest> = {}): Manifest => ({
  plimsoll: 'backup',
  version: 1,
  name,
  host: 'web-1-1234',
  source: 'volume foo',
  compression: 'zstd',
  consistency: 'stop',
  docker: { labels: { tier: 'front' }, options: {} },
  sizeBytes: 40 * 1024 ** 2,
  created: '2026-11-28T14:05:33Z',
  sha256: 'c'.repeat(64),
  bytes: 5000,
  root: { mode: '755', owner: '0:0' },
  entries: 3,
  allocatedBytes: 8192,
  apparentBytes: 8000,
  sockets: 0,
  changed: 0,
  list: { names: 'd'.repeat(64), contents: 'e'.repeat(64) },
  ...more,
});
export const backup = (more: Partial<Manifest> = {}, complete = true, seal = 'its seal'): Backup => ({
  name: more.name ?? name,
  statement: JSON.stringify(more),
  seal,
  manifest: manifest(more),
  complete,
});
export const vouched: Vouched = { kind: 'vouched', host: 'web-1', by: 'ann@laptop', at: '2026-11-28T14:06:00Z' };
export const shelf = (backups: readonly Backup[] = [], more: Partial<Shelf> = {}): Shelf => ({
  exists: true,
  availableBytes: 1e12,
  backups,
  unreadable: [],
  ...more,
});

export const recipient = 'age1mg9dsaugwzdz4sdq5yj02dq70atj776az3t2cqnkjqyd06mmj97q668f3p';
export const inside = { sha256: 'f'.repeat(64), bytes: 4700 };
/** What the manifest of an encrypted one says more. */
export const sealed = { encryptedTo: [recipient], inside };

export const host: BackupHost = {
  now: '20261128T140533Z',
  node: 'web-1',
  label: 'web-1-1234',
  compression: 'zstd',
  decompresses: ['zstd', 'gzip'],
  age: true,
  state: '/var/lib/plimsoll',
  made: [],
  restored: [],
};
export const app: ContainerUse = {
  id: appId,
  name: 'app',
  running: true,
  startedAt: '2026-11-20T00:00:00Z',
  mounts: [{ type: 'volume', name: 'foo', source: directory, destination: '/data', readOnly: false, propagation: '' }],
  volumesFrom: [],
  links: [],
  networkMode: 'bridge',
  pidMode: '',
  ipcMode: '',
  autoRemove: false,
  labels: {},
};
const foo: Volume = {
  name: 'foo',
  driver: 'local',
  mountpoint: directory,
  labels: { tier: 'front' },
  options: {},
  scope: 'local',
  createdAt: '',
};
const state = { quota: undefined, usedInodes: 0, shownBytes: 0, mounted: undefined, options: undefined };

export interface BackupWorld {
  readonly host?: Partial<BackupHost>;
  readonly kept?: Shelf;
  readonly spooled?: Shelf;
  /** Of every directory that archives are written to. */
  readonly own?: OwnDirectory;
  readonly uses?: readonly ContainerUse[];
  readonly paused?: boolean;
  readonly stopped?: StoppedForCopies['all'];
  readonly sockets?: number;
}

/** A host with the volume foo, and an app that writes to it; backups are kept in `kept` on the laptop, or /kept. */
export function backupWorld({
  host: more,
  kept = shelf(),
  spooled = shelf(),
  own = { problem: undefined },
  uses = [app],
  paused = false,
  stopped = [],
  sockets = 0,
}: BackupWorld = {}): Answers {
  return new Answers()
    .set(ask(backupHost), { ...host, ...more })
    .set(ask(copyTools), { rsync: null, cp: true, tar: true, manifest: true, getfattr: true, getfacl: true })
    .set(ask(begunCopies), { directory: '/var/lib/plimsoll/copies', copies: [] })
    .set(ask(stoppedForCopies), { directory: '/var/lib/plimsoll/stopped', all: stopped })
    .set(ask(containerUsesIfAny), uses)
    .set(
      ask(containers),
      uses.map(({ id, name: called, running, labels, startedAt, autoRemove }) => ({
        id,
        name: called,
        image: 'sha256:1',
        labels,
        state: {
          status: running ? 'running' : 'exited',
          running,
          paused,
          restarting: false,
          pid: running ? 7 : 0,
          startedAt,
          error: '',
        },
        driver: 'overlay2',
        graph: null,
        storageOpt: null,
        autoRemove,
        restart: { name: 'no', maximumRetryCount: 0 },
      })),
    )
    .set(ask(volumes), [foo])
    .set(ask(copyDirectory, directory), {
      kind: 'directory',
      path: directory,
      identity: '1:7',
      born: 1,
      mode: '0755',
      owner: '0:0',
      mountsBelow: [],
      allocatedBytes: 8192,
      apparentBytes: 8000,
      entries: 3,
      availableBytes: 1e12,
      inodesTotal: 9,
      inodesAvailable: 9,
    })
    .set(ask(copySource, directory), { sockets, fixed: 0, firstFixed: [] })
    .set(ask(volumeState, directory), {
      ...state,
      quota: {
        fileSystem: 'xfs',
        mountPoint: '/',
        options: [],
        project: 2,
        limitBytes: 40 * 1024 ** 2,
        usedBytes: 0,
        freeBytes: 1e12,
        quotaTool: true,
      },
    })
    .set(ask(laptopShelf, 'kept', 'foo@web-1.'), kept)
    .set(ask(backupShelf, `${directory}/in`, 'foo@web-1.'), kept)
    .set(ask(ownDirectory, `${directory}/in`), own)
    .set(ask(backupShelf, '/kept', 'foo@web-1.'), kept)
    .set(ask(backupShelf, '/var/lib/plimsoll/spool', name), spooled)
    .set(ask(ownDirectory, '/kept'), own)
    .set(ask(ownDirectory, '/var/lib/plimsoll/spool'), own);
}

export interface RestoreWorld {
  readonly host?: Partial<BackupHost>;
  readonly kept?: Shelf;
  readonly own?: OwnDirectory;
  readonly volumes?: readonly Volume[];
  /** The quota of the new volume, where it is there. */
  readonly limitBytes?: number;
  readonly room?: number;
  /** What Docker's volumes lie on. */
  readonly fileSystem?: 'xfs' | 'ext4';
  /** Who vouches for all that is kept. */
  readonly vouches?: Vouched;
  /** At /root/age.key. */
  readonly identity?: AgeIdentity;
}

/** A host on which a backup of foo is to be restored into `new`, from `kept` on the laptop. */
export function restoreWorld({
  host: more,
  kept = shelf([backup()]),
  own = { problem: undefined },
  volumes: there = [],
  limitBytes = 0,
  room = 1e12,
  fileSystem = 'xfs',
  vouches = vouched,
  identity = { kind: 'file', own: true, mode: '0600', locked: false, recipients: [recipient] },
}: RestoreWorld = {}): Answers {
  const answers = new Answers();
  for (const one of kept.backups) answers.set(vouchedFor(one), vouches);
  return answers
    .set(ask(backupHost), { ...host, ...more })
    .set(ask(dockerInfo), { root: '/var/lib/docker', rootless: false } as Docker)
    .set(ask(volumes), there)
    .set(ask(copyTools), { rsync: null, cp: true, tar: true, manifest: true, getfattr: true, getfacl: true })
    .set(ask(laptopShelf, 'kept', 'foo@'), kept)
    .set(ask(roomIn, '/var/lib/docker'), { availableBytes: room, inodesAvailable: 1e6 })
    .set(ask(volumesQuota, '/var/lib/docker/volumes'), {
      fileSystem,
      mountPoint: '/',
      options: ['prjquota'],
      project: 0,
      limitBytes: 0,
      usedBytes: 0,
      freeBytes: 1e12,
      quotaTool: true,
    })
    .set(ask(hostFile, `/var/lib/plimsoll/spool/${name}.tar.zst`), { exists: false })
    .set(ask(hostFile, `/var/lib/plimsoll/spool/${name}.tar.zst.age`), { exists: false })
    .set(ask(ownDirectory, '/var/lib/plimsoll/spool'), own)
    .set(ask(ageIdentity, '/root/age.key'), identity)
    .set(ask(volumeState, '/var/lib/docker/volumes/new/_data'), {
      ...state,
      quota: {
        fileSystem: 'xfs',
        mountPoint: '/',
        options: [],
        project: 3,
        limitBytes,
        usedBytes: 0,
        freeBytes: 1e12,
        quotaTool: true,
      },
    });
}
