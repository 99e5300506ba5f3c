import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { Json, JsonObject } from '../../../values/json.ts';
import { asObject, canonicalJson, isObject } from '../../../values/json.ts';
import type { Patch } from './patch.ts';

/** The port bindings of the new container; undefined: as they are. */
export function portBindings(spec: ContainerSpec, { ports, pinPorts }: Patch): JsonObject | undefined {
  const now = asObject(spec.hostConfig['PortBindings']);
  const bound = pinPorts === true ? spec.ports : {};
  const published =
    spec.hostConfig['PublishAllPorts'] === true && pinPorts === true
      ? Object.fromEntries(Object.entries(bound).filter(([, value]) => Array.isArray(value)))
      : {};
  const wanted = Object.fromEntries(
    Object.entries(ports ?? {}).map(([port, list]): readonly [string, Json] => [
      port,
      list === null ? null : list.map(({ hostIp, hostPort }) => ({ HostIp: hostIp, HostPort: hostPort })),
    ]),
  );
  const fresh = Object.fromEntries(
    Object.entries({ ...published, ...now, ...wanted }).flatMap(
      ([port, list]): readonly (readonly [string, Json])[] => {
        if (Object.hasOwn(wanted, port)) return list === null ? [] : [[port, list]];
        // An empty list is a binding too; the API takes it only when it is said.
        const bindings: readonly Json[] =
          Array.isArray(list) && list.length > 0 ? list : [{ HostIp: '', HostPort: '' }];
        return [[port, bindings.map((binding) => pinned(binding, bound[port]))]];
      },
    ),
  );
  return canonicalJson(fresh) === canonicalJson(now) ? undefined : fresh;
}

function pinned(binding: Json, bound: Json | undefined): Json {
  if (!isObject(binding) || !isRandom(binding) || !Array.isArray(bound)) return binding;
  const now = bound.find(
    (at): at is JsonObject => isObject(at) && (binding['HostIp'] === '' || at['HostIp'] === binding['HostIp']),
  );
  return now === undefined ? binding : { ...binding, HostPort: now['HostPort'] ?? '' };
}

export function isRandom(binding: Json): boolean {
  return (
    isObject(binding) &&
    (binding['HostPort'] === '' || binding['HostPort'] === '0' || binding['HostPort'] === undefined)
  );
}
