import pLimit from 'p-limit';
import type { SelectedPlay } from '../config/load.ts';
import type { Host, Play } from '../config/types.ts';
import type { HostStatus } from '../errors.ts';
import { AppError, toAppError } from '../errors.ts';
import type { Operation } from '../operations/operation.ts';
import type { Plan } from '../plan/plan.ts';
import type { Transport } from '../transport/transport.ts';
import type { JsonObject } from '../values/json.ts';
import { applyHost } from './apply-host.ts';
import { exceeds, wavesOf } from './batch.ts';
import type { RunEvent } from './event.ts';
import { exitCodeOf, exitCodeOfError, worst } from './exit-status.ts';
import { HostRun } from './host-run.ts';
import type { Journal } from './journal.ts';
import type { Laptop } from './laptop.ts';
import { planHost } from './plan-host.ts';
import type { RunResult } from './recap.ts';
import { finishedEvent } from './recorder.ts';

/** Everything a run is given. */
export interface RunContext {
  readonly runId: string;
  readonly mode: 'plan' | 'apply';
  /** The playbook's file, for people. */
  readonly playbook: string;
  /** Its plays with the hosts that are selected, in the inventory's order. */
  readonly plays: readonly SelectedPlay[];
  readonly extraVars: JsonObject;
  readonly operations: ReadonlyMap<string, Operation>;
  readonly transport: Transport;
  readonly laptop: Laptop;
  /** Hosts that are worked on at once. */
  readonly forks: number;
  readonly signal: AbortSignal;
  readonly emit: (event: RunEvent) => void;
  /** Opened only when something is going to be changed. */
  readonly openJournal: () => Promise<Journal>;
  /** Shown the complete plan; false: nothing is to be changed. */
  readonly review: (plan: Plan) => Promise<boolean>;
  /** What `plan` ends with when there is something to do. */
  readonly exitCodeForPending: number;
}

interface RunState {
  readonly context: RunContext;
  readonly runs: readonly HostRun[];
  approved: boolean;
}

type Phase = (state: RunState) => Promise<void>;

/** A run is these phases, in this order. A plan is a run that ends before the last one. */
const phases: readonly Phase[] = [connectAndPlan, review, applyWaves];

/** Plans, and applies, a playbook. Resolves whatever happens to hosts: what happened is in the result. */
export async function run(context: RunContext): Promise<RunResult> {
  const started = performance.now();
  const runs = hostRuns(context);
  context.emit({ type: 'run.started', runId: context.runId, mode: context.mode, playbook: context.playbook, hosts: runs.map(({ name }) => name) });
  const state: RunState = { context, runs, approved: false };
  try {
    for (const phase of phases) await phase(state);
  } finally {
    await Promise.all(runs.flatMap(({ connections }) => [...connections.values()].map((connection) => connection.close())));
  }
  return finish(state, Math.round((performance.now() - started) / 100) / 10);
}

function hostRuns({ plays }: RunContext): readonly HostRun[] {
  const byName = new Map<string, { readonly host: Host; readonly plays: Play[] }>();
  for (const { play, hosts } of plays) {
    for (const host of hosts) {
      const mine = byName.get(host.name) ?? { host, plays: [] };
      mine.plays.push(play);
      byName.set(host.name, mine);
    }
  }
  return [...byName.values()].map((one) => new HostRun(one.host, one.plays));
}

async function connectAndPlan({ context, runs }: RunState): Promise<void> {
  const limit = pLimit(context.forks);
  await Promise.all(
    runs.map((host) =>
      limit(async () => {
        await planHost(context, host);
        if (host.error !== undefined || context.mode === 'plan') finishHost(context, host);
      }),
    ),
  );
}

async function review(state: RunState): Promise<void> {
  const { context, runs } = state;
  const plan: Plan = { playbook: context.playbook, hosts: runs.map((host) => host.toPlan()) };
  const yes = await context.review(plan);
  if (context.mode === 'plan') return;
  state.approved = yes;
  if (yes) return;
  for (const host of runs.filter((one) => !one.finished && one.hasChanges)) {
    host.error = new AppError('interrupted', 'the plan was not approved, so nothing was changed');
    finishHost(context, host);
  }
}

