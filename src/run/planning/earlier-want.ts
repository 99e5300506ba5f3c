import type { Step } from '../../config/model/types.ts';
import { AppError } from '../../errors.ts';
import type { Operation, Planned } from '../../operations/engine/operation.ts';
import { fieldDifferences } from '../../plan/field-differences.ts';
import type { Json } from '../../values/json.ts';
import type { HostBasis, Past } from '../journal/basis.ts';

const planAgain =
  'the playbook and the variables in the plan file, with the inventory of now, ask for something else than the plan does: plan it again, look at what is different, and apply then';

interface ApprovedWant {
  readonly want: unknown;
  readonly certain: boolean;
}

/** What a saved plan says was wanted. */
export function approvedWant(
  before: HostBasis,
  { schema, name }: Operation,
  { id, step }: { readonly id: string; readonly step: Step },
): ApprovedWant | undefined {
  const approved = before.approved(id);
  if (approved === undefined || approved.want === null) return undefined;
  const parsed = schema.safeParse(approved.want);
  if (!parsed.success || approved.operation !== name)
    throw new AppError('drift', `in the saved plan the step "${step.name}" is another one than in its playbook`, {
      hint: planAgain,
    });
  return { want: parsed.data, certain: approved.planned.outcome !== 'maybe' };
}

/** What was uncertain when it was approved may rest on what is known only now. */
export function refuseOtherWant(approved: ApprovedWant | undefined, want: unknown): void {
  if (approved?.certain !== true) return;
  const differences = fieldDifferences(toJson(approved.want), toJson(want), ['input']);
  if (differences.length > 0)
    throw new AppError('drift', `the step is not the one that was saved: ${differences.join('; ')}`, {
      hint: planAgain,
    });
}

/** What was wanted when an earlier part of the run planned the step first. */
export function wantedBefore(before: HostBasis, operation: Operation, id: string): unknown {
  const want = before.want(id);
  return want === undefined ? undefined : operation.schema.parse(want);
}

/** What has no desired state of its own is not done twice, and is not guessed about. */
export function alreadyBegun(past: Past): Planned {
  if (past.kind === 'done') return { outcome: 'noop', reason: 'done already in this run' };
  return {
    outcome: 'refused',
    reason: `it was begun in this run, and it is not known whether it came to its end: ${past.summary}`,
    remedy:
      'look at the host, then resume with --unfinished again, to do it once more, or with --unfinished done, to take it as done',
  };
}

/** As a plan file has it. */
export function toJson(want: unknown): Json {
  const parsed: unknown = JSON.parse(JSON.stringify(want));
  return parsed as Json;
}
