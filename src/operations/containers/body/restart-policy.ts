import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import { asObject } from '../../../values/json.ts';
import type { Patch } from './patch.ts';

/** As `docker update --restart` takes it, and as inspect says it. */
export function restartPolicyOf(
  spec: ContainerSpec,
  patch: Patch = {},
): { readonly option: string; readonly expected: string } {
  const policy = asObject(spec.hostConfig['RestartPolicy']);
  const name =
    patch.restart?.name ?? (typeof policy['Name'] === 'string' && policy['Name'] !== '' ? policy['Name'] : 'no');
  const count =
    patch.restart?.maximumRetryCount ??
    (typeof policy['MaximumRetryCount'] === 'number' ? policy['MaximumRetryCount'] : 0);
  return {
    option: name === 'on-failure' && count > 0 ? `${name}:${String(count)}` : name,
    expected: `${name}:${String(name === 'on-failure' ? count : 0)}`,
  };
}