async function applyWaves(state: RunState): Promise<void> {
  const { context, runs } = state;
  const fit = runs.filter(({ error }) => error === undefined);
  if (state.approved && fit.some(({ hasChanges }) => hasChanges)) {
    const journal = await context.openJournal();
    try {
      for (const { play } of context.plays) {
        if (!(await applyPlay(context, journal, runs, play))) break;
      }
      for (const host of runs.filter((one) => !one.finished && one.error === undefined && one.hasChanges)) host.error = notStarted(context.signal.aborted);
    } finally {
      await journal.append({ type: 'end', at: new Date().toISOString(), status: statusOf(state) }).catch(() => undefined);
      await journal.close();
    }
  }
  for (const host of runs) finishHost(context, host);
}

/** Resolves with whether the next play may start. */
async function applyPlay(context: RunContext, journal: Journal, runs: readonly HostRun[], play: Play): Promise<boolean> {
  const mine = runs.filter(({ plays, error }) => error === undefined && plays.includes(play));
  const limit = pLimit(context.forks);
  const mayGoOn = (): boolean => {
    const failures = mine.filter(({ error }) => error !== undefined && error.code !== 'not-started').length;
    return !context.signal.aborted && !exceeds(failures, play.maxFailures, mine.length);
  };
  for (const wave of wavesOf(mine, play.batch)) {
    if (!mayGoOn()) {
      for (const host of wave) host.error = notStarted(context.signal.aborted);
    } else {
      await Promise.all(
        wave.map((host) =>
          limit(async () => {
            // What was owed was about the plan; now it is about what is done.
            if (host.plays[0] === play) host.owed = [];
            await applyHost(context, journal, host, play);
            await journal.append({ type: 'host', at: new Date().toISOString(), host: host.name, status: host.toResult().status, owed: host.owed }).catch((thrown: unknown) => {
              host.error ??= toAppError(thrown);
            });
            if (host.error !== undefined || host.plays.at(-1) === play) finishHost(context, host);
          }),
        ),
      );
    }
    for (const host of wave) if (host.error !== undefined) finishHost(context, host);
  }
  return mayGoOn();
}

function notStarted(interrupted: boolean): AppError {
  if (interrupted) return new AppError('not-started', 'the run was interrupted before its turn', { hint: 'nothing was changed on it: run the same again' });
  return new AppError('not-started', 'its turn did not come: more of the hosts before it failed than max_failures allows', { hint: 'nothing was changed on it: put the failure right, then run the same again' });
}

function finishHost({ emit }: RunContext, host: HostRun): void {
  if (host.finished) return;
  host.finished = true;
  emit(finishedEvent(host.name, host.error, { changed: host.applied.length > 0, step: host.error === undefined ? undefined : host.step, owed: host.owed }));
}

/** The worst of what became of the hosts; an interruption, as soon as it has kept one of them from being done. */
function statusOf({ context, runs }: Pick<RunState, 'context' | 'runs'>): HostStatus {
  const statuses = runs.map((host) => host.toResult().status);
  const cut = context.signal.aborted && statuses.some((status) => status === 'interrupted' || status === 'not-started');
  return cut ? 'interrupted' : worst(statuses);
}

function finish({ context, runs }: RunState, seconds: number): RunResult {
  const hosts = runs.map((host) => host.toResult());
  const status = statusOf({ context, runs });
  const pending = context.mode === 'plan' && runs.some((host) => host.error === undefined && host.hasChanges);
  const code = runs.some(({ error }) => error?.code === 'internal') ? exitCodeOfError('internal') : exitCodeOf(status);
  const exitCode = pending && code === 0 ? context.exitCodeForPending : code;
  context.emit({ type: 'run.finished', runId: context.runId, status, hosts: Object.fromEntries(hosts.map((host) => [host.host, host.status])), exitCode });
  return { runId: context.runId, mode: context.mode, hosts, status, pending, seconds, exitCode };
}
