import { byStart } from '../../facts/containers/container-uses.ts';
import type { Container } from '../../facts/containers/containers.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import type { Change, WriteFileAction } from '../engine/change.ts';
import { finalizeConfigFile, takeBackConfigFile, writeConfigFile } from './config-file.ts';
import { optionsFor, readDriverConfig } from './driver-config.ts';
import { judgeDriver } from './driver-needs.ts';
import type { DriverSeen, DriverSituation, DriverWant } from './driver-survey.ts';
import { backupPath, readDriver, setStorageDriverSchema, situationOf } from './driver-survey.ts';
import type { DriverSwitch } from './driver-switch.ts';
import { switchBack, switchDriver } from './driver-switch.ts';
import type { Invisible } from '../restart/invisible.ts';
import { resourcesOf, startedWithTheDaemon } from '../restart/restart.ts';
import { counted, describeInvisible, invisibleOf, inWords, volumesLeftBehind } from '../restart/invisible.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import { stoppedReads } from '../rootfs/outgrown.ts';
import { judgeOneStop } from '../copies/stop-users.ts';

export const setStorageDriver = defineOperation({
  name: 'set_storage_driver',
  summary:
    "Set the Docker daemon's storage driver, with what becomes invisible spelled out, and go back when it does not start",
  schema: setStorageDriverSchema,
  readOnly: false,
  repeats: false,

  read: readDriver,

  plan(want, seen) {
    const judged = situationOf(seen);
    if (isRefused(judged)) return judged;
    return judged.docker.driver === want.driver ? keepDriver(want, judged) : changeDriver(want, judged);
  },

  // Whatever else the daemon has started with its old driver is not of this change.
  standing(_want, { before }, seen) {
    const judged = situationOf(seen);
    if (isRefused(judged)) return undefined;
    const { docker, all } = judged;
    const { driver, running } = before;
    if (docker.driver !== driver || !Array.isArray(running)) return undefined;
    const runs = new Set(all.filter(({ state }) => state.running).map(({ name }) => name));
    return stateOf(
      judged,
      running.filter((name) => typeof name === 'string' && runs.has(name)),
    );
  },

  touches(_want, { all, stopped, outgrown }) {
    return {
      reads: ['docker', 'daemon.json', ...resourcesOf(all), ...stoppedReads(stopped, outgrown)],
      changes: ['daemon.json', 'docker'],
    };
  },
});

/** The daemon has it. Its file must not say another one, or the next start would change it. */
function keepDriver(want: DriverWant, situation: DriverSituation): Decision {
  const { parsed, config } = situation;
  const { driver } = want;
  const next = parsed.driver;
  const options = optionsFor(driver, parsed.options, want.options ?? []);
  const named = next === undefined || next === driver;
  if (named && want.options !== undefined && JSON.stringify(options) !== JSON.stringify(parsed.options)) {
    return refuse(
      `the storage driver is ${driver} already, with other options: ${parsed.options.join(', ') || 'none'}`,
      `change them in ${config.path} by hand, or with the operation for that (set_base_size); or leave options out`,
    );
  }
  if (named) return { outcome: 'noop', reason: `the storage driver is ${driver} already` };
  const write = writeConfig(want, situation);
  const change: Change = {
    summary: `storage driver ${driver}: ${config.path}, which says ${next} for the next start, names it again`,
    subject: 'storage-driver',
    before: { driver, configured: next },
    after: { driver, configured: driver },
    actions: writeConfigFile(write),
    undo: [takeBackConfigFile(write)],
    ...finalizeConfigFile(write.backup),
    atomic: true,
    bindings: {},
  };
  return { outcome: 'change', changes: [change] };
}

function changeDriver(want: DriverWant, situation: DriverSituation): Decision {
  const { docker, drivers, config, parsed, all } = situation;
  const running = inOrder(all.filter(({ state }) => state.running));
  const invisible = invisibleOf(docker, drivers, all);
  const prepared = preparedBefore(want, situation);
  const refusals: readonly Refusal[] = [
    ...judgeDriver(want.driver, docker, drivers),
    ...judgeStop(want, running, situation),
    ...(invisible !== undefined && want.acknowledge_invisible !== true
      ? [
          refuse(
            `with ${want.driver}, Docker would not see ${describeInvisible(invisible)} any more`,
            'save what is needed of them (docker save, docker commit, backup_volume), then say acknowledge_invisible: true',
          ),
        ]
      : []),
    ...(parsed.driver === want.driver && prepared === undefined
      ? [
          refuse(
            `${config.path} names ${want.driver} already, while the daemon has ${docker.driver}: what the file said before is not known, so a daemon that does not start could not be helped back`,
            `put "storage-driver": "${docker.driver}" with its storage-opts back, then run this again`,
          ),
        ]
      : []),
  ];
  if (refusals.length > 0)
    return refuse(refusals.map(({ reason }) => reason).join('; '), refusals.map(({ remedy }) => remedy).join('; '));

  const write = prepared === undefined ? writeConfig(want, situation) : undefined;
  const before = prepared ?? { text: config.file?.text };
  const earlier = drivers.containers.filter(({ driver }) => driver === want.driver).length;
  const how: DriverSwitch = {
    path: config.path,
    backup: before.text === undefined ? undefined : backupPath(docker, want),
    from: docker.driver,
    to: want.driver,
    known: earlier,
    running: running.map(({ id }) => id),
  };
  const written: WriteFileAction = write ?? {
    kind: 'write-file',
    path: config.path,
    content: config.file?.text ?? '',
    mode: config.file?.mode ?? '0644',
    expect: before.text ?? null,
    ...(before.text === undefined ? {} : { backup: backupPath(docker, want) }),
  };
  const change: Change = {
    summary: `storage driver ${docker.driver} → ${want.driver} (${config.path}); ${running.length === 0 ? '' : `stop ${counted(running.length, 'container')}, `}restart the Docker daemon`,
    subject: 'storage-driver',
    // What runs, too: a rollback that has got the driver back, and has not started them yet, is not at its end.
    before: stateOf(
      situation,
      running.map(({ name }) => name),
    ),
    after: { driver: want.driver, containers: earlier, images: drivers.images[want.driver] ?? 0, running: [] },
    actions: [...(write === undefined ? [] : writeConfigFile(write)), switchDriver(how)],
    undo: switchBack(how, takeBackConfigFile(written)),
    ...finalizeConfigFile(how.backup),
    atomic: true,
    bindings: Object.fromEntries(
      running.flatMap(({ id, state }, index) => [
        [`container ${String(index + 1)}`, id],
        [`start ${String(index + 1)}`, state.startedAt],
      ]),
    ),
  };
  return {
    outcome: 'change',
    changes: [change],
    warnings: [
      ...warningsOf(want, situation, invisible),
      ...startedWithTheDaemon(all).map((warning) => `${warning} with ${docker.driver} again`),
    ],
  };
}

