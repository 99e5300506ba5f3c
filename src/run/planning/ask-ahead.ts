import type { Step } from '../../config/model/types.ts';
import { AppError } from '../../errors.ts';
import type { FactRequest } from '../../facts/fact.ts';
import type { FactBase } from './fact-reader.ts';
import { readFacts } from './fact-reader.ts';
import type { HostPlay } from './plan-step.ts';
import { isKnownEarly, operationOf } from './plan-step.ts';

/**
 * Reads in one flight what the coming steps will need, as far as that can be said already, so that six
 * steps that only read cost one round trip and not six. Only a matter of speed: a step whose needs
 * cannot be said yet, or whose facts cannot be read, meets that at its own turn.
 */
export async function askAhead(
  host: HostPlay,
  steps: readonly Step[],
  base: FactBase,
  signal: AbortSignal,
): Promise<void> {
  const wants = steps.flatMap((step) => wantOf(host, step));
  await readFacts(host.link, base, () => wants.flatMap((needs) => needs(base)), host.laptop, signal);
}

/** The steps up to and with the first one that may change something: what they read is read before any change. */
export function beforeAnyChange(host: HostPlay, steps: readonly Step[]): readonly Step[] {
  const changing = steps.findIndex((step) => !onlyReads(host, step));
  return changing === -1 ? steps : steps.slice(0, changing + 1);
}

function onlyReads(host: HostPlay, step: Step): boolean {
  const { readOnly } = operationOf(host, step);
  if (typeof readOnly === 'boolean') return readOnly;
  const want = resolved(host, step);
  return want !== undefined && readOnly(want.value);
}

function wantOf(host: HostPlay, step: Step): readonly ((base: FactBase) => readonly FactRequest[])[] {
  const want = resolved(host, step);
  if (want === undefined) return [];
  const operation = operationOf(host, step);
  return [(base) => tolerant(() => operation.needs(want.value, base), [])];
}

function resolved(host: HostPlay, step: Step): { readonly value: unknown } | undefined {
  const early = step.when === undefined && step.loop === undefined && step.become === undefined && isKnownEarly(step);
  if (!early) return undefined;
  return tolerant(() => {
    const want = step.resolve({ ...host.scope, registers: {} });
    return 'value' in want ? want : undefined;
  }, undefined);
}

function tolerant<Value>(work: () => Value, otherwise: Value): Value {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof AppError) return otherwise;
    throw thrown;
  }
}
