import * as z from 'zod';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import { daemonConfig } from '../../facts/daemon/daemon-config.ts';
import type { DaemonConfig } from '../../facts/daemon/daemon-config.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import { ask } from '../../facts/fact.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes, parseBytes } from '../../values/size.ts';
import type { Action, Change } from '../engine/change.ts';
import type { BaseSizeConfig } from './base-size.ts';
import { readBaseSize } from './base-size.ts';
import { finalizeConfigFile, takeBackConfigFile, writeConfigFile } from './config-file.ts';
import { restartForBaseSize } from './base-size-restart.ts';
import { sizeText } from '../engine/input.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Reading } from '../engine/reading.ts';
import { together } from '../engine/reading.ts';
import { howToRestart, judgeRestart, resourcesOf, startedWithTheDaemon } from '../restart/restart.ts';
import { dockerBytes } from '../../values/docker-size.ts';

const schema = z.strictObject({
  size: sizeText(parseBytes).describe(
    'what new images, and their containers where no size is given, have as root file system: 20GiB',
  ),
  restart_daemon: z
    .boolean()
    .optional()
    .describe(
      'restart the Docker daemon, so that it holds from now on; only with live-restore, so that containers go on running',
    ),
});

interface Seen {
  readonly docker: Docker;
  readonly all: readonly Container[];
  /** Of another driver's daemon it is not read. */
  readonly config?: DaemonConfig;
}

interface Situation {
  readonly docker: Docker;
  readonly all: readonly Container[];
  readonly config: DaemonConfig;
  readonly parsed: BaseSizeConfig;
  readonly baseBytes: number;
  /** What the file says; undefined when nothing. */
  readonly configured: number | undefined;
}

export const setBaseSize = defineOperation({
  name: 'set_base_size',
  summary: 'Set the root file system size of new containers on devicemapper (dm.basesize in daemon.json)',
  schema,
  readOnly: false,
  repeats: false,

  *read(): Reading<Seen> {
    const [docker] = yield* together(ask(dockerInfo));
    if (docker.driver !== 'devicemapper') return { docker, all: [] };
    const [all, config] = yield* together(ask(containers), ask(daemonConfig, docker.root));
    return { docker, all, config };
  },

  plan(want, seen) {
    const judged = situationOf(seen);
    if (isRefused(judged)) return judged;
    const wanted = parseBytes(want.size);
    const { baseBytes, configured, docker } = judged;
    if (wanted < baseBytes)
      return refuse(
        `the base device is ${formatBytes(baseBytes)} now, more than the ${formatBytes(wanted)} wanted: dockerd does not start with less`,
        `ask for ${formatBytes(baseBytes)} or more`,
      );
    const written = configured === wanted;
    if (written && baseBytes === wanted)
      return { outcome: 'noop', reason: `the base size is ${formatBytes(wanted)} already` };
    if (want.restart_daemon !== true || baseBytes === wanted) return withoutRestart(judged, wanted, written);
    const refusal = judgeRestart(docker);
    return refusal === undefined
      ? {
          outcome: 'change',
          changes: [change(judged, wanted, written)],
          warnings: [onlyNew, ...startedWithTheDaemon(judged.all)],
        }
      : refusal;
  },

  touches(want, { all }) {
    return want.restart_daemon === true
      ? { reads: ['docker', 'daemon.json', ...resourcesOf(all)], changes: ['daemon.json', 'docker'] }
      : { reads: ['docker', 'daemon.json'], changes: ['daemon.json'] };
  },
});

const onlyNew =
  'only what is pulled, built or imported from then on has the new size: layers that are there already keep theirs, and so do containers';

