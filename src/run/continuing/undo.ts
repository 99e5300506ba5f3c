import * as z from 'zod';
import type { Change } from '../../operations/engine/change.ts';
import { type Decision, type Operation, type Planned, planned } from '../../operations/engine/operation.ts';
import { changeSchema, jsonSchema } from '../../plan/change-schema.ts';
import { fieldDifferences } from '../../plan/field-differences.ts';
import type { JsonObject } from '../../values/json.ts';
import { canonicalJson } from '../../values/json.ts';
import { refuse } from '../../values/refusal.ts';

/** A change of an earlier part of the run, and the operation's input that led to it. */
const schema = z.strictObject({
  step: z.string(),
  number: z.number(),
  operation: z.string(),
  want: jsonSchema,
  change: changeSchema,
  /** Whether all of it was done; otherwise only some of it was, or nobody knows. */
  complete: z.boolean(),
  /** A rollback has begun to take it back, and did not come to the end of that. */
  undoBegun: z.boolean().default(false),
});
export type UndoWant = z.infer<typeof schema>;

/**
 * Takes one change back. It is an operation like any other, so that a rollback is planned, shown,
 * approved, journalled, applied and verified by the same code as everything else: once the undo has
 * been done, the change's own operation must find the facts that it started from.
 */
export function undoOperation(operations: ReadonlyMap<string, Operation>): Operation<UndoWant> {
  const original = ({ operation }: UndoWant): Operation => {
    const found = operations.get(operation);
    if (found === undefined)
      throw new Error(`the journal names the operation ${operation}, which the registry does not have`);
    return found;
  };
  return {
    name: 'undo',
    summary: 'Take a change of an earlier part of the run back',
    schema,
    readOnly: false,
    repeats: false,
    secretFiles: (input) => {
      const { success, data } = schema.safeParse(input);
      return success && !leavesNothing(data.change) ? (original(data).secretFiles?.(data.want) ?? []) : [];
    },
    needs: (want, known) => (leavesNothing(want.change) ? [] : original(want).needs(want.want, known)),
    plan(want, known) {
      const { change } = want;
      if (isIrreversible(change))
        return { outcome: 'noop', reason: 'it cannot be undone', warnings: [`cannot be undone: ${change.summary}`] };
      if (leavesNothing(change)) return planned(nothingToUndo);
      const operation = original(want);
      return planned(planUndo(want, operation.plan(want.want, known), operation.standing?.(want.want, change, known)));
    },
    onceApplied: (want) => ({ ...want, undoBegun: false }),
    touches: (want, known) =>
      leavesNothing(want.change) ? { reads: [], changes: [] } : original(want).touches(want.want, known),
  };
}

function isIrreversible({ undo }: Change): boolean {
  return undo === 'irreversible';
}

/** Nothing has to be known of the host then, and no program of the playbook is run to find out. */
export function leavesNothing({ undo }: Change): boolean {
  return undo === 'irreversible' || undo.length === 0;
}

const nothingToUndo: Decision = { outcome: 'noop', reason: 'it has left nothing to be undone' };

/** `fresh` is what the change's own operation would do now; `standing` what its subject is, where the operation says so itself. */
function planUndo(
  { change, complete, undoBegun }: UndoWant,
  fresh: Planned,
  standing: JsonObject | undefined,
): Decision {
  if (change.undo === 'irreversible' || change.undo.length === 0) return nothingToUndo;
  // What was recorded of the change is settled when it is undone; the undo makes no version of its own.
  const { undoneTo = change.before, records: _, ...done } = change;
  const planned =
    fresh.outcome === 'change' ? fresh.changes : fresh.outcome === 'refused' ? (fresh.provisional ?? []) : [];
  const now = standing ?? planned.find(({ subject }) => subject === change.subject)?.before;
  // What is seen of it may be as it was while the last of what undoes it has not been done: the restart of a daemon.
  if (!undoBegun && now !== undefined && canonicalJson(now) === canonicalJson(undoneTo))
    return { outcome: 'noop', reason: 'it is as it was before' };
  const since =
    now === undefined
      ? fresh.outcome === 'refused'
        ? [fresh.reason]
        : []
      : fieldDifferences(change.after, among(change.after, now));
  if (complete && since.length > 0) {
    return refuse(
      `since "${change.summary}" it has been changed by somebody else: ${since.join('; ')}`,
      'look at the host; if it is to be put back all the same, do it by hand: plimsoll runs RUN -v shows the commands',
    );
  }
  return {
    outcome: 'change',
    changes: [{ ...done, before: change.after, after: undoneTo, actions: change.undo, undo: 'irreversible' }],
    ...(undoBegun
      ? { warnings: ['an earlier rollback has begun this and not come to its end: it is begun again'] }
      : {}),
  };
}

/** Only what the change has said about it. */
function among(named: JsonObject, all: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(all).filter(([key]) => key in named));
}
