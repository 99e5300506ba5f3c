import type { Container } from '../../../facts/containers/containers.ts';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { Replacement } from '../../../facts/containers/replacements.ts';
import { newName, oldName } from '../body/patch.ts';

/** A container that is meant by its name, with the replacement of it that is under way. */
export interface InPlace extends Container {
  readonly underWay: Replacement | undefined;
}

/**
 * The containers that are in their place: without those that have been replaced and are kept, and those that
 * are to replace one and do not yet. One that is being replaced has its own name again.
 */
export function inPlace(all: readonly Container[], replacements: readonly Replacement[]): readonly InPlace[] {
  const ids = new Set(all.map(({ id }) => id));
  const left = all.filter(({ id, name }) => {
    const kept = /^(.+)-(old|new)-([0-9a-f]{12})$/.exec(name);
    if (replacements.some((one) => (one.step === 'done' ? one.old === id : one.new === id))) return false;
    if (replacements.some((one) => one.old === id) || kept === null) return true;
    const [, , which, digits = ''] = kept;
    return which === 'old' ? !id.startsWith(digits) : ![...ids].some((other) => other.startsWith(digits));
  });
  return left.map((container) => {
    const underWay = replacements.find((one) => one.old === container.id && one.step !== 'done');
    return { ...container, name: underWay?.name ?? container.name, underWay };
  });
}

/** As it was before anything was done about it: its name, its policy, and that it ran. */
export function asBefore(spec: ContainerSpec, replacement: Replacement | undefined): ContainerSpec {
  if (replacement === undefined) return spec;
  const [name = 'no', count = '0'] = replacement.restart.split(':');
  const ran = replacement.wasRunning;
  return {
    ...spec,
    name: replacement.name,
    hostConfig: { ...spec.hostConfig, RestartPolicy: { Name: name, MaximumRetryCount: Number(count) } },
    state: ran ? { ...spec.state, status: 'running', running: true } : spec.state,
  };
}

/** What an attempt that failed has left under its name, because it has run. */
export function leftByFailure(spec: Pick<ContainerSpec, 'id' | 'name'>, names: readonly string[]): string | undefined {
  return names.find((name) => name === newName(spec) || name === oldName(spec));
}