function stateOf({ docker, all, drivers }: DriverSituation, running: readonly Json[]): JsonObject {
  return {
    driver: docker.driver,
    containers: all.length,
    images: drivers.images[docker.driver] ?? 0,
    running,
  };
}

function warningsOf(
  want: DriverWant,
  { docker, drivers, uses }: DriverSituation,
  invisible: Invisible | undefined,
): readonly string[] {
  const volumes = volumesLeftBehind(uses);
  const again = drivers.containers.filter(({ driver }) => driver === want.driver);
  return [
    ...(invisible !== undefined
      ? [
          `Docker will not see ${describeInvisible(invisible)} any more; their data stays in ${docker.root}/${docker.driver}, takes its room there, and is seen again when ${docker.driver} is set again`,
        ]
      : []),
    ...(volumes.length === 0
      ? []
      : [
          `Docker will take ${counted(volumes.length, 'volume')} for dangling that ${volumes.length === 1 ? 'belongs' : 'belong'} to these containers (${inWords(volumes)}): do not run docker volume prune, which removes what it takes for dangling; clean_volumes leaves them alone`,
        ]),
    ...(again.length === 0
      ? []
      : [
          `${counted(again.length, 'container')} made with ${want.driver} earlier will be seen again, and started where the restart policy says so: ${inWords(again.map(({ name }) => name))}`,
        ]),
    ...(want.driver === 'devicemapper' && !(want.options ?? []).some((option) => option.startsWith('dm.thinpooldev='))
      ? [
          'without dm.thinpooldev, devicemapper makes its pool on loop files, which is slow, and not meant for production',
        ]
      : []),
    ...(want.driver === 'vfs' ? ['vfs copies every layer whole: it is slow, and takes far more room'] : []),
  ];
}

function judgeStop(want: DriverWant, running: readonly Container[], seen: DriverSeen): readonly Refusal[] {
  if (running.length === 0) return [];
  const refusals = running.flatMap(({ id }) => {
    const use = seen.uses.find((one) => one.id === id);
    // A daemon that has restarted starts them when it goes back; the one that runs, when it fails before that.
    const refusal =
      use === undefined
        ? undefined
        : judgeOneStop(
            use,
            { containers: seen.all, outgrown: seen.outgrown },
            { work: 'the change', startedBy: 'either' },
          );
    return refusal === undefined ? [] : [refusal];
  });
  if (want.stop_containers === true) return refusals;
  return [
    refuse(
      `${counted(running.length, 'container')} ${running.length === 1 ? 'runs' : 'run'} (${inWords(running.map(({ name }) => name))}), and would have to be stopped`,
      'say stop_containers: true, or stop them first',
    ),
    ...refusals,
  ];
}

/** What the file said before an attempt of this operation that was killed; undefined when it has not been written by one. */
function preparedBefore(
  want: DriverWant,
  { config, parsed, drivers }: DriverSituation,
): { readonly text: string | undefined } | undefined {
  if (config.file === undefined || parsed.driver !== want.driver) return undefined;
  const made = (text: string): boolean =>
    readDriverConfig(text)?.with(want.driver, want.options ?? []) === config.file?.text;
  if (drivers.backup !== undefined && made(drivers.backup)) return { text: drivers.backup };
  return made('') ? { text: undefined } : undefined;
}

function writeConfig(want: DriverWant, { docker, config, parsed }: DriverSituation): WriteFileAction {
  const { file, path } = config;
  return {
    kind: 'write-file',
    path,
    content: parsed.with(want.driver, want.options ?? []),
    mode: file?.mode ?? '0644',
    expect: file?.text ?? null,
    ...(file === undefined ? {} : { backup: backupPath(docker, want) }),
  };
}

function inOrder(all: readonly Container[]): readonly Container[] {
  return all.toSorted((a, b) => byStart(a.state, b.state));
}
