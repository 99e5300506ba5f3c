import type { Container } from '../../facts/containers/containers.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { ProjectQuota } from '../../facts/host/project-quota.ts';
import type { VolumeOptions } from '../../facts/volumes/volume-state.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Action, Change, ExecAction, WriteFileAction } from '../engine/change.ts';
import {
  howToRestart,
  judgeRestart,
  restartActions,
  restartedWhenUndone,
  startedWithTheDaemon,
  stillRunning,
} from '../restart/restart.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { dockerBytes } from '../../values/docker-size.ts';
import { inLedger } from '../versions/ledger.ts';
import type { Situation } from './situation.ts';
import { judgeQuota } from './situation.ts';
import { nextVersion, versionUntilNow } from '../versions/versions.ts';
import { byHand } from '../../values/shell.ts';
import { shell } from '../../shell/shell.ts';

/** Whether the running daemon has, for this volume, the size that its record says now. */
export function daemonKnows({ options }: Pick<Volume, 'options'>, record: VolumeOptions): boolean {
  if (record.readByDaemon) return true;
  return record.asCreated !== false && dockerBytes(options['size'] ?? '') === record.quotaBytes;
}

/**
 * The limit on the volume's project, at once and without touching a container; and Docker's own record of
 * it, so that it lasts: dockerd reads that when it starts, and until then puts its old limit back whenever
 * a container with the volume is started. `restartOf`: the containers of the daemon that may be restarted for it.
 */
export function scaleInPlace(
  situation: Situation,
  bytes: number,
  restartOf: readonly Container[] | undefined,
): ContainerPlan {
  const { volume, docker, state, users, family, all, past } = situation;
  const unsupported = judgeQuota(situation);
  if (unsupported !== undefined) return unsupported;
  const { quota, options } = state;
  if (quota === undefined || options === undefined || options.quotaBytes === 0)
    return refuse(`${volume.name} was created without a size`, 'only a copy can give it one: method: copy');
  if (quota.project === 0) {
    return refuse(
      `${volume.name} was created with a size, but nothing enforces it: its directory has no project. Either it has never been mounted, or its name was used before while the daemon ran (moby#43891)`,
      `method: copy makes a volume whose size is enforced; or on the host: restart the daemon, start a container with it, then ${byHand('xfs_quota', '-x', '-c', `project -s -p ${volume.mountpoint} ID`, quota.mountPoint)} with the project's ID from lsattr -pd, for what was written before`,
    );
  }
  const sized = quota.limitBytes === bytes && options.quotaBytes === bytes;
  const known = daemonKnows(volume, options) && sized;
  const changes = sized
    ? []
    : [
        resize(
          { volume, quota, record: options, family, version: nextVersion(all, family, past.ledger.highest) },
          bytes,
        ),
      ];
  const growth = bytes - quota.limitBytes;
  const overcommit =
    !sized && growth > quota.freeBytes
      ? [
          `${quota.mountPoint} has ${formatBytes(quota.freeBytes)} free, less than the ${formatBytes(growth)} that are promised now: a quota is a limit, not a reservation`,
        ]
      : [];
  const stale = sized
    ? []
    : [
        `docker volume inspect goes on showing the size ${volume.name} was created with (${volume.options['size'] ?? 'none'})`,
      ];
  const warnings = [...overcommit, ...stale];
  if (known) return { changes, warnings, owed: [] };
  if (restartOf === undefined) return { changes, warnings, owed: [owedRestart(volume, bytes, docker)] };
  const refusal = judgeRestart(docker);
  if (refusal !== undefined) return refusal;
  return {
    changes: [
      ...restartedWhenUndone(changes),
      restart(
        volume,
        users.filter(({ running }) => running),
      ),
    ],
    warnings: [...warnings, ...startedWithTheDaemon(restartOf)],
    owed: [],
  };
}

function owedRestart({ name }: Volume, bytes: number, docker: Docker): string {
  return `${name} is ${formatBytes(bytes)} now, but the daemon reads that only when it starts next: until then it puts its old limit back whenever a container with the volume is started. To do: ${howToRestart(docker)}`;
}

interface Resized {
  readonly volume: Volume;
  readonly quota: ProjectQuota;
  readonly record: VolumeOptions;
  readonly family: string;
  readonly version: number;
}