function situationOf({ docker, all, config }: Seen): Situation | Refusal {
  if (config === undefined)
    return refuse(
      `the storage driver is ${docker.driver}, which has no base device`,
      'on overlay2 with quotas, give each container a size: --storage-opt size=…',
    );
  if (config.storageFlags.length > 0)
    return refuse(
      `dockerd is started with --storage-opt ${config.storageFlags.join(', ')}, and does not start when ${config.path} has storage options as well`,
      'move the options from the command line (systemctl cat docker) into the file first',
    );
  const parsed = readBaseSize(config.file?.text ?? '');
  const configured = parsed?.written === undefined ? undefined : dockerBytes(parsed.written);
  if (parsed === undefined || (parsed.written !== undefined && configured === undefined))
    return refuse(
      `${config.path} is not understood: no JSON object, or storage-opts that are not a list of texts with at most one dm.basesize`,
      'put it right by hand; as it is, the daemon may not start again',
    );
  if (config.baseBytes === undefined)
    return refuse(
      'Docker has no record of its base device',
      `look at ${docker.root}/devicemapper/metadata/base: is this another daemon's directory?`,
    );
  return { docker, all, config, parsed, baseBytes: config.baseBytes, configured };
}

function withoutRestart(situation: Situation, wanted: number, written: boolean): Decision {
  const { docker, baseBytes } = situation;
  const owed =
    baseBytes < wanted
      ? [
          `the base size of ${formatBytes(wanted)} holds when the daemon starts next; until then it is ${formatBytes(baseBytes)}. To do: ${howToRestart(docker)}`,
        ]
      : [];
  if (written) return { outcome: 'noop', reason: `${situation.config.path} says ${formatBytes(wanted)} already`, owed };
  const { configured } = situation;
  const write = writeConfig(situation, wanted);
  const stillSmall: Action = {
    kind: 'check',
    argv: ['sed', '-n', 's/.*"size":\\([0-9]*\\).*/\\1/p', `${docker.root}/devicemapper/metadata/base`],
    equals: String(baseBytes),
    otherwise: 'the base device has grown since, and with the old file the daemon would not start',
  };
  return {
    outcome: 'change',
    changes: [
      {
        summary: summarise(situation, wanted),
        subject: 'base-size',
        before: { configuredBytes: configured ?? null, baseBytes },
        after: { configuredBytes: wanted, baseBytes },
        actions: writeConfigFile(write),
        undo: [stillSmall, takeBackConfigFile(write)],
        ...finalizeConfigFile(write.backup),
        atomic: true,
        bindings: {},
      },
    ],
    warnings: [onlyNew],
    ...(owed.length > 0 ? { owed } : {}),
  };
}

function change(situation: Situation, wanted: number, written: boolean): Change {
  const { docker, all, config, baseBytes, configured } = situation;
  const running = all.filter(({ state }) => state.running).map(({ id, state }) => ({ id, startedAt: state.startedAt }));
  const write = writeConfig(situation, wanted);
  const restart = restartForBaseSize({
    root: docker.root,
    path: config.path,
    before: baseBytes,
    wanted,
    backup: written ? undefined : (write.backup ?? ''),
    running,
  });
  return {
    summary: `${written ? `base size ${formatBytes(wanted)}` : summarise(situation, wanted)}; restart the Docker daemon, containers go on running (live-restore)`,
    subject: 'base-size',
    before: { configuredBytes: configured ?? null, baseBytes },
    after: { configuredBytes: wanted, baseBytes: wanted },
    actions: [...(written ? [] : writeConfigFile(write)), restart],
    // The base device only grows, and with less in the file the daemon does not start.
    undo: 'irreversible',
    ...(written ? {} : finalizeConfigFile(write.backup)),
    atomic: true,
    bindings: Object.fromEntries(
      running.flatMap(({ id, startedAt }, index) => [
        [`container ${String(index + 1)}`, id],
        [`start ${String(index + 1)}`, startedAt],
      ]),
    ),
  };
}

function writeConfig({ config, parsed, baseBytes }: Situation, wanted: number) {
  const content = parsed.with(String(wanted));
  const { file, path } = config;
  return {
    kind: 'write-file' as const,
    path,
    content,
    mode: file?.mode ?? '0644',
    expect: file?.text ?? null,
    ...(file === undefined
      ? {}
      : { backup: `/var/lib/plimsoll/backup/docker/daemon.json.base-size-${String(baseBytes)}-${String(wanted)}` }),
  };
}

function summarise({ config, configured, baseBytes }: Situation, wanted: number): string {
  return `base size ${formatBytes(configured ?? baseBytes)} → ${formatBytes(wanted)} (dm.basesize in ${config.path})`;
}
