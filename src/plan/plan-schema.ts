import * as z from 'zod';
import type { ErrorCode } from '../errors.ts';
import { AppError, isErrorCode } from '../errors.ts';
import type { Notes, Planned } from '../operations/engine/operation.ts';
import type { Shape } from './change-schema.ts';
import { changeSchema, jsonSchema } from './change-schema.ts';
import type { HostPlan, StepPlan } from './plan.ts';

const text = z.string();
const texts = z.array(text);
const changes = z.array(changeSchema);
const notes = { warnings: z.exactOptional(texts), owed: z.exactOptional(texts) } satisfies Shape<Notes>;

type PlannedAs<Outcome extends Planned['outcome']> = Extract<Planned, { readonly outcome: Outcome }>;

const outcomes = {
  noop: z.strictObject({ outcome: z.literal('noop'), reason: text, ...notes } satisfies Shape<PlannedAs<'noop'>>),
  change: z.strictObject({ outcome: z.literal('change'), changes, ...notes } satisfies Shape<PlannedAs<'change'>>),
  maybe: z.strictObject({
    outcome: z.literal('maybe'),
    dependsOn: texts,
    reason: text,
    provisional: changes,
    ...notes,
  } satisfies Shape<PlannedAs<'maybe'>>),
  refused: z.strictObject({
    outcome: z.literal('refused'),
    reason: text,
    remedy: text,
    provisional: z.exactOptional(changes),
    ...notes,
  } satisfies Shape<PlannedAs<'refused'>>),
} satisfies { readonly [Outcome in Planned['outcome']]: z.ZodType<PlannedAs<Outcome>> };

/** What a step would do on one host, as it is saved. */
export const plannedSchema: z.ZodType<Planned> = z.discriminatedUnion('outcome', [
  outcomes.noop,
  outcomes.change,
  outcomes.maybe,
  outcomes.refused,
]);

/** One step on one host, as it is saved. */
export const stepPlanSchema: z.ZodType<StepPlan> = z.strictObject({
  id: text.min(1),
  step: text,
  operation: text.min(1),
  where: text,
  want: jsonSchema,
  planned: plannedSchema,
  maxUnavailable: z.exactOptional(z.strictObject({ members: z.int().positive(), service: text })),
} satisfies Shape<StepPlan>);

/** A code of ours, as it is saved and journalled. */
export const errorCodeSchema: z.ZodType<ErrorCode> = z.custom<ErrorCode>(
  (value) => typeof value === 'string' && isErrorCode(value),
  'is not an error code that is known here',
);

/** An error is saved as what it says; what caused it stays behind. */
const error = z.codec(
  z.strictObject({ code: errorCodeSchema, message: text, hint: z.exactOptional(text), where: z.exactOptional(text) }),
  z.instanceof(AppError),
  {
    decode: ({ code, message, ...details }) => new AppError(code, message, details),
    encode: ({ code, message, hint, where }) => ({
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(where === undefined ? {} : { where }),
    }),
  },
);

/** One host's share of a plan, as it is saved; `z.encode` makes of it what is written. */
export const hostPlanSchema: z.ZodType<HostPlan> = z.strictObject({
  host: text.min(1),
  error: z.exactOptional(error),
  steps: z.array(stepPlanSchema),
} satisfies Shape<HostPlan>);
