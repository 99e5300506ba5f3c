import type { ConfigIssue } from '../../errors.ts';
import type { Json } from '../../values/json.ts';
import { Secret } from '../../values/secret.ts';
import type { BecomeMethod } from '../../transport/transport.ts';
import type { ConfigIo } from '../model/io.ts';
import { RangeMistake } from '../model/ranges.ts';
import type { Host, NamedSource, SecretKey, SecretSetting, SecretSource, Way, Written } from '../model/types.ts';
import type { InventoryOverrides, Layer, Layered } from './inventory-layers.ts';
import type { SecretInput, Settings } from './inventory-schema.ts';
import { resolvePath } from './inventory-paths.ts';
import type { HostEntry } from './inventory-structure.ts';

/** What hosts are made of beside their layers. */
export interface HostContext {
  readonly io: ConfigIo;
  readonly overrides: InventoryOverrides;
  /** The addresses that a range stands for; it is asked for by each of its hosts. */
  readonly addresses: (range: string) => readonly string[];
}

/** A host before it is known which of the hosts that it is behind are in the inventory. */
export type HostDraft = Omit<Host, 'target' | 'way'> & {
  readonly way: Omit<Way, 'jumps'>;
  readonly jump?: Written<string> & { readonly layer: Layer; readonly isOwn: boolean };
};

export function draftHost(
  entry: HostEntry,
  { groups, layers: written }: Layered,
  context: HostContext,
  issues: ConfigIssue[],
): HostDraft {
  const given: Layer = { yaml: entry.yaml, path: entry.path, settings: context.overrides, vars: {}, says: true };
  const layers = [...written.filter(({ says }) => says), given];
  const last = <Key extends keyof Settings>(
    key: Key,
  ): (Written<NonNullable<Settings[Key]>> & { readonly layer: Layer }) | undefined => {
    const layer = layers.findLast(({ settings }) => settings[key] !== undefined);
    const value = layer?.settings[key];
    if (layer === undefined || value === undefined) return undefined;
    // What the command line names, whoever gave it knows.
    return layer.settings === context.overrides
      ? { value, layer }
      : { value, layer, place: layer.yaml.placeOf([...layer.path, key]) };
  };
  const named: NamedSource[] = [];
  const files = (key: 'identity_file' | 'known_hosts_file' | 'ssh_config'): Written<readonly string[]> | undefined => {
    const found = last(key);
    if (found === undefined) return undefined;
    const { value, layer } = found;
    const paths = [value]
      .flat()
      .map((file) => (isNone(key, file) ? 'none' : resolvePath(file, layer.yaml, context.io)));
    const { place } = found;
    if (place !== undefined)
      named.push(
        ...paths.filter((name) => !isNone(key, name)).map((name): NamedSource => ({ key, kind: 'file', name, place })),
      );
    return place === undefined ? { value: paths } : { value: paths, place };
  };
  const milliseconds = (key: 'connect_timeout' | 'command_timeout'): Written<number> | undefined => {
    const found = last(key);
    return found && { ...found, value: Math.ceil(found.value * 1000) };
  };
  const secret = (key: 'identity_passphrase' | 'password' | 'become_password'): SecretSetting | undefined => {
    const found = last(key);
    return (
      found && {
        source: secretSource(found.value, found.layer, context),
        place: found.layer.yaml.placeOf([...found.layer.path, key]),
      }
    );
  };
  const secrets: [SecretKey, SecretSetting | undefined][] = [
    ['identityPassphrase', secret('identity_passphrase')],
    ['password', secret('password')],
    ['becomePassword', secret('become_password')],
  ];
  // Ansible's hosts come one by one, have no ranges any more, and ssh is told their address and nothing else.
  const isAnsibles = entry.settings !== undefined;
  const address = last('address');
  const sshConfig = files('ssh_config');
  const jump = last('proxy_jump');
  return {
    name: entry.name,
    groups,
    place: entry.yaml.placeOf(entry.path),
    vars: written.reduce<Record<string, Json>>((vars, layer) => Object.assign(vars, layer.vars), {}),
    secrets: Object.fromEntries(secrets.filter(([, setting]) => setting !== undefined)),
    way: {
      destination: isAnsibles ? address : undefined,
      address: isAnsibles
        ? undefined
        : address && { ...address, value: addressOf(entry, address.value, context.addresses, issues) },
      port: last('port'),
      user: last('user'),
      identityFiles: files('identity_file'),
      agent: last('agent'),
      knownHostsFiles: files('known_hosts_file'),
      connectTimeoutMs: milliseconds('connect_timeout'),
      sshConfig: sshConfig && { ...sshConfig, value: sshConfig.value[0] ?? 'none' },
      become: (last('become')?.value ?? false) !== false,
      becomeMethod: methodOf(layers, issues),
      isRootOnlyIfSaid: isAnsibles ? true : undefined,
      isBehindOutside: isAnsibles ? true : undefined,
      becomeUser: last('become_user')?.value ?? 'root',
      commandTimeoutMs: milliseconds('command_timeout')?.value ?? 300_000,
      stateDirectory: last('state_directory')?.value ?? '/var/lib/plimsoll',
    },
    files: named,
    ...(jump === undefined ? {} : { jump: { ...jump, isOwn: jump.layer.path === entry.path } }),
  };
}

/** The strongest layer that names one has its way. */
function methodOf(layers: readonly Layer[], issues: ConfigIssue[]): BecomeMethod | undefined {
  const named = layers.findLast(
    ({ settings: { become, become_method: method } }) => method !== undefined || typeof become === 'string',
  );
  if (named === undefined) return undefined;
  const { become, become_method: method } = named.settings;
  if (typeof become !== 'string') return method;
  if (method !== undefined && method !== become)
    issues.push(
      named.yaml.issue(
        [...named.path, 'become_method'],
        `become_method is ${method}, and become beside it says ${become}: leave one of them out`,
      ),
    );
  return become;
}

function isNone(key: string, file: string): boolean {
  return key === 'ssh_config' && file === 'none';
}

function secretSource(input: SecretInput, layer: Layer, context: HostContext): SecretSource {
  if (typeof input === 'string') return { kind: 'text', secret: new Secret(input) };
  if ('env' in input) return { kind: 'env', name: input.env };
  if ('file' in input) return { kind: 'file', path: resolvePath(input.file, layer.yaml, context.io) };
  if ('keyring' in input) return { kind: 'keyring', ...input.keyring };
  return 'age' in input ? { kind: 'age', armour: input.age } : { kind: 'command', argv: input.command };
}

/** The host's share of an address with a range; several hosts at one address are a mistake. */
function addressOf(
  entry: HostEntry,
  address: string,
  addressesOf: HostContext['addresses'],
  issues: ConfigIssue[],
): string {
  const complain = (message: string): void => void issues.push(entry.yaml.issue([...entry.path, 'address'], message));
  try {
    const addresses = addressesOf(address);
    if (addresses.length !== entry.count)
      complain(
        `${String(entry.count)} hosts, but ${String(addresses.length)} address${addresses.length === 1 ? '' : 'es'}: give the address a range of the same length`,
      );
    return addresses[entry.index] ?? address;
  } catch (thrown) {
    if (!(thrown instanceof RangeMistake)) throw thrown;
    complain(thrown.message);
    return address;
  }
}
