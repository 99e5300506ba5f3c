import type { ErrorCode, HostStatus } from '../../errors.ts';
import type { PlanFile } from '../../plan/plan-file.ts';
import type { Basis, Past } from './basis.ts';
import { type BegunChange, BegunChanges, type BegunVersion, isAfterwards } from './begun-changes.ts';
import type { Intent, JournalRecord } from './journal.ts';
import type { RunMode } from '../report/recap.ts';
import type { Settled } from './records.ts';
import { grouped } from '../../values/grouped.ts';
import { byHand } from '../../values/shell.ts';

/** What a part of a run is for. */
export type PartMode = Exclude<RunMode, 'plan'>;

/** A run begins as an `apply`; `resume`, `rollback` and `finalize` add parts to it. */
export interface Part {
  readonly mode: PartMode;
  readonly at: string;
  readonly by: string;
  /** Absent when the part was cut, or is still going on. */
  readonly status?: HostStatus;
}

/** How things stand on one host. `interrupted` is also said of one that was cut, or is being worked on. */
export type HostState = Exclude<HostStatus, 'ok' | 'changed'> | 'done' | 'rolled-back' | 'finalized';

export interface HostHistory {
  readonly host: string;
  readonly state: HostState;
  /** Of the last part in which the host came to anything. */
  readonly mode: PartMode;
  /** Whether that part said how the host ended. */
  readonly ended: boolean;
  /** The step at which it stopped. */
  readonly step?: string;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  readonly owed: readonly string[];
  /** In the order in which they were begun. */
  readonly changes: readonly BegunChange[];
  /** Intents that have no outcome, those of a rollback among them. */
  readonly open: readonly Intent[];
  /** What is, or is to be, recorded of them. */
  readonly versions: readonly BegunVersion[];
  /** The last intent of each step of the playbook. */
  readonly intents: ReadonlyMap<string, Intent>;
}

/** A run as its journal tells it. */
export interface History {
  readonly runId: string;
  readonly playbook: string;
  /** Where the versions that it makes are recorded. */
  readonly recordsAt: string | undefined;
  /** At least the first. */
  readonly parts: readonly [Part, ...Part[]];
  readonly hosts: readonly HostHistory[];
  /** What it was read from. */
  readonly records: readonly JournalRecord[];
}

/** What has been read of one host so far. */
class HostRecords {
  readonly changes = new BegunChanges();
  readonly intents = new Map<string, Intent>();
  /** What the host's last record said. */
  ended: { readonly record: Extract<JournalRecord, { type: 'host' }>; readonly mode: PartMode } | undefined;
  /** The last thing that was begun since. */
  begun: { readonly step: string; readonly mode: PartMode } | undefined;
}

/** Pure. The records are those of one journal, the first of which is its `run`. */
export function historyOf(records: readonly JournalRecord[]): History {
  const [first] = records;
  if (first?.type !== 'run') throw new Error('a journal begins with the run');
  const parts: [Part, ...Part[]] = [{ mode: 'apply', at: first.at, by: first.by }];
  const hosts = new Map(first.hosts.map((host) => [host, new HostRecords()]));
  const of = (host: string): HostRecords => {
    const found = hosts.get(host) ?? new HostRecords();
    hosts.set(host, found);
    return found;
  };
  let mode: PartMode = 'apply';
  for (const record of records) {
    switch (record.type) {
      case 'run':
        break;
      case 'continued':
        mode = record.mode;
        parts.push({ mode, at: record.at, by: record.by });
        for (const { changes } of hosts.values()) changes.nextPart();
        break;
      case 'intent': {
        const host = of(record.host);
        host.changes.intent(record);
        host.begun = { step: record.name, mode };
        if (!isAfterwards(record)) host.intents.set(record.step, record);
        break;
      }
      case 'outcome':
        of(record.host).changes.outcome(record);
        break;
      case 'recorded':
        of(record.host).changes.recorded(record);
        break;
      case 'host': {
        const host = of(record.host);
        const rolledBack = stateOf(record.status, mode) === 'rolled-back';
        if (rolledBack) host.changes.rolledBack();
        const asItWas = leavesAsIs(record, mode, host);
        if (!asItWas) host.ended = { record, mode };
        if (!asItWas || host.begun?.mode === mode) host.begun = undefined;
        break;
      }
      case 'end': {
        const last = parts.pop();
        if (last !== undefined) parts.push({ ...last, status: record.status });
      }
    }
  }
  return {
    runId: first.runId,
    playbook: first.playbook,
    recordsAt: first.records,
    parts,
    hosts: [...hosts].map(([host, read]) => hostHistory(first.runId, host, read)),
    records,
  };
}

/** Of a rollback or finalize, whether it has not come to doing anything there: then things stand as they stood. */
function leavesAsIs(
  { status }: Extract<JournalRecord, { type: 'host' }>,
  mode: PartMode,
  { begun, changes }: HostRecords,
): boolean {
  if (mode !== 'rollback' && mode !== 'finalize') return false;
  const state = stateOf(status, mode);
  if (state === 'finalized') return false;
  if (state !== 'rolled-back') return begun?.mode !== mode;
  const all = changes.list();
  return all.length > 0 && !all.some(({ undone }) => undone);
}

