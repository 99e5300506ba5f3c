import { AppError } from '../../errors.ts';
import type { Redaction } from './redaction.ts';

/** The same error without the secrets of the host, in its causes and stacks too: `-v` prints those. */
export function redactError(thrown: unknown, redaction: Redaction): unknown {
  if (!(thrown instanceof Error)) return typeof thrown === 'string' ? redaction.text(thrown) : thrown;
  const message = redaction.text(thrown.message);
  const stack = redaction.text(thrown.stack ?? '');
  const cause = redactError(thrown.cause, redaction);
  const hint = thrown instanceof AppError && thrown.hint !== undefined ? redaction.text(thrown.hint) : undefined;
  const asItWas =
    message === thrown.message &&
    stack === (thrown.stack ?? '') &&
    cause === thrown.cause &&
    (!(thrown instanceof AppError) || hint === thrown.hint);
  if (asItWas) return thrown;
  const caused = cause === undefined ? {} : { cause };
  const clean =
    thrown instanceof AppError
      ? new AppError(thrown.code, message, {
          ...caused,
          ...(hint === undefined ? {} : { hint }),
          ...(thrown.where === undefined ? {} : { where: thrown.where }),
        })
      : Object.assign(new Error(message, caused), 'code' in thrown ? { code: thrown.code } : {});
  clean.name = thrown.name;
  clean.stack = stack;
  return clean;
}
