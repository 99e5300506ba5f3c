import pLimit from 'p-limit';
import type { SelectedPlay } from '../../config/load.ts';
import type { Play } from '../../config/model/types.ts';
import { AppError, toAppError } from '../../errors.ts';
import { applyHost } from './apply-host.ts';
import type { Others } from './others.ts';
import { PlayStop } from './others.ts';
import { exceeds, wavesOf } from './batch.ts';
import type { HostRun } from '../planning/host-run.ts';
import type { Journal } from '../journal/journal.ts';
import { Members } from './members.ts';
import { connect } from '../planning/connect.ts';
import { finishedEvent } from '../report/shown.ts';
import type { RunContext, RunState } from '../planning/context.ts';

/** The last phase: the waves of every stage, with each host's end in the journal. */
export async function applyWaves(state: RunState): Promise<void> {
  const { context, runs } = state;
  const members = new Members();
  const fit = runs.filter(({ error }) => error === undefined);
  // What goes on from an earlier part is recorded even when there is nothing left to do.
  if (state.approved && (context.mode !== 'apply' || fit.some(({ hasChanges }) => hasChanges))) {
    const journal = await context.journal();
    await recordEnds(
      context,
      journal,
      runs.filter(({ error }) => error !== undefined),
    );
    for (const stage of stagesOf(context.plays)) {
      if (!(await applyStage(context, journal, runs, stage, members))) break;
    }
    for (const host of runs.filter(({ finished, error, hasChanges }) => !finished && error === undefined && hasChanges))
      host.error = notStarted(context.signal.aborted, false, host);
    await recordEnds(context, journal, runs);
  }
  for (const host of runs) sayFinished(context, host);
}

/** Plays of one number are carried out side by side. */
function stagesOf(plays: readonly SelectedPlay[]): readonly (readonly [Play, ...Play[]])[] {
  const stages = new Map<number, [Play, ...Play[]]>();
  for (const { play } of plays) {
    const stage = stages.get(play.number);
    if (stage === undefined) stages.set(play.number, [play]);
    else stage.push(play);
  }
  return [...stages.values()];
}

/** Resolves with whether the next stage may start. */
async function applyStage(
  context: RunContext,
  journal: Journal,
  runs: readonly HostRun[],
  plays: readonly [Play, ...Play[]],
  members: Members,
): Promise<boolean> {
  const [{ maxFailures, batch }] = plays;
  const ofStage = new Set<Play>(plays);
  const mine = runs.flatMap((host) => {
    const play = host.plays.find((one) => ofStage.has(one));
    return play === undefined || host.error !== undefined ? [] : [{ host, play }];
  });
  const stop = new PlayStop();
  const limit = pLimit(context.forks);
  let failures = 0;
  const mayGoOn = (): boolean =>
    !context.signal.aborted && !stop.stopped && !exceeds(failures, maxFailures, mine.length);
  for (const wave of wavesOf(mine, batch)) {
    if (!mayGoOn()) {
      for (const { host } of wave) host.error = notStarted(context.signal.aborted, stop.stopped, host);
    } else {
      await Promise.all(
        wave.map(({ host, play }) => limit(() => applyOne(context, journal, host, play, { stop, members }))),
      );
    }
    await recordEnds(
      context,
      journal,
      wave.flatMap(({ host }) => (host.error === undefined ? [] : [host])),
    );
    failures += wave.filter(({ host: { error } }) => error !== undefined && error.code !== 'not-started').length;
  }
  return mayGoOn();
}

async function applyOne(
  context: RunContext,
  journal: Journal,
  host: HostRun,
  play: Play,
  others: Others,
): Promise<void> {
  // What was owed was about the plan; now it is about what is done.
  if (host.plays[0] === play) host.owed = [];
  const [first] = play.steps;
  if (context.mode === 'rollback' && first !== undefined)
    context.emit({
      type: 'rollback.started',
      host: host.name,
      step: first.name,
      reason: `run ${context.runId} is taken back`,
    });
  await applyHost(context, journal, host, play, others);
  if (host.error === undefined && host.plays.at(-1) !== play) return;
  if (host.error === undefined) await afterwards(context, host);
  await recordEnd(context, journal, host);
  // With the connection goes the lock: others need not wait for the rest of the fleet.
  await host.close();
}

async function afterwards(context: RunContext, host: HostRun): Promise<void> {
  const { afterwards: work } = context;
  try {
    if (work === undefined) return;
    if (host.links.size === 0) await connect(context, host, {}, {});
    for (const link of host.links.values()) await work(link);
  } catch (thrown) {
    host.error = toAppError(thrown);
  }
}

function notStarted(interrupted: boolean, fatal: boolean, { applied }: HostRun): AppError {
  const changed = applied.length === 0 ? 'nothing was changed on it' : 'what an earlier play has done there stays';
  if (interrupted)
    return new AppError('not-started', 'the run was interrupted before its turn', {
      hint: `${changed}: plimsoll resume goes on with it`,
    });
  const why = fatal
    ? 'a host before it failed (any_errors_fatal)'
    : 'more of the hosts before it failed than max_failures allows';
  return new AppError('not-started', `its turn did not come: ${why}`, {
    hint: `${changed}: put the failure right, then plimsoll resume goes on with it`,
  });
}

/** All at once, so that they share the journal's writes. */
async function recordEnds(context: RunContext, journal: Journal, hosts: readonly HostRun[]): Promise<void> {
  await Promise.all(hosts.map((host) => recordEnd(context, journal, host)));
}

async function recordEnd(context: RunContext, journal: Journal, host: HostRun): Promise<void> {
  if (host.recorded) return;
  host.recorded = true;
  try {
    const { status, error, owed } = host.toResult(context.mode);
    const stopped =
      error === undefined
        ? {}
        : {
            error: { code: error.code, message: error.message },
            ...(host.step === undefined ? {} : { step: host.step }),
          };
    await journal.append({ type: 'host', at: new Date().toISOString(), host: host.name, status, owed, ...stopped });
    host.note((await context.records.settle(host.name, journal)).owed, []);
  } catch (thrown) {
    host.error ??= toAppError(thrown);
  }
  sayFinished(context, host);
}

/** Tells the renderers how a host has ended, once. */
export function sayFinished({ emit }: RunContext, host: HostRun): void {
  if (host.finished) return;
  host.finished = true;
  emit(
    finishedEvent(host.name, host.error, {
      changed: host.applied.length > 0,
      step: host.error === undefined ? undefined : host.step,
      owed: host.owed,
    }),
  );
}
