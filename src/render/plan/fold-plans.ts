import type { Planned } from '../../operations/engine/operation.ts';
import type { HostPlan, StepPlan } from '../../plan/plan.ts';
import { grouped } from '../../values/grouped.ts';
import { canonicalJson } from '../../values/json.ts';
import { unique } from '../../values/unique.ts';
import { type Line, paint } from '../line.ts';
import { changesOf, noPlaceholders, placeholdersOf, textOf } from './placeholders.ts';
import { type Said, stepLines, type StepNotes, type StepOptions } from './step-lines.ts';

/** Hosts that would do the same, and how that is shown. */
export interface PlanGroup {
  readonly hosts: readonly string[];
  readonly lines: readonly Line[];
  /** Placeholders in `lines`: what differs from host to host. */
  readonly placeholders: readonly string[];
}

/**
 * Hosts grouped by equal plans. Unless `verbose`, plans are equal that differ only in the values which
 * their changes name as bindings, and in their notes: a group of several hosts is then shown with
 * placeholders, and notes with the hosts that they are about. A single host is shown as it is.
 */
export function foldPlans(
  plans: readonly HostPlan[],
  { verbose: exact, mode }: Omit<StepOptions, 'placeholders'>,
): readonly PlanGroup[] {
  const groups = grouped(plans, (plan) => keyOf(plan, { verbose: exact, mode }));
  return [...groups.values()].map((group) => {
    const placeholders = !exact && group.length > 1;
    const [first] = group;
    const lines = first === undefined ? [] : linesOf(first, group, { verbose: exact, mode, placeholders });
    return { hosts: group.map((plan) => plan.host), lines, placeholders: placeholders ? namesIn(group, lines) : [] };
  });
}

function linesOf(plan: HostPlan, group: readonly HostPlan[], options: StepOptions): readonly Line[] {
  return shownSteps(plan.steps, options).flatMap(({ step, indexes }) =>
    stepLines(step, plan.steps, together(indexes.map((index) => notesOf(group, index, options.placeholders))), options),
  );
}

interface ShownStep {
  readonly step: StepPlan;
  readonly indexes: readonly number[];
}

/** A rollback has a step for each change: those that follow one another and undo one step's are shown as one, unless `verbose`. */
function shownSteps(
  steps: readonly StepPlan[],
  { mode, verbose }: Pick<StepOptions, 'mode' | 'verbose'>,
): readonly ShownStep[] {
  const shown: ShownStep[] = [];
  for (const [index, step] of steps.entries()) {
    const last = shown.at(-1);
    const [before, own] = [last?.step.planned, step.planned];
    if (
      mode === 'rollback' &&
      !verbose &&
      last !== undefined &&
      before?.outcome === 'change' &&
      own.outcome === 'change' &&
      last.step.step === step.step &&
      last.step.operation === step.operation
    ) {
      shown[shown.length - 1] = {
        step: { ...last.step, planned: { ...before, changes: [...before.changes, ...own.changes] } },
        indexes: [...last.indexes, index],
      };
    } else {
      shown.push({ step, indexes: [index] });
    }
  }
  return shown;
}

function together(notes: readonly StepNotes[]): StepNotes {
  const each = (all: readonly Said[]): readonly Said[] => unique(all, (said) => JSON.stringify(said));
  return {
    reasons: each(notes.flatMap(({ reasons }) => reasons)),
    warnings: each(notes.flatMap(({ warnings }) => warnings)),
    owed: each(notes.flatMap(({ owed }) => owed)),
  };
}

const noNotes: StepNotes = { reasons: [], warnings: [], owed: [] };

/** What must be equal. The lines as they would be shown are part of it, so that they are true for every host of a group. */
function keyOf(plan: HostPlan, { verbose: exact, mode }: Omit<StepOptions, 'placeholders'>): string {
  const options = { verbose: exact, mode, placeholders: !exact };
  const shown = exact
    ? linesOf(plan, [plan], options)
    : shownSteps(plan.steps, options).flatMap(({ step }) => stepLines(step, plan.steps, noNotes, options));
  return canonicalJson([plan.steps.map((step) => comparable(step, exact)), paint(shown, false)]);
}

/** What was wanted and where it stands in the playbook need not be equal: only what would be done. */
function comparable({ step, operation, planned }: StepPlan, exact: boolean): readonly string[] {
  const changes = changesOf(planned);
  const { warnings, owed, ...rest } = planned;
  const frame = {
    ...rest,
    ...(exact ? { warnings, owed } : {}),
    ...(!exact && planned.outcome === 'noop' ? { reason: null } : {}),
    changes: null,
    provisional: null,
  };
  const each = changes.map((change) =>
    exact ? textOf({ ...change, bindings: null }, noPlaceholders) : textOf(change, placeholdersOf([change])),
  );
  return [step, operation, textOf(frame, exact ? noPlaceholders : placeholdersOf(changes)), ...each];
}

/** What the hosts of a group say about one step, equal texts together. */
function notesOf(group: readonly HostPlan[], index: number, placeholders: boolean): StepNotes {
  const collect = (textsOf: (planned: Planned) => readonly string[]): readonly Said[] => {
    const said = new Map<string, string[]>();
    for (const { host, steps } of group) {
      const planned = steps[index]?.planned;
      if (planned === undefined) continue;
      const names = placeholders ? placeholdersOf(changesOf(planned)) : noPlaceholders;
      for (const text of new Set(textsOf(planned).map((text) => names.text(text)))) {
        const hosts = said.get(text);
        if (hosts === undefined) said.set(text, [host]);
        else hosts.push(host);
      }
    }
    return [...said].map(([text, hosts]) => ({ text, hosts: hosts.length === group.length ? [] : hosts }));
  };
  return {
    reasons: collect((planned) => (planned.outcome === 'noop' ? [planned.reason] : [])),
    warnings: collect((planned) => planned.warnings ?? []),
    owed: collect((planned) => planned.owed ?? []),
  };
}

function namesIn(group: readonly HostPlan[], lines: readonly Line[]): readonly string[] {
  const names = new Set(
    group
      .flatMap((plan) => plan.steps)
      .flatMap((step) => changesOf(step.planned))
      .flatMap((change) => Object.keys(change.bindings)),
  );
  return [...names].map((name) => `<${name}>`).filter((name) => lines.some((line) => line.text.includes(name)));
}
