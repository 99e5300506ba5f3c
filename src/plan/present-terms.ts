import { byKey } from '../operations/engine/by-key.ts';
import type { Operation } from '../operations/engine/operation.ts';
import type { Json } from '../values/json.ts';
import { jsonSchema } from './change-schema.ts';
import type { PlanFile } from './plan-file.ts';

/** What a plan, or a journal, says that an operation was asked for. */
interface Asked {
  readonly operation: string;
  readonly want: Json;
}

/** What an earlier version has written of an operation under an older key of it, as it is said now. Everything else stays as it is. */
export function inPresentTerms(operations: ReadonlyMap<string, Operation>): <One extends Asked>(asked: One) => One {
  const keys = byKey(operations);
  return (asked) => {
    const keyed = keys.get(asked.operation);
    if (keyed === undefined || keyed.operation.name === asked.operation) return asked;
    // What is not known yet, or is no input at all, is met where it is used.
    const want = keyed.schema.pipe(jsonSchema).safeParse(asked.want);
    return { ...asked, operation: keyed.operation.name, want: want.success ? want.data : asked.want };
  };
}

/** The same of each step of a saved plan. */
export function planInPresentTerms(plan: PlanFile, operations: ReadonlyMap<string, Operation>): PlanFile {
  const present = inPresentTerms(operations);
  return { ...plan, hosts: plan.hosts.map((host) => ({ ...host, steps: host.steps.map(present) })) };
}
