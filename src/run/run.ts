import pLimit from 'p-limit';
import type { Host, Play } from '../config/model/types.ts';
import type { HostStatus } from '../errors.ts';
import { AppError, toAppError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { makesVersions } from '../plan/plan.ts';
import { applyWaves, sayFinished } from './applying/apply-waves.ts';
import { hostBasis } from './journal/basis.ts';
import type { RunRequest, RunState } from './planning/context.ts';
import { exitCodeOf, exitCodeOfError, worst } from './report/exit-status.ts';
import { HostRun } from './planning/host-run.ts';
import type { Journal } from './journal/journal.ts';
import { connectHost, planHost } from './planning/plan-host.ts';
import { ProgramGate } from './planning/read-programs.ts';
import type { RunResult } from './report/recap.ts';

type Phase = (state: RunState) => Promise<void>;

/** A run is these phases, in this order. A plan is a run that ends before the last one. */
const phases: readonly Phase[] = [connectAndPlan, review, applyWaves];

/** Plans, and applies, a playbook. Resolves whatever happens to hosts: what happened is in the result. */
export async function run(request: RunRequest): Promise<RunResult> {
  const started = performance.now();
  const runs = hostRuns(request);
  request.emit({
    type: 'run.started',
    runId: request.runId,
    mode: request.mode,
    playbook: request.playbook,
    hosts: runs.map(({ name }) => name),
  });
  const state: RunState = {
    context: { ...request, programs: new ProgramGate(request.mayRead), journal: () => openedJournal(state) },
    runs,
    approved: false,
    journal: undefined,
  };
  try {
    for (const phase of phases) await phase(state);
  } finally {
    await Promise.all(runs.map((host) => host.close()));
    await closeJournal(state);
  }
  return finish(state, Math.round((performance.now() - started) / 100) / 10);
}

function hostRuns({ plays, basis }: RunRequest): readonly HostRun[] {
  const byName = new Map<string, { readonly host: Host; readonly plays: Play[] }>();
  for (const { play, hosts } of plays) {
    for (const host of hosts) {
      const mine = byName.get(host.name) ?? { host, plays: [] };
      mine.plays.push(play);
      byName.set(host.name, mine);
    }
  }
  return [...byName.values()].map((one) => new HostRun(one.host, one.plays, hostBasis(basis, one.host.name)));
}

function planOf({ context, runs }: RunState): Plan {
  return { playbook: context.playbook, hosts: runs.map((host) => host.toPlan()) };
}

async function openedJournal(state: RunState): Promise<Journal> {
  state.journal ??= state.context.openJournal(planOf(state)).then((journal) => state.context.records.watching(journal));
  return state.journal;
}

async function closeJournal(state: RunState): Promise<void> {
  const journal = await state.journal?.catch(() => undefined);
  if (journal === undefined) return;
  await journal.append({ type: 'end', at: new Date().toISOString(), status: statusOf(state) }).catch(() => undefined);
  await journal.close();
}

/** A connection is mostly waiting: as many hosts again are connected to while the others are planned. */
const connectingPerFork = 2;

async function connectAndPlan({ context, runs }: RunState): Promise<void> {
  const connecting = pLimit(context.forks * connectingPerFork);
  const planning = pLimit(context.forks);
  await Promise.all(
    runs.map(async (host) => {
      await connecting(() => connectHost(context, host));
      await planning(() => planHost(context, host));
      if (host.error !== undefined || context.mode === 'plan') sayFinished(context, host);
    }),
  );
}

async function review(state: RunState): Promise<void> {
  const { context, runs } = state;
  await checkRecords(state);
  const yes = await context.review(planOf(state));
  if (context.mode === 'plan') return;
  state.approved = yes;
  if (yes) return;
  for (const host of runs.filter((one) => !one.finished && one.hasChanges)) {
    host.error = new AppError('interrupted', 'the plan was not approved, so none of its changes was made');
    sayFinished(context, host);
  }
}

/**
 * Versions are recorded before they are made, so nothing is begun while that is not possible. What has
 * begun already is gone on with all the same: what the records do not know is owed then.
 */
async function checkRecords({ context, runs }: RunState): Promise<void> {
  const { mode, records, signal } = context;
  const concerned = runs.filter((host) => host.error === undefined && host.hasChanges);
  if ((mode !== 'plan' && mode !== 'apply') || !concerned.some((host) => host.toPlan().steps.some(makesVersions)))
    return;
  try {
    await records.check(signal);
  } catch (thrown) {
    const error = toAppError(thrown);
    for (const host of concerned) {
      if (mode === 'plan') host.warn(makesVersions, `it cannot be applied now: ${error.message}`);
      else host.error = error;
    }
  }
}

/** The worst of what became of the hosts; an interruption, as soon as it has kept one of them from being done. */
function statusOf({ context, runs }: Pick<RunState, 'context' | 'runs'>): HostStatus {
  const statuses = runs.map((host) => host.toResult(context.mode).status);
  const cut = context.signal.aborted && statuses.some((status) => status === 'interrupted' || status === 'not-started');
  return cut ? 'interrupted' : worst(statuses);
}

function finish({ context, runs }: RunState, seconds: number): RunResult {
  const hosts = runs.map((host) => host.toResult(context.mode));
  const status = statusOf({ context, runs });
  const pending = context.mode === 'plan' && runs.some((host) => host.error === undefined && host.hasChanges);
  const code = runs.some(({ error }) => error?.code === 'internal') ? exitCodeOfError('internal') : exitCodeOf(status);
  const exitCode = pending && code === 0 ? context.exitCodeForPending : code;
  const programs = context.programs.run;
  context.emit({
    type: 'run.finished',
    runId: context.runId,
    status,
    hosts: Object.fromEntries(hosts.map((host) => [host.host, host.status])),
    exitCode,
    ...(programs.programs === 0 ? {} : { programs }),
  });
  return { runId: context.runId, mode: context.mode, hosts, status, pending, seconds, exitCode, programs };
}
