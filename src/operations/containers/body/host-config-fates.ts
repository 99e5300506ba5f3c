import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import { asObject, isObject } from '../../../values/json.ts';
import type { Fate, Piece } from './fate.ts';
import { drop, keep, set } from './fate.ts';
import { goJson } from './go-template.ts';
import { entryAt, keptMembers, keptOptions } from './mount-entries.ts';
import type { MountEntry } from './mount-entries.ts';
import { mountEntriesOf, planMounts } from './mounts.ts';
import { linksOf } from './networks.ts';
import type { Patch } from './patch.ts';
import { portBindings } from './ports.ts';
import { restartPolicyOf } from './restart-policy.ts';

const sharedNamespaceKeys = ['PortBindings', 'Dns', 'DnsOptions', 'DnsSearch', 'ExtraHosts', 'Links'];

/** What becomes of a key of HostConfig. */
export function hostFate(key: string, spec: ContainerSpec, patch: Patch): Fate {
  const { NetworkMode: mode, ...host } = spec.hostConfig;
  if (typeof mode === 'string' && mode.startsWith('container:') && sharedNamespaceKeys.includes(key)) return drop;
  switch (key) {
    case 'RestartPolicy':
      // From the beginning: a daemon that starts leaves alone what has never run, whatever its policy is (replace.sh).
      return { kind: 'set', pieces: [goJson(restartPolicyOf(spec, patch).policy)] };
    case 'Binds': {
      const { binds } = planMounts(spec, patch);
      return binds === undefined ? keep : set(binds);
    }
    case 'Mounts':
      return mountsFate(spec, patch);
    case 'PortBindings':
      return portsFate(spec, patch);
    case 'Links':
      return linksOf(spec).length === 0 ? keep : { kind: 'set', pieces: [goJson(linksOf(spec))] };
    case 'Memory':
      return patch.memory === undefined ? keep : set(patch.memory);
    case 'MemorySwap':
      // Twice the memory is what Docker makes of it when nobody says anything.
      return patch.memory !== undefined &&
        (host['MemorySwap'] === 0 || (typeof host['Memory'] === 'number' && host['MemorySwap'] === 2 * host['Memory']))
        ? drop
        : keep;
    case 'NanoCpus':
      return patch.nanoCpus === undefined ? keep : set(patch.nanoCpus);
    case 'CpuPeriod':
    case 'CpuQuota':
      return patch.nanoCpus === undefined ? keep : set(0);
    case 'StorageOpt':
      return patch.storageSize === undefined
        ? keep
        : set({ ...asObject(host['StorageOpt']), size: String(patch.storageSize) });
    default:
      return keep;
  }
}

/** Keys that inspect leaves out where they are empty. */
export function addedHostKeys(patch: Patch): readonly string[] {
  return ['Mounts', ...(patch.storageSize === undefined ? [] : ['StorageOpt']), 'RestartPolicy'];
}

function mountsFate(spec: ContainerSpec, patch: Patch): Fate {
  const { mounts } = planMounts(spec, patch);
  if (mounts === undefined) return spec.hostConfig['Mounts'] === undefined ? drop : keep;
  return {
    kind: 'set',
    pieces: [
      '[',
      ...mounts.flatMap((entry, index): readonly Piece[] => [
        ...(index === 0 ? [] : [',']),
        ...entryPieces(entry, index, spec),
      ]),
      ']',
    ],
  };
}

/** `index`: its place in the new container's. */
function entryPieces(entry: MountEntry, index: number, spec: ContainerSpec): readonly Piece[] {
  if ('kept' in entry) return [{ template: entryAt(entry.kept), is: entryAt(index) }];
  const { set, of } = entry;
  if (of === undefined) return [goJson(set)];
  const target = mountEntriesOf(spec)[of]?.['Target'] ?? null;
  const members = Object.entries({ Target: target, ...set }).flatMap(([key, value], member): readonly Piece[] => [
    `${member === 0 ? '' : ','}${goJson(key)}:`,
    ...(isObject(value)
      ? [goJson(value).slice(0, -1), { template: keptOptions(of, key, value), is: keptOptions(index, key, value) }, '}']
      : [goJson(value)]),
  ]);
  return ['{', ...members, { template: keptMembers(of, set), is: keptMembers(index, set) }, '}'];
}

function portsFate(spec: ContainerSpec, patch: Patch): Fate {
  const bindings = portBindings(spec, patch);
  return bindings === undefined ? keep : set(bindings);
}
