import * as z from 'zod';
import type { RecordNote } from '../../operations/engine/change.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import { canonicalJson } from '../../values/json.ts';
import type { Intent, JournalRecord, RecordedOutcome } from './journal.ts';
import type { Settled } from './records.ts';

/** A change that was begun on a host, as far as the journal knows. */
export interface BegunChange {
  /** Of the first actions of its last attempt. */
  readonly intent: Intent;
  /** Changes of the same attempt at a step have the same number here; a later one has a larger number. */
  readonly attempt: number;
  /** `unknown`: nobody knows what became of an effect, or only some of the actions were come to. */
  readonly outcome: 'done' | 'failed' | 'unknown';
  /** What the last of its programs printed. */
  readonly output: StepOutput | undefined;
  readonly undone: boolean;
  /** A rollback has begun to take it back, and did not come to the end of that. */
  readonly undoBegun: boolean;
  /** What it needs to be undone has been removed. */
  readonly finalized: boolean;
}

/** A version of a volume's or container's specification that a change was to make. */
export interface BegunVersion {
  readonly note: RecordNote;
  /** Absent when the records could not be reached. */
  readonly version?: number;
  readonly intent: Intent;
  /** What the records are to say of it; absent while nobody knows what became of the change. */
  readonly is?: Settled;
  /** Its making has failed, and nobody knows whether it is there all the same. */
  readonly failed?: true;
  /** What they have been told. */
  readonly told?: Settled;
}

/** What `rollback` and `finalize` do is not a change of the playbook: it is done to one. */
export function isAfterwards({ operation }: Pick<Intent, 'operation'>): boolean {
  return operation === 'undo' || operation === 'finalize';
}

/** The input of those two operations names the change. */
const afterwardsInput = z.object({ step: z.string(), number: z.number(), change: z.json() });

/** Errors after which the effect may have happened all the same. */
const undecided: ReadonlySet<string> = new Set(['outcome-unknown', 'connection-lost']);

interface Group {
  readonly intent: Intent;
  outcome?: RecordedOutcome;
}

interface Tracked {
  readonly operation: string;
  readonly step: string;
  /** The change's canonical JSON. */
  readonly text: string;
  number: number;
  attempt: number;
  /** By their actions, in the order in which they were begun. */
  groups: Map<string, Group>;
  /** The change that this one is done to. */
  target?: Tracked | undefined;
  undone: boolean;
  finalized: boolean;
  /** By kind and name: what the records have been told. */
  told: Map<string, Recorded>;
}

type Recorded = Extract<JournalRecord, { readonly type: 'recorded' }>;

/**
 * The changes of one host, put together from its intents and outcomes. Each attempt at a step (a retry,
 * a later part of the run) is planned anew, so that number 0 may be another change then, and both have
 * happened. An equal change is the same one, and its last attempt decides.
 */
export class BegunChanges {
  #changes: Tracked[] = [];
  #attempt = 0;
  /** The attempt that each step is in. */
  #steps = new Map<string, { readonly attempt: number; readonly number: number }>();

  /** Whatever comes now belongs to other attempts. */
  nextPart(): void {
    this.#steps = new Map();
  }

  intent(intent: Intent): void {
    const begins = intent.actions.length === 0 || intent.actions.includes(0);
    const tracked = begins ? this.#begin(intent) : (this.#underWay(intent) ?? this.#begin(intent));
    tracked.groups.set(keyOf(intent), { intent });
  }