function hostHistory(runId: string, host: string, { changes, intents, ended, begun }: HostRecords): HostHistory {
  const isDone = begun === undefined && ended !== undefined && stateOf(ended.record.status, ended.mode) === 'done';
  const versions = changes.versions(isDone);
  const read = {
    host,
    owed: [...(ended?.record.owed ?? []), ...owedRecords(runId, versions)],
    versions,
    changes: changes.list(),
    open: changes.open(),
    intents,
  };
  if (begun !== undefined) return { ...read, state: 'interrupted', mode: begun.mode, ended: false, step: begun.step };
  if (ended === undefined) return { ...read, state: 'not-started', mode: 'apply', ended: false };
  const { mode, record } = ended;
  return {
    ...read,
    state: stateOf(record.status, mode),
    mode,
    ended: true,
    ...(record.step === undefined ? {} : { step: record.step }),
    ...(record.error === undefined ? {} : { error: record.error }),
  };
}

function stateOf(status: HostStatus, mode: PartMode): HostState {
  if (status !== 'ok' && status !== 'changed') return status;
  if (mode === 'rollback') return 'rolled-back';
  return mode === 'finalize' ? 'finalized' : 'done';
}

/** What the records do not know yet. What was never claimed, and was not made either, need not be known. */
export function unsettled(versions: readonly BegunVersion[]): readonly (BegunVersion & { readonly is: Settled })[] {
  return versions.flatMap((one) =>
    one.is === undefined ||
    one.is === one.told ||
    (one.version === undefined && one.is !== 'current' && one.is !== 'removed')
      ? []
      : [{ ...one, is: one.is }],
  );
}

/** What is owed because of that, one line for each version. */
export function owedRecords(runId: string, versions: readonly BegunVersion[]): readonly string[] {
  return unsettled(versions).map(({ note, version, is }) => {
    const what = nameOfVersion(note, version);
    return `${what} is ${is === 'current' ? 'made' : is}, and not in the records yet: ${byHand('plimsoll', 'records', 'settle', runId)}`;
  });
}

function nameOfVersion({ kind, name, version: noted }: BegunVersion['note'], version: number | undefined): string {
  if (kind === 'scaled') return `${name}-${String(version ?? noted)}, an instance of the scaled volume ${name},`;
  return version === undefined ? `the new version of ${kind} ${name}` : `version ${String(version)} of ${kind} ${name}`;
}

/** Whether `resume` has something to go on with there. */
export function isUnfinished({ state }: HostHistory): boolean {
  return state !== 'done' && state !== 'rolled-back' && state !== 'finalized';
}

/** The changes that a rollback is about: what has, or may have, had an effect. Oldest first. */
export function changesInEffect({ changes }: HostHistory): readonly BegunChange[] {
  return changes.filter(({ undone }) => !undone);
}

/** What the next part of the run starts from. */
export function basisOf(history: History, plan: PlanFile): Basis {
  const planned = new Map(
    plan.hosts.map(({ host, steps }) => [host, new Map(steps.map((step) => [step.id, step.want]))]),
  );
  const hosts = new Map(history.hosts.map((host) => [host.host, host]));
  let records: ReadonlyMap<string, readonly JournalRecord[]> | undefined;
  const basis = (known: ReadonlyMap<string, HostHistory>): Basis => {
    const of = (host: string): HostHistory | undefined => known.get(host) ?? hosts.get(host);
    return {
      approved: () => undefined,
      want: (host, step) => of(host)?.intents.get(step)?.want ?? planned.get(host)?.get(step) ?? undefined,
      past: (host, step) => pastOf(of(host)?.changes ?? [], step),
      open: (host) => of(host)?.open ?? [],
      knowing(outcomes) {
        records ??= recordsByHost(history.records);
        const all = new Map(known);
        for (const [host, its] of grouped(outcomes, (outcome) => outcome.host)) {
          const [now] = historyOf([...(records.get(host) ?? []), ...its]).hosts;
          if (now !== undefined) all.set(host, now);
        }
        return basis(all);
      },
    };
  };
  return basis(new Map());
}

/** What a journal says of each host: for every one a journal of its own. */
function recordsByHost(records: readonly JournalRecord[]): ReadonlyMap<string, readonly JournalRecord[]> {
  /** Of the run as a whole, and how many of them each host has so far. */
  const ofAll: JournalRecord[] = [];
  const hosts = new Map<string, { readonly own: JournalRecord[]; ofAll: number }>();
  const catchUp = (host: string): JournalRecord[] => {
    const one = hosts.get(host) ?? { own: [], ofAll: 0 };
    hosts.set(host, one);
    for (; one.ofAll < ofAll.length; one.ofAll += 1) {
      const record = ofAll[one.ofAll];
      if (record !== undefined) one.own.push(record.type === 'run' ? { ...record, hosts: [host] } : record);
    }
    return one.own;
  };
  for (const record of records) {
    if ('host' in record) catchUp(record.host).push(record);
    else ofAll.push(record);
  }
  for (const host of hosts.keys()) catchUp(host);
  return new Map([...hosts].map(([host, { own }]) => [host, own]));
}

function pastOf(changes: readonly BegunChange[], step: string): Past | undefined {
  const own = changes.filter(({ intent }) => intent.step === step);
  const attempt = Math.max(...own.map((change) => change.attempt));
  const begun = own.filter((change) => change.attempt === attempt);
  if (begun.length === 0 || begun.some(({ undone }) => undone)) return undefined;
  const unknown = begun.find(({ outcome }) => outcome === 'unknown');
  // What is no program on the host (a wait) is simply done again.
  if (unknown !== undefined)
    return unknown.intent.work === undefined ? undefined : { kind: 'unknown', summary: unknown.intent.change.summary };
  if (begun.some(({ outcome }) => outcome === 'failed')) return undefined;
  return { kind: 'done', output: begun.findLast(({ output }) => output !== undefined)?.output };
}
