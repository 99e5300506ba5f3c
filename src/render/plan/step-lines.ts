import type { Change } from '../../operations/engine/change.ts';
import type { Planned } from '../../operations/engine/operation.ts';
import type { StepPlan } from '../../plan/plan.ts';
import type { RunMode } from '../../run/report/recap.ts';
import { beforeAfter } from './before-after.ts';
import { describeAction } from './describe-action.ts';
import { type ChangeGroup, foldChanges } from './fold-changes.ts';
import { foldNames } from '../fold-names.ts';
import { type Line, type Tone, line } from '../line.ts';
import { wordsOf } from '../mode-words.ts';
import { changesOf, noPlaceholders, type Placeholders, placeholdersOf } from './placeholders.ts';
import { count } from '../words.ts';

export interface StepOptions {
  readonly verbose: boolean;
  readonly mode: RunMode;
  /** Show `<name>` for what differs from host to host. */
  readonly placeholders: boolean;
}

/** A text and the hosts it is true for: none named when that is all that are shown. */
export interface Said {
  readonly text: string;
  readonly hosts: readonly string[];
}

export interface StepNotes {
  /** Why there is nothing to do. */
  readonly reasons: readonly Said[];
  readonly warnings: readonly Said[];
  readonly owed: readonly Said[];
}

const shownNotes = 8;

const signs: Readonly<Record<Planned['outcome'], { readonly sign: string; readonly tone: Tone }>> = {
  change: { sign: '~', tone: 'change' },
  noop: { sign: '=', tone: 'faint' },
  maybe: { sign: '?', tone: 'caution' },
  refused: { sign: '!', tone: 'bad' },
};

/** One step of a plan; `all` are the host's steps, so that those it depends on can be named. */
export function stepLines(
  plan: StepPlan,
  all: readonly StepPlan[],
  notes: StepNotes,
  options: StepOptions,
): readonly Line[] {
  const { planned } = plan;
  const changes = changesOf(planned);
  const { sign, tone } = signs[planned.outcome];
  const words = wordsOf(options.mode);
  // A rollback names the steps that it undoes; its own operation is always the same.
  const operation = plan.step === plan.operation || !words.saysUndo ? '' : ` [${plan.operation}]`;
  const would = planned.outcome === 'change' || planned.outcome === 'maybe' ? words.would : '';
  const [reason, ...otherReasons] = notes.reasons;
  const why = reason === undefined || otherReasons.length > 0 ? '' : `: ${reason.text}`;
  return [
    line(`  ${sign} ${would}${plan.step}${itemOf(plan.id)}${operation}${why}${headline(planned, all)}`, tone),
    ...(otherReasons.length > 0 ? noteLines('nothing to do', 'reasons', notes.reasons, 'faint') : []),
    ...(options.verbose
      ? changes.flatMap((change) => changeLines(change, options))
      : foldChanges(changes).flatMap((group) => groupLines(group, options))),
    ...(plan.maxUnavailable === undefined || changes.length === 0
      ? []
      : [
          line(
            `      on at most ${count(plan.maxUnavailable.members, 'host')} of ${plan.maxUnavailable.service} at once`,
            'faint',
          ),
        ]),
    ...(planned.outcome === 'refused' ? [line(`      remedy: ${planned.remedy}`)] : []),
    ...noteLines('warning', 'warnings', notes.warnings, 'caution'),
    ...noteLines('still owed', 'of these', notes.owed, 'caution'),
  ];
}

/** Which round of a loop, by its identifier: `1.3[2]` is item 2. */
function itemOf(id: string): string {
  const item = /\[(\d+)\]$/.exec(id)?.[1];
  return item === undefined ? '' : `, item ${item}`;
}

function headline(planned: Planned, all: readonly StepPlan[]): string {
  switch (planned.outcome) {
    case 'change':
    case 'noop':
      return '';
    case 'refused':
      return `: refused: ${planned.reason}`;
    case 'maybe': {
      const steps = planned.dependsOn
        .map((id) => all.find((step) => step.id === id)?.step ?? id)
        .map((name) => `"${name}"`);
      // `only if a step of "Grow" fails` has said what it depends on.
      const unsaid = steps.filter((name) => !planned.reason.includes(name));
      return `${unsaid.length === 0 ? '' : `: depends on ${unsaid.join(', ')}`}: ${planned.reason}${planned.provisional.length === 0 ? '' : ':'}`;
    }
  }
}

function noteLines(title: string, plural: string, notes: readonly Said[], tone: Tone): readonly Line[] {
  const lines = notes
    .slice(0, shownNotes)
    .map(({ text, hosts }) =>
      line(`      ${title}${hosts.length === 0 ? '' : ` on ${foldNames(hosts)}`}: ${text}`, tone),
    );
  return notes.length <= shownNotes
    ? lines
    : [
        ...lines,
        line(`      … and ${String(notes.length - shownNotes)} more ${plural}: -v shows each host's own`, tone),
      ];
}

/** What is true of many changes once, with placeholders for what they are about, and then what that is. */
function groupLines({ change, all }: ChangeGroup, options: StepOptions): readonly Line[] {
  if (all === undefined) return changeLines(change, options);
  const which = options.placeholders
    ? `so each of ${String(all.number)} on every host`
    : `each of these ${String(all.number)}: ${all.names}`;
  return [...changeLines(change, { ...options, placeholders: true }), line(`        ${which}`)];
}

function changeLines(change: Change, options: StepOptions): readonly Line[] {
  const names = options.placeholders ? placeholdersOf([change]) : noPlaceholders;
  return [
    line(`      ${names.text(change.summary)}`, 'strong'),
    ...beforeAfter(generic(change.before, names), generic(change.after, names)).map((text) => line(`        ${text}`)),
    ...(change.downtime === undefined ? [] : [line(`        downtime: ${names.text(change.downtime)}`, 'caution')]),
    ...(change.lapse === 'may' ? [line('        passed over, if there is no reason for it by then', 'faint')] : []),
    ...change.actions.flatMap((action) => describeAction(action, { names, whole: options.verbose })).map(actionLine),
    ...undoLines(change, names, options),
  ];
}

function generic(values: Change['before'], names: Placeholders): Change['before'] {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, names.json(value)]));
}

function undoLines({ undo, atomic }: Change, names: Placeholders, { verbose, mode }: StepOptions): readonly Line[] {
  const script =
    atomic && verbose ? [line('        # sent as one script, which a lost connection cannot split', 'faint')] : [];
  if (!wordsOf(mode).saysUndo) return script;
  if (undo === 'irreversible') return [...script, line('        cannot be undone', 'caution')];
  if (undo.length === 0) return script;
  if (!verbose) return [line(`        can be rolled back (${count(undo.length, 'action')})`, 'faint')];
  return [
    ...script,
    line('        can be rolled back by:', 'faint'),
    ...undo.flatMap((action) => describeAction(action, { names, whole: true })).map((text) => actionLine(`  ${text}`)),
  ];
}

function actionLine(text: string): Line {
  return line(`        ${text}`, /^\s*#/.test(text) ? 'faint' : 'plain');
}
