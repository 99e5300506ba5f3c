import type { Container } from '../../facts/containers/containers.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Action, Change } from '../engine/change.ts';
import type { ContainerPlan } from '../engine/outcome.ts';

/** A container whose stored size the running daemon has not read yet. */
export interface Awaiting {
  readonly container: Container;
  readonly daemonBytes: number;
  readonly storedBytes: number;
}

interface Restart {
  /** Containers that have, or will have, another stored size than the daemon may hold. */
  readonly awaiting: readonly Awaiting[];
  readonly allowed: boolean | undefined;
  readonly docker: Docker;
  /** Every container of the host. */
  readonly all: readonly Container[];
}

export const liveRestoreHint = 'set "live-restore": true in /etc/docker/daemon.json and run: systemctl reload docker';

/**
 * The daemon read its records when it started, so a container whose record is, or will be, larger
 * than what the daemon holds is restart-safe only after the daemon has been restarted: done here when
 * the playbook allows it, and owed otherwise.
 */
export function withRestart(
  plans: readonly ContainerPlan[],
  { awaiting: candidates, allowed, docker, all }: Restart,
): readonly ContainerPlan[] {
  const awaiting = candidates.filter(({ daemonBytes, storedBytes }) => daemonBytes < storedBytes);
  if (awaiting.length === 0) return plans;
  if (allowed !== true)
    return [...plans, { changes: [], warnings: [], owed: awaiting.map((one) => owedRestart(one, docker)) }];
  const refusal = judgeRestart(docker);
  if (refusal !== undefined) return [...plans, refusal];
  const taken = plans.findIndex((plan) => !isRefused(plan) && plan.changes.some(canBeUndone));
  return [
    ...plans.map((plan, index) =>
      index === taken && !isRefused(plan) ? { ...plan, changes: restartedWhenUndone(plan.changes) } : plan,
    ),
    { changes: [restartDaemon(awaiting)], warnings: startedWithTheDaemon(all), owed: [] },
  ];
}

/** What an operator does himself where the playbook does not allow it. */
export function howToRestart({ liveRestore }: Docker): string {
  return liveRestore
    ? 'systemctl restart docker (live-restore is on: containers go on running), or run this again with restart_daemon: true'
    : `${liveRestoreHint}; then: systemctl restart docker`;
}

/** What is restarted with the daemon, or stopped for it, is each of them, whatever an earlier step makes of it. */
export function resourcesOf(all: readonly Container[]): readonly string[] {
  return all.map(({ id }) => `container:${id}`);
}

/**
 * dockerd starts them when it starts, also when somebody has stopped them, but for `unless-stopped` (moby
 * restartmanager/restartmanager.go, ShouldRestart): whether that was so no `docker inspect` says.
 */
export function startedWithTheDaemon(all: readonly Container[]): readonly string[] {
  const comes = all.filter(({ state, restart: { name } }) => !state.running && name !== 'no' && name !== '');
  return comes.length === 0
    ? []
    : [
        `${comes.map(({ name, restart }) => `${name} (${restart.name})`).join(', ')} ${comes.length === 1 ? 'does' : 'do'} not run, and may be started by the daemon when it starts`,
      ];
}

/** Whether a restart of the daemon would leave the containers running. */
export function judgeRestart(docker: Docker): Refusal | undefined {
  if (!docker.systemdUnit)
    return refuse(
      'the Docker daemon does not run as docker.service of systemd, so it cannot be restarted from here',
      'leave restart_daemon out, and restart the daemon in its own way afterwards',
    );
  if (!docker.liveRestore)
    return refuse(
      'live-restore is off, so a restart of the Docker daemon would stop every container',
      `${liveRestoreHint}; or leave restart_daemon out`,
    );
  return undefined;
}

/** What is left to do when the daemon is not restarted now. */
function owedRestart({ container, daemonBytes, storedBytes }: Awaiting, docker: Docker): string {
  return `${container.name} is not restart-safe yet: the daemon still holds ${formatBytes(daemonBytes)} and reads ${formatBytes(storedBytes)} when it starts next; a stop and start before that would fail. To do: ${howToRestart(docker)}`;
}

export function stillRunning(container: {
  readonly id: string;
  readonly name: string;
  readonly startedAt: string;
}): Action {
  return {
    kind: 'check',
    argv: [
      'docker',
      'inspect',
      '--type',
      'container',
      '--format',
      '{{.State.Running}} {{.State.StartedAt}}',
      container.id,
    ],
    equals: `true ${container.startedAt}`,
    otherwise: `${container.name} did not go on running over the restart of the daemon`,
  };
}

/** Three restarts a minute trip systemd's start limit, hence the reset before. */
export const restartActions: readonly Action[] = [
  { kind: 'exec', argv: ['systemctl', 'reset-failed', 'docker.service', 'docker.socket'], success: [0, 1, 5] },
  { kind: 'exec', argv: ['systemctl', 'restart', 'docker.service'], timeoutMs: 180_000 },
];

/**
 * A daemon that was restarted to read what a change has written has to be restarted again when that is taken back:
 * until it is, it goes by what it has read, and may write that. Once, at the end: the first change is undone last.
 */
export function restartedWhenUndone(changes: readonly Change[]): readonly Change[] {
  const first = changes.findIndex(canBeUndone);
  return changes.map((change, index) =>
    index === first && change.undo !== 'irreversible'
      ? { ...change, undo: [keepsRunning, ...change.undo, ...restartActions] }
      : change,
  );
}

const canBeUndone = ({ undo }: Change): boolean => undo !== 'irreversible' && undo.length > 0;

const keepsRunning: Action = {
  kind: 'check',
  argv: ['docker', 'info', '--format', '{{.LiveRestoreEnabled}}'],
  equals: 'true',
  otherwise: 'live-restore is off by now, so a restart of the Docker daemon would stop every container',
};

function restartDaemon(awaiting: readonly Awaiting[]): Change {
  const sizes = (bytes: (one: Awaiting) => number): Record<string, number> =>
    Object.fromEntries(awaiting.map((one) => [`${one.container.name} daemonBytes`, bytes(one)]));
  return {
    summary: 'restart the Docker daemon, containers go on running (live-restore)',
    subject: 'daemon',
    before: sizes((one) => one.daemonBytes),
    after: sizes((one) => one.storedBytes),
    actions: [
      ...restartActions,
      ...awaiting.flatMap(({ container, storedBytes }) => [
        {
          kind: 'wait-until' as const,
          argv: [
            'docker',
            'inspect',
            '--type',
            'container',
            '--format',
            '{{.GraphDriver.Data.DeviceSize}}',
            container.id,
          ],
          equals: String(storedBytes),
          everySeconds: 2,
          forSeconds: 180,
          what: `the daemon holds ${formatBytes(storedBytes)} for ${container.name}`,
        },
        ...(container.state.running ? [stillRunning({ ...container, startedAt: container.state.startedAt })] : []),
      ]),
    ],
    undo: [],
    atomic: false,
    bindings: Object.fromEntries(
      awaiting.flatMap(({ container }) => [
        [`${container.name}'s id`, container.id],
        [`${container.name}'s start`, container.state.startedAt],
      ]),
    ),
  };
}
