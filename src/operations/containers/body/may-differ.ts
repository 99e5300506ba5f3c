import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import { asText, canonicalJson } from '../../../values/json.ts';
import { configFate, hasNoNetworkToBeOn } from './config-fates.ts';
import { goString } from './go-template.ts';
import { addedHostKeys, hostFate } from './host-config-fates.ts';
import { planMounts } from './mounts.ts';
import { endpointKeysOfDocker } from './networks.ts';
import type { Patch } from './patch.ts';

/**
 * The closed list of what may be otherwise in a new container, by the names of `inspected.ts`, and why. Everything else
 * that docker inspect shows, or will ever show, has to be the same, or the old container is not given up.
 */
export const alwaysOther: Readonly<Record<string, string>> = {
  Id: 'each container has its own',
  Name: 'it has the name of the old one when that has given it up',
  Created: 'the time at which it was made',
  State: 'what it does at this moment',
  RestartCount: 'counted from its first start',
  ExecIDs: 'what runs in it at this moment',
  LogPath: 'lies in a directory named after its id',
  HostnamePath: 'lies in a directory named after its id',
  HostsPath: 'lies in a directory named after its id',
  ResolvConfPath: 'lies in a directory named after its id',
  MountLabel: 'categories of SELinux, which Docker chooses for each container',
  ProcessLabel: 'categories of SELinux, which Docker chooses for each container',
  'GraphDriver.Data': 'where its own layer lies',
  'NetworkSettings.*': 'what its networks have given it at this moment; the networks themselves are compared',
  'HostConfig.RestartPolicy':
    'the old one gives its policy up before it is stopped; the new one is asked for what it was, or is to be',
};

/** Only while it has not been started. */
const notBeforeTheStart: Readonly<Record<string, string>> = {
  AppArmorProfile: 'Docker chooses one at the start',
};

/** What may differ for this container and what is asked of it; a name that ends with `*` stands for all that begin so. */
export function mayDiffer(
  spec: ContainerSpec,
  patch: Patch,
  when: 'created' | 'replaced',
): Readonly<Record<string, string>> {
  const { networks, config, hostConfig, hidden, state } = spec;
  const configKeys = [...new Set([...Object.keys(config), 'ExposedPorts', 'Env', ...hidden.map(({ key }) => key)])];
  const hostKeys = [...new Set([...Object.keys(hostConfig), ...addedHostKeys(patch)])];
  const mode = hostConfig['NetworkMode'];
  const shares = typeof mode === 'string' && mode.startsWith('container:');
  const isSet = (fate: ReturnType<typeof configFate>): boolean =>
    fate.kind === 'set' || (fate.kind === 'drop' && patch.image !== undefined);
  const named = (keys: readonly string[], why: string): Readonly<Record<string, string>> =>
    Object.fromEntries(keys.map((key) => [key, why]));
  return {
    ...alwaysOther,
    // An old one that has run is asked for again when the new one has.
    ...(when === 'created' || !state.running ? notBeforeTheStart : {}),
    ...(when === 'created' && hasNoNetworkToBeOn(spec)
      ? { 'Config.NetworkDisabled': 'Docker says so at the start, where the daemon has no network of its own' }
      : {}),
    // Its image is compared all the same, by its id.
    ...(spec.platform === null ? { ImageManifestDescriptor: 'an older Docker did not write it down' } : {}),
    ...(shares ? { 'Config.Hostname': 'the name of the namespace that it shares, from the start on' } : {}),
    ...named(
      configKeys.filter((key) => isSet(configFate(key, spec, patch))).map((key) => `Config.${key}`),
      'asked for, and compared with that',
    ),
    ...named(
      hostKeys.filter((key) => hostFate(key, spec, patch).kind === 'set').map((key) => `HostConfig.${key}`),
      'asked for, and compared with that',
    ),
    ...(patch.memory === undefined
      ? {}
      : { 'HostConfig.MemorySwap': 'twice the memory, unless somebody has said otherwise' }),
    ...(patch.image === undefined
      ? {}
      : named(
          ['Image', 'Path', 'Args', 'ImageManifestDescriptor', 'Config.Env', 'Config.Volumes'],
          'what comes from its image',
        )),
    ...mountsThatMayDiffer(spec, patch),
    ...Object.fromEntries(
      Object.keys(networks).flatMap((network) =>
        endpointKeysOfDocker.map((key) => [`network ${goString(network)}.${key}`, 'given when it is connected']),
      ),
    ),
  };
}

function mountsThatMayDiffer(spec: ContainerSpec, patch: Patch): Readonly<Record<string, string>> {
  const was = planMounts(spec, {}).expected;
  const is = planMounts(spec, patch).expected;
  const paths = [...new Set([...was.keys(), ...is.keys()])];
  const named = (path: string, key: string): string => `mount ${goString(path)}.${key}`;
  return Object.fromEntries(
    paths.flatMap((path): readonly (readonly [string, string])[] => {
      const [before, after] = [was.get(path), is.get(path)];
      if (
        canonicalJson(before === undefined ? null : { ...before }) !==
        canonicalJson(after === undefined ? null : { ...after })
      )
        return [[named(path, '*'), 'asked for, and compared with that']];
      if (before?.type === 'image')
        return [[named(path, 'Source'), 'where Docker mounts the image for this container']];
      const mode = spec.mounts.find((mount) => asText(mount['Destination']) === path)?.['Mode'];
      return before?.type === 'volume' && mode === ''
        ? [[named(path, 'Mode'), 'a volume without a name is mounted by its id, which gives it another mode']]
        : [];
    }),
  );
}
