import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { byStart, dependants } from '../../facts/containers/container-uses.ts';
import type { Container } from '../../facts/containers/containers.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import type { Outgrown, StartedBy } from '../rootfs/outgrown.ts';
import { judgeStopped } from '../rootfs/outgrown.ts';
import { usedDestination } from './copy-judgement.ts';
import { names, runningUsers } from './directory-users.ts';

export interface Users {
  /** To be stopped for the final pass: what can write to the source, and whatever has the destination. In the order in which they were started. */
  readonly toStop: readonly ContainerUse[];
  /** These, and those that could write from above. */
  readonly running: readonly ContainerUse[];
}

export function usersOfBoth(
  uses: readonly ContainerUse[],
  source: readonly string[],
  target: readonly string[],
): Users {
  const writers = runningUsers(uses, source).filter(({ writes }) => writes);
  const atTarget = runningUsers(uses, target).filter(({ writes, fromAbove }) => writes || !fromAbove);
  const all = [...writers, ...atTarget];
  const inOrder = (chosen: readonly ContainerUse[]): readonly ContainerUse[] =>
    [...new Map(chosen.map((use) => [use.id, use])).values()].sort(byStart);
  return {
    toStop: inOrder(all.filter(({ fromAbove }) => !fromAbove).map(({ use }) => use)),
    running: inOrder(all.map(({ use }) => use)),
  };
}

const orchestrators: readonly (readonly [string, string])[] = [
  ['com.docker.swarm.', 'swarm'],
  ['io.kubernetes.', 'Kubernetes'],
  ['com.hashicorp.nomad.', 'Nomad'],
  ['com.amazonaws.ecs.', 'ECS'],
];

/** Whether the containers may be left running, or stopped and started again. */
export function judgeStop(
  stop: boolean | undefined,
  { toStop }: Users,
  {
    uses,
    targetNames,
    layers,
  }: {
    readonly uses: readonly ContainerUse[];
    readonly targetNames: readonly string[];
    readonly layers: readonly string[];
  },
  read: Stoppable,
): Refusal | undefined {
  if (toStop.length === 0) return undefined;
  const who = names(toStop);
  if (stop === undefined)
    return refuse(
      `${who} ${toStop.length === 1 ? 'runs and uses' : 'run and use'} what is to be copied, or its destination`,
      'say stop: true, and what is running is stopped for the final pass and started again; or stop it first; or say stop: false, and the copy fails if anything is written meanwhile',
    );
  if (!stop) return usedDestination(uses, targetNames);
  const unsuited = judgeStops(toStop, uses, read, { work: 'the copy', startedBy: 'running daemon' });
  if (unsuited !== undefined) return unsuited;
  const inside = toStop.find(({ id }) => layers.includes(id));
  if (inside !== undefined)
    return refuse(
      `${inside.name} would have to be stopped, but its own files are there only while it runs`,
      'copy in two steps, by way of a directory that it does not use',
    );
  return undefined;
}

interface Stop {
  /** What they are stopped for. */
  readonly work: string;
  readonly startedBy: StartedBy;
}

/** What has been read of all containers, and of those that are to be stopped. */
export interface Stoppable {
  readonly containers: readonly Container[];
  readonly outgrown: Outgrown;
}

/** Why containers cannot be stopped and started again, whatever for. */
export function judgeStops(
  toStop: readonly ContainerUse[],
  uses: readonly ContainerUse[],
  read: Stoppable,
  stop: Stop,
): Refusal | undefined {
  return judgeTogether(toStop, uses, stop, (use) => judgeOneStop(use, read, stop));
}

/** Of one container, whoever else there is. */
export function judgeOneStop(
  use: ContainerUse,
  { containers: all, outgrown }: Stoppable,
  { work, startedBy }: Stop,
): Refusal | undefined {
  return judgeUse(use, work) ?? judgeState(use, all) ?? judgeStopped([use.id], outgrown, startedBy);
}

function judgeTogether(
  toStop: readonly ContainerUse[],
  uses: readonly ContainerUse[],
  { work }: Stop,
  judgeOne: (use: ContainerUse) => Refusal | undefined,
): Refusal | undefined {
  const stopping = new Set(toStop.map(({ id }) => id));
  for (const use of toStop) {
    const unsuited = judgeOne(use);
    if (unsuited !== undefined) return unsuited;
    const tied = dependants(uses, use.id).filter(
      ({ id, running, networkMode, pidMode, ipcMode }) =>
        running && !stopping.has(id) && [networkMode, pidMode, ipcMode].some((mode) => mode.startsWith('container:')),
    );
    if (tied.length > 0)
      return refuse(
        `${names(tied)} ${tied.length === 1 ? 'lives' : 'live'} in a namespace of ${use.name}, which ends when that is stopped`,
        `stop ${names(tied)} first, and start ${tied.length === 1 ? 'it' : 'them'} again after ${work}`,
      );
  }
  return undefined;
}

function judgeUse(use: ContainerUse, work: string): Refusal | undefined {
  return use.autoRemove
    ? refuse(
        `${use.name} was started with --rm: when it is stopped it is gone`,
        `stop it yourself, and start it anew after ${work}`,
      )
    : judgeOrchestrated(use);
}

function judgeState({ id, name }: ContainerUse, all: readonly Container[]): Refusal | undefined {
  const state = all.find((container) => container.id === id)?.state;
  return state?.paused === true || state?.restarting === true
    ? refuse(
        `${name} is ${state.paused ? 'paused' : 'restarting'}`,
        `${state.paused ? 'docker unpause it' : 'see why it does not stay up (docker logs), or stop it'} first`,
      )
    : undefined;
}

/** What would start it, or another in its place. */
export function judgeOrchestrated({ name, labels }: ContainerUse): Refusal | undefined {
  const orchestrator = orchestrators.find(([prefix]) =>
    Object.keys(labels).some((label) => label.startsWith(prefix)),
  )?.[1];
  return orchestrator === undefined
    ? undefined
    : refuse(
        `${name} belongs to ${orchestrator}, which would start it or another in its place`,
        `scale it down in ${orchestrator} first`,
      );
}
