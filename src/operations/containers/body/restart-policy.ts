import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { JsonObject } from '../../../values/json.ts';
import { asObject } from '../../../values/json.ts';
import type { Patch } from './patch.ts';

/** As `docker update --restart` takes it, as the Engine API does, and as inspect says it. */
export function restartPolicyOf(
  spec: ContainerSpec,
  patch: Patch = {},
): { readonly option: string; readonly policy: JsonObject; readonly expected: string } {
  const policy = asObject(spec.hostConfig['RestartPolicy']);
  const name =
    patch.restart?.name ?? (typeof policy['Name'] === 'string' && policy['Name'] !== '' ? policy['Name'] : 'no');
  const count =
    patch.restart?.maximumRetryCount ??
    (typeof policy['MaximumRetryCount'] === 'number' ? policy['MaximumRetryCount'] : 0);
  const tries = name === 'on-failure' ? count : 0;
  return {
    option: tries > 0 ? `${name}:${String(tries)}` : name,
    policy: { MaximumRetryCount: tries, Name: name },
    expected: `${name}:${String(tries)}`,
  };
}
