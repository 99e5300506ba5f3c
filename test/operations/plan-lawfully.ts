import { expect } from 'vitest';
import type { Known } from '../../src/facts/fact.ts';
import type { Operation, Planned } from '../../src/operations/engine/operation.ts';
import { changeSchema } from '../../src/plan/change-schema.ts';
import { stepPlanSchema } from '../../src/plan/plan-schema.ts';

function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/**
 * Plans, and holds what is planned to the laws of everything that is saved and journalled: it is plain
 * JSON that the schemas accept as it is, and what it was asked for, saved and parsed again, is the same
 * wish and gives the same plan. Tests plan by this, so that every case of theirs is one of the laws too.
 */
export function planLawfully<Want>(operation: Operation<Want>, asked: Want, known: Known): Planned {
  const want = operation.pin?.(asked, known) ?? asked;
  const planned = operation.plan(want, known);
  const step = asJson({
    id: '1.1',
    step: operation.name,
    operation: operation.name,
    where: 'p.yaml:1:1',
    want,
    planned,
  });
  expect(asJson(planned)).toStrictEqual(planned);
  expect(stepPlanSchema.parse(step)).toStrictEqual(step);
  const changes =
    planned.outcome === 'change' ? planned.changes : planned.outcome === 'maybe' ? planned.provisional : [];
  for (const change of changes) expect(changeSchema.parse(asJson(change))).toStrictEqual(change);

  const again = operation.schema.parse(stepPlanSchema.parse(step).want);
  expect(operation.pin?.(again, known) ?? again).toEqual(want);
  expect(operation.plan(again, known)).toEqual(planned);
  return planned;
}
