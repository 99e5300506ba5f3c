import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { Json, JsonObject } from '../../../values/json.ts';
import { asText, canonicalJson } from '../../../values/json.ts';
import { modesById, mountNow, planMounts } from './mounts.ts';
import { aliasesOf, assignedKeys, isEmpty, linksOf, macOf } from './networks.ts';
import type { Patch } from './patch.ts';
import { portBindings } from './ports.ts';
import { restartPolicyOf } from './restart-policy.ts';

/** One key of both inspects, and why it differs if it does. */
export interface FidelityLine {
  readonly kind: 'identical' | 'asked' | 'named-by-docker' | 'unexplained';
  /** The key, as in `HostConfig.Memory`. */
  readonly what: string;
  readonly from?: Json;
  readonly to?: Json;
  readonly why?: string;
}

/**
 * Every key of both inspects. `old` is the container as it was before it was stopped, `hidden` says
 * whether what does not leave the host is the same. An empty value and one that is not there are the same:
 * Docker writes either.
 */
export function explain(
  old: ContainerSpec,
  fresh: ContainerSpec,
  patch: Patch,
  hidden: Readonly<Record<string, boolean>> = {},
): readonly FidelityLine[] {
  return [
    compare('Image', old.image, fresh.image, patch.image === undefined ? undefined : 'another image'),
    ...keysOf(old.config, fresh.config).map((key) =>
      compare(`Config.${key}`, old.config[key], fresh.config[key], configReason(key, old, fresh, patch)),
    ),
    ...keysOf(old.hostConfig, fresh.hostConfig).map((key) =>
      key === 'Links'
        ? compare('HostConfig.Links', linksOf(old), linksOf(fresh), undefined)
        : compare(`HostConfig.${key}`, old.hostConfig[key], fresh.hostConfig[key], hostReason(key, old, fresh, patch)),
    ),
    ...Object.entries(hidden).map(([key, same]): FidelityLine =>
      same ? { kind: 'identical', what: key } : hiddenLine(key, patch),
    ),
    ...mountLines(old, fresh, patch),
    ...networkLines(old, fresh),
  ];
}

type Reason = string | { readonly docker: string } | undefined;

function compare(what: string, from: Json | undefined, to: Json | undefined, reason: Reason): FidelityLine {
  if (canonicalJson(from ?? null) === canonicalJson(to ?? null) || (isEmpty(from) && isEmpty(to)))
    return { kind: 'identical', what };
  const values = { from: from ?? null, to: to ?? null };
  if (reason === undefined) return { kind: 'unexplained', what, ...values };
  return typeof reason === 'string'
    ? { kind: 'asked', what, ...values, why: reason }
    : { kind: 'named-by-docker', what, ...values, why: reason.docker };
}

function keysOf(a: object, b: object): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted();
}

function configReason(key: string, old: ContainerSpec, fresh: ContainerSpec, patch: Patch): Reason {
  switch (key) {
    case 'Hostname':
      if (old.config['Hostname'] === old.id.slice(0, 12) && fresh.config['Hostname'] === fresh.id.slice(0, 12))
        return { docker: 'the short id, since no host name was given' };
      return typeof old.hostConfig['NetworkMode'] === 'string' && old.hostConfig['NetworkMode'].startsWith('container:')
        ? { docker: 'the name of the namespace that it shares' }
        : undefined;
    case 'Labels':
      return patch.labels !== undefined || patch.image !== undefined ? 'other labels' : undefined;
    case 'Image':
      return patch.image === undefined ? undefined : 'another image';
    case 'ExposedPorts':
      return patch.ports !== undefined || patch.image !== undefined ? 'other ports' : undefined;
    default:
      return patch.image === undefined ? undefined : 'what comes from its image';
  }
}

function hostReason(key: string, old: ContainerSpec, fresh: ContainerSpec, patch: Patch): Reason {
  switch (key) {
    case 'Memory':
    case 'MemorySwap':
      return patch.memory === undefined ? undefined : 'another limit of memory';
    case 'NanoCpus':
    case 'CpuPeriod':
    case 'CpuQuota':
      return patch.nanoCpus === undefined ? undefined : 'another limit of processors';
    case 'RestartPolicy':
      return patch.restart === undefined ? undefined : `another restart policy: ${restartPolicyOf(old, patch).option}`;
    case 'PortBindings':
      return portsReason(old, fresh, patch);
    case 'StorageOpt':
      return patch.storageSize === undefined ? undefined : 'another size';
    case 'Binds':
      return planMounts(old, patch).binds === undefined ? undefined : 'other mounts';
    case 'Mounts':
      return planMounts(old, patch).mounts === undefined
        ? undefined
        : planMounts(old, {}).mounts === undefined
          ? 'other mounts'
          : 'volumes without a name are mounted by their ids, so that they are the same';
    default:
      return undefined;
  }
}