  /** An outcome without an intent says nothing about any change. */
  outcome(outcome: RecordedOutcome): void {
    const key = keyOf(outcome);
    const tracked = this.#changes.findLast(({ step, number, groups }) => {
      const group = groups.get(key);
      return step === outcome.step && number === outcome.number && group !== undefined && group.outcome === undefined;
    });
    const group = tracked?.groups.get(key);
    if (tracked === undefined || group === undefined) return;
    group.outcome = outcome;
    if (tracked.target === undefined || outcomeOf(tracked) !== 'done') return;
    if (tracked.operation === 'undo') tracked.target.undone = true;
    else tracked.target.finalized = true;
  }

  /** The records know of a version now. */
  recorded(record: Recorded): void {
    const own = this.#changes.filter(({ step }) => step === record.step);
    const noted = (tracked: Tracked): boolean =>
      tracked.number === record.number &&
      firstOf(tracked)?.change.records?.some((note) => subjectOf(note) === subjectOf(record)) === true;
    const tracked = own.findLast((each) => versionOf(each, record) === record.version) ?? own.findLast(noted);
    tracked?.told.set(subjectOf(record), record);
  }

  /**
   * The versions that the playbook's changes were to make, in the order in which they were begun. With
   * `isDone` the host has been verified since: of each thing the last one is there, be it known or not.
   */
  versions(isDone: boolean): readonly BegunVersion[] {
    const all = this.#changes.filter((tracked) => !isAfterwards(tracked)).flatMap(versionsOf);
    return all.flatMap((one, index) => {
      const later = all.slice(index + 1).filter(({ note }) => subjectOf(note) === subjectOf(one.note));
      // One that was claimed again counts once.
      if (one.version !== undefined && later.some(({ version }) => version === one.version)) return [];
      return [
        one.is === undefined && isDone && one.failed !== true
          ? { ...one, is: one.note.removes === true ? 'removed' : later.length === 0 ? 'current' : 'abandoned' }
          : one,
      ];
    });
  }

  /** A rollback has come to its end: what it did not have to do anything for is as it was, too. */
  rolledBack(): void {
    for (const tracked of this.#changes)
      if (
        [...tracked.groups.values()].every(
          ({ intent: { change } }) => change.undo !== 'irreversible' && change.undo.length > 0,
        )
      )
        tracked.undone = true;
  }

  /** The playbook's changes, in the order in which they were last begun. */
  list(): readonly BegunChange[] {
    const undoBegun = new Set(
      this.#changes.filter((one) => one.operation === 'undo' && !neverArrived(one)).map(({ target }) => target),
    );
    return this.#changes
      .filter((tracked) => !isAfterwards(tracked) && !neverArrived(tracked))
      .flatMap((tracked) => show(tracked, undoBegun.has(tracked)));
  }

  /** Intents without an outcome, those of `rollback` and `finalize` among them. */
  open(): readonly Intent[] {
    return this.#changes.flatMap(({ groups }) =>
      [...groups.values()].flatMap(({ intent, outcome }) => (outcome === undefined ? [intent] : [])),
    );
  }

  #begin(intent: Intent): Tracked {
    const { operation, step, number } = intent;
    const text = canonicalJson(intent.change);
    const attempt = this.#attemptOf(intent);
    const earlier = this.#changes.filter(
      (each) =>
        each.operation === operation &&
        each.step === step &&
        each.text === text &&
        each.attempt !== attempt &&
        !each.undone &&
        !each.finalized,
    );
    const same = earlier.findLast((each) => each.number === number) ?? earlier.at(-1);
    const target = this.#targetOf(intent);
    if (same === undefined) {
      const tracked = {
        operation,
        step,
        text,
        number,
        attempt,
        groups: new Map<string, Group>(),
        target,
        undone: false,
        finalized: false,
        told: new Map<string, Recorded>(),
      };
      this.#changes.push(tracked);
      return tracked;
    }
    same.number = number;
    same.attempt = attempt;
    same.groups = new Map();
    same.told = new Map();
    same.target = target;
    this.#changes = [...this.#changes.filter((each) => each !== same), same];
    return same;
  }

  /** The numbers of one attempt ascend. */
  #attemptOf({ operation, step, number }: Intent): number {
    const key = `${operation} ${step}`;
    const current = this.#steps.get(key);
    const attempt = current !== undefined && number > current.number ? current.attempt : (this.#attempt += 1);
    this.#steps.set(key, { attempt, number });
    return attempt;
  }

  #underWay({ operation, step, number }: Intent): Tracked | undefined {
    return this.#changes.findLast(
      (each) => each.operation === operation && each.step === step && each.number === number,
    );
  }

  #targetOf(intent: Intent): Tracked | undefined {
    const input = isAfterwards(intent) ? afterwardsInput.safeParse(intent.want) : undefined;
    if (input?.success !== true) return undefined;
    const { step, number, change } = input.data;
    const text = canonicalJson(change);
    return this.#changes.findLast(
      (each) =>
        !isAfterwards(each) && !each.undone && each.step === step && each.number === number && each.text === text,
    );
  }
}

