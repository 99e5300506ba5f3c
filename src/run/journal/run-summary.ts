import type { ErrorCode, HostStatus } from '../../errors.ts';
import type { BegunChange } from './begun-changes.ts';
import type { History, HostHistory, HostState, Part, PartMode } from './history.ts';
import { isUnfinished, unsettled } from './history.ts';
import type { RunHolder } from './run-lock.ts';
import type { RunPlace } from './run-store.ts';
import { commandOf } from '../report/shown.ts';
import { byHand } from '../../values/shell.ts';

/** `running`: a process of this machine is working on it. */
export type ShownState = HostState | 'running';

/** What a list of runs says of one, as its journal alone tells it. Plain JSON. */
export interface RunTotals {
  readonly playbook: string;
  /** When it began, ISO 8601, and who began it. */
  readonly at: string;
  readonly by: string;
  /** What its last part is for. */
  readonly mode: PartMode;
  /** How that part ended; absent when it was cut, or is still going on. */
  readonly status?: HostStatus;
  /** How many hosts are in each state. */
  readonly states: Readonly<Partial<Record<HostState, number>>>;
  /** Of those that are interrupted, the ones of which the last part has not said how they ended. */
  readonly cut: number;
  /** How many things are owed, over all hosts. */
  readonly owed: number;
  /** The commands that go on with it, without the run's id. */
  readonly next: readonly string[];
}

/** One run of several, as it is listed. Plain JSON. */
export interface RunSummary extends RunPlace, Omit<RunTotals, 'states' | 'cut' | 'next'> {
  readonly running?: RunHolder;
  /** How many hosts are in each state. */
  readonly states: Readonly<Partial<Record<ShownState, number>>>;
  /** Commands that go on with it. */
  readonly next: readonly string[];
}

export interface ChangeDetails {
  readonly step: string;
  readonly name: string;
  readonly operation: string;
  readonly summary: string;
  readonly outcome: BegunChange['outcome'];
  /** Whether it can be, need not be, cannot be (any more), or has been rolled back. */
  readonly rollback: 'possible' | 'needless' | 'impossible' | 'done';
  readonly finalized: boolean;
  /** What a rollback runs, as texts, in order. */
  readonly undo: readonly string[] | 'irreversible';
}

export interface HostDetails {
  readonly host: string;
  readonly state: ShownState;
  /** Of the last part in which the host came to anything. */
  readonly mode: PartMode;
  /** The step at which it stopped. */
  readonly step?: string;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  readonly owed: readonly string[];
  readonly changes: readonly ChangeDetails[];
}

/** One run with each of its hosts. Plain JSON. */
export interface RunDetails extends RunSummary {
  readonly parts: readonly Part[];
  readonly hosts: readonly HostDetails[];
}

export function totalsOf(history: History): RunTotals {
  const { playbook, parts, hosts } = history;
  const [first] = parts;
  const last = parts.at(-1) ?? first;
  const states: Partial<Record<HostState, number>> = {};
  for (const { state } of hosts) states[state] = (states[state] ?? 0) + 1;
  return {
    playbook,
    at: first.at,
    by: first.by,
    mode: last.mode,
    ...(last.status === undefined ? {} : { status: last.status }),
    states,
    cut: hosts.filter(isCut).length,
    owed: hosts.reduce((sum, { owed }) => sum + owed.length, 0),
    next: nextOf(history),
  };
}

export function summaryOf(
  { runId, directory }: RunPlace,
  { playbook, at, by, mode, status, states, cut, owed, next }: RunTotals,
  running: RunHolder | undefined,
): RunSummary {
  return {
    runId,
    directory,
    playbook,
    at,
    by,
    mode,
    ...(status === undefined ? {} : { status }),
    ...(running === undefined ? {} : { running }),
    states: running === undefined || cut === 0 ? states : atWork(states, cut),
    owed,
    next: running === undefined ? next.map((command) => byHand('plimsoll', ...command.split(' '), runId)) : [],
  };
}

/** What is cut is being worked on, as long as somebody has the run. */
function atWork({ interrupted = 0, ...others }: RunTotals['states'], cut: number): RunSummary['states'] {
  return { ...others, ...(interrupted === cut ? {} : { interrupted: interrupted - cut }), running: cut };
}

export function detailsOf(place: RunPlace, history: History, running: RunHolder | undefined): RunDetails {
  return {
    ...summaryOf(place, totalsOf(history), running),
    parts: history.parts,
    hosts: history.hosts.map((host) => hostDetails(host, running)),
  };
}

function hostDetails(host: HostHistory, running: RunHolder | undefined): HostDetails {
  const { mode, step, error, owed, changes } = host;
  return {
    host: host.host,
    state: stateOf(host, running),
    mode,
    ...(step === undefined ? {} : { step }),
    ...(error === undefined ? {} : { error }),
    owed,
    changes: changes.map(changeDetails),
  };
}

function changeDetails(change: BegunChange): ChangeDetails {
  const {
    step,
    name,
    operation,
    change: { summary, undo },
  } = change.intent;
  const { outcome, finalized } = change;
  return {
    step,
    name,
    operation,
    summary,
    outcome,
    rollback: rollbackOf(change),
    finalized,
    undo: undo === 'irreversible' ? undo : undo.map(commandOf),
  };
}

function rollbackOf({ intent: { change }, undone, finalized }: BegunChange): ChangeDetails['rollback'] {
  if (change.undo.length === 0) return 'needless';
  if (undone) return 'done';
  return change.undo === 'irreversible' || finalized ? 'impossible' : 'possible';
}

function stateOf(host: HostHistory, running: RunHolder | undefined): ShownState {
  return isCut(host) && running !== undefined ? 'running' : host.state;
}

function isCut({ state, ended }: HostHistory): boolean {
  return state === 'interrupted' && !ended;
}

/** What was being done is gone on with; when all of it is done, what was kept for a rollback can be removed. */
function nextOf({ hosts }: History): readonly string[] {
  const unfinished = new Set(hosts.filter(isUnfinished).map(({ mode }) => mode));
  if (unfinished.size > 0) {
    return [
      ...(['rollback', 'finalize'] as const).filter((mode) => unfinished.has(mode)),
      ...(unfinished.has('apply') || unfinished.has('resume') ? ['resume'] : []),
    ];
  }
  const kept = hosts.some(({ changes }) =>
    changes.some(({ intent, finalized }) => intent.change.finalize !== undefined && !finalized),
  );
  return [
    ...(hosts.some(({ versions }) => unsettled(versions).length > 0) ? ['records settle'] : []),
    ...(kept ? ['finalize'] : []),
  ];
}