/** The old one does not say any more which ports it had; the new one is bound to what was pinned. */
function portsReason(old: ContainerSpec, fresh: ContainerSpec, patch: Patch): Reason {
  const wanted = portBindings({ ...old, ports: fresh.ports }, patch);
  if (wanted === undefined || canonicalJson(wanted) !== canonicalJson(fresh.hostConfig['PortBindings'] ?? null))
    return undefined;
  return patch.ports === undefined && patch.pinPorts !== true
    ? { docker: 'an empty list means a port that Docker chooses' }
    : 'other ports';
}

function hiddenLine(what: string, patch: Patch): FidelityLine {
  const name = what.replace(/^Env /, '');
  if (name !== what && patch.env !== undefined && Object.hasOwn(patch.env, name))
    return { kind: 'asked', what, why: 'another value' };
  return patch.image === undefined
    ? { kind: 'unexplained', what }
    : { kind: 'asked', what, why: 'what comes from its image' };
}

function mountLines(old: ContainerSpec, fresh: ContainerSpec, patch: Patch): readonly FidelityLine[] {
  const was = planMounts(old, {}).expected;
  const wanted = planMounts(old, patch).expected;
  const is = new Map(fresh.mounts.map((mount) => [asText(mount['Destination']), mountNow(mount)]));
  return [...new Set([...was.keys(), ...wanted.keys(), ...is.keys()])].map((path): FidelityLine => {
    const what = `mount ${path}`;
    const json = (mount: ReturnType<typeof was.get>): Json => (mount === undefined ? null : { ...mount });
    if (canonicalJson(json(is.get(path))) !== canonicalJson(json(wanted.get(path))))
      return { kind: 'unexplained', what, from: json(was.get(path)), to: json(is.get(path)) };
    if (canonicalJson(json(was.get(path))) !== canonicalJson(json(is.get(path))))
      return compare(what, json(was.get(path)), json(is.get(path)), 'another mount');
    return sameMount(what, mountAt(old, path), mountAt(fresh, path));
  });
}

function mountAt({ mounts }: ContainerSpec, path: string): JsonObject {
  return mounts.find((mount) => mount['Destination'] === path) ?? {};
}

function sameMount(what: string, was: JsonObject, is: JsonObject): FidelityLine {
  if (was['Type'] === 'image')
    return compare(
      what,
      was,
      is,
      canonicalJson({ ...was, Source: is['Source'] ?? null }) === canonicalJson(is)
        ? { docker: 'the image is mounted at another path of the host for every container' }
        : undefined,
    );
  const byId =
    was['Mode'] === '' &&
    modesById.includes(asText(is['Mode'])) &&
    canonicalJson({ ...was, Mode: is['Mode'] ?? null }) === canonicalJson(is);
  return compare(
    what,
    was,
    is,
    byId ? { docker: 'a volume without a name is mounted by its id, which gives it another mode' } : undefined,
  );
}

const assigned = new Set(assignedKeys);

function networkLines(old: ContainerSpec, fresh: ContainerSpec): readonly FidelityLine[] {
  return [...new Set([...Object.keys(old.networks), ...Object.keys(fresh.networks)])].flatMap(
    (network): readonly FidelityLine[] => {
      const [was, is] = [old.networks[network], fresh.networks[network]];
      if (was === undefined || is === undefined)
        return [{ kind: 'unexplained', what: `network ${network}`, from: was ?? null, to: is ?? null }];
      return keysOf(was, is).map((key) => {
        const what = `network ${network}.${key}`;
        if (key === 'Aliases') {
          const same = canonicalJson(aliasesOf(old, network)) === canonicalJson(aliasesOf(fresh, network));
          return compare(
            what,
            was[key],
            is[key],
            same ? { docker: 'the short id and the host name are added by Docker' } : undefined,
          );
        }
        if (key === 'MacAddress') {
          const [set, kept] = [macOf(old, network), macOf(fresh, network)];
          // One that is set is not shown of a stopped container.
          return set === '' && kept === ''
            ? compare(what, was[key], is[key], { docker: 'chosen when it is connected' })
            : compare(what, set, kept, undefined);
        }
        return compare(
          what,
          was[key],
          is[key],
          assigned.has(key) ? { docker: 'given when it is connected' } : undefined,
        );
      });
    },
  );
}