function keyOf({ actions }: { readonly actions: readonly number[] }): string {
  return actions.join();
}

/** The host has been asked, and has never heard of it. */
function neverArrived({ groups }: Tracked): boolean {
  return [...groups.values()].every(({ outcome }) => outcome?.error?.code === 'not-started');
}

function outcomeOf({ groups }: Tracked): BegunChange['outcome'] {
  const all = [...groups.values()];
  if (all.some(({ outcome }) => outcome === undefined || undecided.has(outcome.error?.code ?? ''))) return 'unknown';
  if (all.some(({ outcome }) => outcome?.error !== undefined)) return 'failed';
  const come = new Set(all.flatMap(({ intent }) => intent.actions));
  return all[0]?.intent.change.actions.every((_, index) => come.has(index)) === true ? 'done' : 'unknown';
}

function firstOf({ groups }: Tracked): Intent | undefined {
  return groups.values().next().value?.intent;
}

function subjectOf({ kind, name }: Pick<RecordNote, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

function versionOf(tracked: Tracked, about: Pick<RecordNote, 'kind' | 'name'>): number | undefined {
  const subject = subjectOf(about);
  return (firstOf(tracked)?.records?.find((claim) => subjectOf(claim) === subject) ?? tracked.told.get(subject))
    ?.version;
}

function versionsOf(tracked: Tracked): readonly BegunVersion[] {
  const intent = firstOf(tracked);
  return (intent?.change.records ?? []).flatMap((note) => {
    const is = stateOf(tracked, note);
    const version = versionOf(tracked, note);
    const told = tracked.told.get(subjectOf(note))?.state;
    const failed = is === undefined && outcomeOf(tracked) === 'failed';
    return intent === undefined
      ? []
      : [
          {
            note,
            intent,
            ...(version === undefined ? {} : { version }),
            ...(is === undefined ? {} : { is }),
            ...(failed ? { failed } : {}),
            ...(told === undefined ? {} : { told }),
          },
        ];
  });
}

function stateOf(tracked: Tracked, { kind, removes }: RecordNote): Settled | undefined {
  const outcome = outcomeOf(tracked);
  // What could not be removed is there still, or in part.
  if (removes === true) return outcome === 'done' ? 'removed' : undefined;
  if (tracked.undone) return 'undone';
  if (neverArrived(tracked)) return 'abandoned';
  if (outcome === 'done') return 'current';
  // A volume whose making has failed may be there all the same: as one of the fleet's it counts until somebody knows.
  return outcome === 'unknown' || kind === 'scaled' ? undefined : 'abandoned';
}

function show(tracked: Tracked, undoBegun: boolean): readonly BegunChange[] {
  const groups = [...tracked.groups.values()];
  const [first] = groups;
  if (first === undefined) return [];
  const { attempt, undone, finalized } = tracked;
  const output = groups.findLast(({ outcome }) => outcome?.output !== undefined)?.outcome?.output;
  return [
    {
      intent: first.intent,
      attempt,
      outcome: outcomeOf(tracked),
      output,
      undone,
      undoBegun: undoBegun && !undone,
      finalized,
    },
  ];
}