function resize({ volume, quota, record, family, version }: Resized, bytes: number): Change {
  const limit = (size: number): ExecAction => ({
    kind: 'exec',
    argv: limitArgv(quota, size),
    // df shows the soft limit as the size of a directory with a project; without a limit, the whole file system.
    ...(size === 0
      ? {}
      : { check: { argv: ['df', '-B1', '--output=size', volume.mountpoint], equals: `1B-blocks ${String(size)}` } }),
  });
  const shrinks = (from: number, to: number): readonly Action[] =>
    from !== 0 && to !== 0 && to < from ? [fits(quota, to, from)] : [];
  const backup = `/var/lib/plimsoll/backup/volumes/${volume.name}.${String(record.quotaBytes)}`;
  const write: WriteFileAction = {
    kind: 'write-file',
    path: record.path,
    content: withSize(record.text, bytes),
    mode: record.mode,
    expect: record.text,
    backup,
  };
  const back: WriteFileAction = {
    kind: 'write-file',
    path: record.path,
    content: record.text,
    mode: record.mode,
    expect: withSize(record.text, bytes),
    again: true,
  };
  const patched = record.quotaBytes !== bytes;
  return {
    summary: `${volume.name}: ${formatBytes(quota.limitBytes)} → ${formatBytes(bytes)}, in place (project quota), no downtime`,
    subject: `volume:${family}`,
    before: { volume: volume.name, limitBytes: quota.limitBytes, recordedBytes: record.quotaBytes },
    after: { volume: volume.name, limitBytes: bytes, recordedBytes: bytes },
    actions: [
      limit(bytes),
      ...shrinks(quota.limitBytes, bytes),
      ...(patched ? [write] : []),
      inLedger(family, 'made', { version, name: volume.name, replaces: volume.name }),
    ],
    undo: [limit(quota.limitBytes), ...shrinks(bytes, quota.limitBytes), ...(patched ? [back] : [])],
    ...(patched ? { finalize: [{ kind: 'exec', argv: ['rm', '-f', '--', backup] }] } : {}),
    records: [
      {
        kind: 'volume',
        name: family,
        replaces: volume.name,
        spec: { name: volume.name, driver: volume.driver, sizeBytes: bytes, labels: volume.labels, method: 'in_place' },
        before: versionUntilNow(volume, quota.limitBytes),
      },
    ],
    atomic: true,
    bindings: { project: `k ${String(quota.project)}` },
  };
}

function limitArgv(quota: ProjectQuota, bytes: number): readonly string[] {
  const blocks = String(bytes / 1024);
  return [
    'xfs_quota',
    '-x',
    '-c',
    `limit -p bsoft=${blocks}k bhard=${blocks}k ${String(quota.project)}`,
    quota.mountPoint,
  ];
}

const fitsScript = shell('operations/volumes/fits.sh');

/** With the limit set nothing can be added any more, so what is used now tells whether it was set too low. */
function fits(quota: ProjectQuota, bytes: number, before: number): ExecAction {
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-c', fitsScript, 'sh', quota.mountPoint, String(quota.project), String(bytes / 1024)],
    onFailure: [limitArgv(quota, before)],
  };
}

/** Docker's record with its one number changed, and everything else to the letter as it was. */
function withSize(text: string, bytes: number): string {
  return text.replace(/("Quota"\s*:\s*\{[^{}]*"Size"\s*:\s*)\d+/, `$1${String(bytes)}`);
}

function restart({ name }: Volume, running: Situation['users']): Change {
  return {
    summary: 'restart the Docker daemon, containers go on running (live-restore)',
    subject: 'daemon',
    before: { volume: name, daemonHasItsSize: false },
    after: { volume: name, daemonHasItsSize: true },
    actions: [
      ...restartActions,
      {
        kind: 'wait-until',
        argv: ['docker', 'version', '--format', '{{.Server.Version}}'],
        everySeconds: 2,
        forSeconds: 180,
        what: 'the daemon answers again',
      },
      ...running.map(stillRunning),
    ],
    undo: [],
    atomic: false,
    bindings: Object.fromEntries(
      running.flatMap((use) => [
        [`${use.name}'s id`, use.id],
        [`${use.name}'s start`, use.startedAt],
      ]),
    ),
  };
}
