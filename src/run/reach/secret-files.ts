import { playScope } from '../../config/expressions/scope.ts';
import type { SelectedPlay } from '../../config/load.ts';
import type { Scope, Step } from '../../config/model/types.ts';
import { AppError } from '../../errors.ts';
import type { Operation } from '../../operations/engine/operation.ts';
import type { JsonObject } from '../../values/json.ts';

/** A file of hosts in which programs there find a secret, and who says so. */
export interface SecretFile {
  readonly key: string;
  readonly file: string;
  /** `file:line` of the step. */
  readonly where: string;
  readonly hosts: readonly string[];
}

/**
 * The files that these plays name for a secret, each once for all of its hosts, before anything is connected to. What
 * depends on a register or on facts is told as it is written.
 */
export function secretFiles(
  plays: readonly SelectedPlay[],
  { extraVars, operations }: { readonly extraVars: JsonObject; readonly operations: ReadonlyMap<string, Operation> },
): readonly SecretFile[] {
  const found = new Map<string, SecretFile & { readonly hosts: string[] }>();
  for (const { play, hosts } of plays) {
    for (const step of play.steps) {
      const operation = operations.get(step.operation);
      if (operation?.secretFiles === undefined) continue;
      for (const host of hosts) {
        for (const { key, file } of inputsOf(step, () => playScope(play, host, extraVars)).flatMap(
          (input) => operation.secretFiles?.(input) ?? [],
        )) {
          const where = `${step.place.file}:${String(step.place.line)}`;
          const id = JSON.stringify([key, file, where]);
          const one = found.get(id) ?? { key, file, where, hosts: [] };
          if (!one.hosts.includes(host.name)) one.hosts.push(host.name);
          found.set(id, one);
        }
      }
    }
  }
  return [...found.values()];
}

function inputsOf(step: Step, scope: () => Scope): readonly unknown[] {
  try {
    const around = scope();
    const items = step.loop?.resolve(around) ?? { value: [undefined] };
    if ('unknown' in items) return [step.written];
    return items.value.map((item) => {
      const input = step.resolve(item === undefined ? around : { ...around, item });
      return 'value' in input ? input.value : step.written;
    });
  } catch (thrown) {
    // What is wrong with it is met at its turn.
    if (thrown instanceof AppError) return [step.written];
    throw thrown;
  }
}
