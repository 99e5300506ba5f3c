import type { SelectedPlay } from '../../config/load.ts';
import type { Host, Place, Play, Step } from '../../config/model/types.ts';
import type { PlanFile } from '../../plan/plan-file.ts';
import type { StepPlan } from '../../plan/plan.ts';
import type { BegunChange } from '../journal/begun-changes.ts';
import type { FinalizeWant } from './finalize.ts';
import type { HostHistory } from '../journal/history.ts';
import { changesInEffect } from '../journal/history.ts';
import { secretsOfActions } from '../work/compile.ts';
import { leavesNothing, type UndoWant } from './undo.ts';
import type { Json } from '../../values/json.ts';
import { isSecretReference, secretsIn, type SecretReference } from '../../values/secret-reference.ts';

/** The steps that take every change of a run back on a host, newest first. */
export function rollbackPlay(host: Host, history: HostHistory, plan: PlanFile): SelectedPlay {
  // What an earlier part has begun is followed first, and may print what it was given.
  const begun = history.open.flatMap(({ change: { actions } }) => secretsOfActions(actions));
  const steps = [...changesInEffect(history)].reverse().map(({ intent, outcome, undoBegun }, index) => {
    const { step, number, operation, want, change } = intent;
    const complete = outcome === 'done' && !undoBegun;
    const input: UndoWant = { step, number, operation, want, change, complete, undoBegun };
    const { undo } = change;
    const secrets =
      leavesNothing(change) || undo === 'irreversible' ? [] : [...secretsOfActions(undo), ...secretsWithin(want)];
    return {
      ...stepFor(index, 'undo', intent.name, intent.become, planOf(plan, host.name, step), plan, input),
      secretsOf: () => [...secrets, ...begun],
    };
  });
  return { play: playOf('rollback', plan, steps), hosts: [host] };
}

/** The steps that give up what was kept for a rollback. */
export function finalizePlay(host: Host, history: HostHistory, plan: PlanFile): SelectedPlay {
  const kept = ({ intent: { change }, finalized }: BegunChange): boolean =>
    !finalized && (change.finalize ?? []).length > 0;
  const steps = history.changes.filter(kept).map(({ intent }, index) => {
    const { step, number, change } = intent;
    const input: FinalizeWant = { step, number, change };
    return {
      ...stepFor(index, 'finalize', intent.name, intent.become, planOf(plan, host.name, step), plan, input),
      secretsOf: () => secretsOfActions(change.finalize ?? []),
    };
  });
  return { play: playOf('finalize', plan, steps), hosts: [host] };
}

/** Those that a step's input names: its facts may be read with them. */
function secretsWithin(want: Json): readonly SecretReference[] {
  return secretsIn(want).flatMap(({ value }) => (isSecretReference(value) ? [value] : []));
}

/** Taking back what may not be done on all hosts at once may not either. */
function stepFor(
  index: number,
  operation: string,
  name: string,
  become: boolean,
  planned: StepPlan | undefined,
  plan: PlanFile,
  input: unknown,
): Step {
  const { maxUnavailable } = planned ?? {};
  return {
    number: index + 1,
    name,
    operation,
    place: placeOf(plan, planned),
    tags: [],
    onError: 'fail',
    become,
    roots: new Set(),
    written: null,
    resolve: () => ({ value: input }),
    ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
  };
}

/** Number 0: a playbook's plays begin with 1, so that no id is used twice in a run. */
function playOf(name: string, plan: PlanFile, steps: readonly Step[]): Play {
  return {
    number: 0,
    name,
    hosts: '',
    place: { file: plan.playbook.file, line: 1, column: 1 },
    batch: [{ kind: 'percent', percent: 100 }],
    maxFailures: { kind: 'percent', percent: 100 },
    anyErrorsFatal: false,
    vars: {},
    varTemplates: new Map(),
    steps,
    nodes: steps.map((step) => ({ kind: 'step', step })),
  };
}

function planOf({ hosts }: PlanFile, host: string, step: string): StepPlan | undefined {
  return hosts.find((one) => one.host === host)?.steps.find(({ id }) => id === step);
}

/** Where the playbook has the step: the plan says so as `file:line:column`. */
function placeOf({ playbook }: PlanFile, { where = '' }: Partial<StepPlan> = {}): Place {
  const [, file = playbook.file, line = '1', column = '1'] = /^(.*):(\d+):(\d+)$/.exec(where) ?? [];
  return { file, line: Number(line), column: Number(column) };
}
