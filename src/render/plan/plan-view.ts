import { hostStatusOf, type HostStatus } from '../../errors.ts';
import type { HostPlan, Plan } from '../../plan/plan.ts';
import type { RunMode } from '../../run/report/recap.ts';
import { type Cause, causesOf, causeLines } from '../causes.ts';
import { foldNames } from '../fold-names.ts';
import { foldPlans, type PlanGroup } from './fold-plans.ts';
import { type Line, line } from '../line.ts';
import { planTitle, verbOf } from '../mode-words.ts';
import { count, withoutName } from '../words.ts';

export interface ViewOptions {
  /** Each host's own commands, without placeholders, and what a rollback would run. */
  readonly verbose: boolean;
  /** What the plan is for; `plan` when absent. */
  readonly mode?: RunMode;
  /** The run that it belongs to, or goes on from. */
  readonly runId?: string;
}

/** The preview: equal plans once for all their hosts, then what stands in the way, then the totals. */
export function planView(plan: Plan, options: ViewOptions): readonly Line[] {
  const { verbose, mode = 'plan', runId = '' } = options;
  const groups = foldPlans(
    plan.hosts.filter((host) => host.error === undefined),
    { verbose, mode },
  );
  const problems = plan.hosts.flatMap(problemOf);
  return [
    line(planTitle(plan.playbook, mode, runId), 'strong'),
    line(legend(mode), 'faint'),
    ...groups.flatMap((group) => groupLines(group, mode)),
    ...(problems.length === 0 ? [] : [line(''), line('Nothing will be done on these:', 'strong')]),
    ...causesOf(problems, verbose).flatMap(causeLines),
    line(''),
    line(totals(plan.hosts, mode), 'strong'),
  ];
}

function legend(mode: RunMode): string {
  const verb = verbOf(mode);
  return `~ ${verb === 'do' ? 'change' : verb}   = nothing to ${verb}   ? depends on an earlier step   ! refused   $ command as it runs`;
}

function groupLines(group: PlanGroup, mode: RunMode): readonly Line[] {
  const hosts =
    group.hosts.length === 1
      ? foldNames(group.hosts)
      : `${foldNames(group.hosts)}  (${count(group.hosts.length, 'host')}, the same on each)`;
  const differ = group.placeholders.length === 1 ? 'differs' : 'differ';
  return [
    line(''),
    line(hosts, 'strong'),
    ...(group.lines.length === 0
      ? [line(mode === 'finalize' ? '  = nothing was kept there' : '  = no step applies to it', 'faint')]
      : group.lines),
    ...(group.placeholders.length === 0
      ? []
      : [
          line(
            `  ${group.placeholders.join(', ')} ${differ} from host to host: -v prints each host's own commands`,
            'faint',
          ),
        ]),
  ];
}

/** Why there is no (complete) plan for a host, which then takes no part in the run. */
function problemOf({ host, error, steps }: HostPlan): readonly Cause[] {
  if (error === undefined) return [];
  const step = steps.find(({ planned }) => planned.outcome === 'refused')?.step;
  return [
    {
      host,
      status: hostStatusOf(error.code),
      code: error.code,
      message: withoutName(error.message, host),
      hint: error.hint ?? '',
      ...(step === undefined ? {} : { step }),
    },
  ];
}

/** `Plan: 38 hosts to change (38 changes), 1 with nothing to do, 1 refused, 1 unreachable.`, or `1 host to undo (1 change)`. */
function totals(hosts: readonly HostPlan[], mode: RunMode): string {
  if (hosts.length === 0) return 'Plan: no hosts.';
  const verb = verbOf(mode);
  const kinds = new Map<string, number>();
  let changes = 0;
  for (const host of hosts) {
    const kind = kindOf(host);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (kind === 'to change')
      changes += host.steps.reduce(
        (sum, step) => sum + (step.planned.outcome === 'change' ? step.planned.changes.length : 0),
        0,
      );
  }
  const order = ['to change', 'that may change', 'with nothing to do'];
  const rest = [...kinds.keys()].filter((kind) => !order.includes(kind)).toSorted();
  const parts = [...order, ...rest].flatMap((kind, index) => {
    const number = kinds.get(kind) ?? (index === 0 ? 0 : undefined);
    if (number === undefined) return [];
    return [
      index === 0
        ? `${count(number, 'host')} to ${verb === 'do' ? 'change' : verb}${changes > 0 ? ` (${count(changes, 'change')})` : ''}`
        : `${String(number)} ${kind.replace('to do', `to ${verb}`)}`,
    ];
  });
  return `Plan: ${parts.join(', ')}.`;
}

function kindOf({ error, steps }: HostPlan): HostStatus | 'to change' | 'that may change' | 'with nothing to do' {
  if (error !== undefined) return hostStatusOf(error.code);
  const outcomes = new Set(steps.map((step) => step.planned.outcome));
  if (outcomes.has('change')) return 'to change';
  if (outcomes.has('maybe')) return 'that may change';
  return outcomes.has('refused') ? 'refused' : 'with nothing to do';
}
