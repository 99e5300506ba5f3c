import type { ContainerSpec } from '../../facts/container-spec.ts';
import { asObject } from '../../values/json.ts';
import type { Fate, Piece } from './fate.ts';
import { drop, keep, set } from './fate.ts';
import { goJson } from './go-template.ts';
import { planMounts } from './mounts.ts';
import { linksOf } from './networks.ts';
import type { Patch } from './patch.ts';
import { portBindings } from './ports.ts';

const sharedNamespaceKeys = ['PortBindings', 'Dns', 'DnsOptions', 'DnsSearch', 'ExtraHosts', 'Links'];

/** What becomes of a key of HostConfig. */
export function hostFate(key: string, spec: ContainerSpec, patch: Patch): Fate {
  const { NetworkMode: mode, ...host } = spec.hostConfig;
  if (typeof mode === 'string' && mode.startsWith('container:') && sharedNamespaceKeys.includes(key)) return drop;
  switch (key) {
    case 'RestartPolicy':
      // A daemon that starts would start it, finished or not; it gets its policy when its time has come.
      return { kind: 'set', pieces: ['{"MaximumRetryCount":0,"Name":"no"}'] };
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
      return patch.memory !== undefined && (host['MemorySwap'] === 0 || (typeof host['Memory'] === 'number' && host['MemorySwap'] === 2 * host['Memory'])) ? drop : keep;
    case 'NanoCpus':
      return patch.nanoCpus === undefined ? keep : set(patch.nanoCpus);
    case 'CpuPeriod':
    case 'CpuQuota':
      return patch.nanoCpus === undefined ? keep : set(0);
    case 'StorageOpt':
      return patch.storageSize === undefined ? keep : set({ ...asObject(host['StorageOpt']), size: String(patch.storageSize) });
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
  const pieces = mounts.flatMap((entry, index): readonly Piece[] => [index === 0 ? '' : ',', 'kept' in entry ? { template: mountAt(entry.kept) } : goJson(entry.set)]);
  return { kind: 'set', pieces: ['[', ...pieces, ']'] };
}

const mountAt = (index: number): string => `{{json (index (index .HostConfig "Mounts") ${String(index)})}}`;

function portsFate(spec: ContainerSpec, patch: Patch): Fate {
  const bindings = portBindings(spec, patch);
  return bindings === undefined ? keep : set(bindings);
}
