import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { ConfigIssue } from '../../errors.ts';
import type { JsonObject } from '../../values/json.ts';
import { Secret } from '../../values/secret.ts';
import { withFilesAt } from '../expressions/secret-vars.ts';
import { expandHome, type ConfigIo } from '../model/io.ts';
import { expandRanges, RangeMistake } from '../model/ranges.ts';
import type { Host, NamedSource, SecretKey, SecretSetting, SecretSource, Way, Written } from '../model/types.ts';
import type { InventoryOverrides, Layer, Layered } from './inventory-layers.ts';
import type { SecretInput, Settings } from './inventory-schema.ts';
import type { HostEntry } from './inventory-structure.ts';

/** What hosts are made of beside their layers. */
export interface HostContext {
  readonly io: ConfigIo;
  readonly overrides: InventoryOverrides;
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
  const layers: readonly Layer[] = [...written, { yaml: entry.yaml, path: entry.path, settings: context.overrides }];
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
    const paths = [value].flat().map((file) => (isNone(key, file) ? 'none' : resolvePath(file, layer, context)));
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
  const address = last('address');
  const sshConfig = files('ssh_config');
  const jump = last('proxy_jump');
  return {
    name: entry.name,
    groups,
    place: entry.yaml.placeOf(entry.path),
    vars: layers.reduce<JsonObject>(
      (vars, layer) => ({
        ...vars,
        ...withFilesAt(layer.settings.vars ?? {}, (file) => resolve(resolvePath(file, layer, context))),
      }),
      {},
    ),
    secrets: Object.fromEntries(secrets.filter(([, setting]) => setting !== undefined)),
    way: {
      address: address && { ...address, value: addressOf(entry, address.value, issues) },
      port: last('port'),
      user: last('user'),
      identityFiles: files('identity_file'),
      agent: last('agent'),
      knownHostsFiles: files('known_hosts_file'),
      connectTimeoutMs: milliseconds('connect_timeout'),
      sshConfig: sshConfig && { ...sshConfig, value: sshConfig.value[0] ?? 'none' },
      become: (last('become')?.value ?? false) !== false,
      becomeUser: last('become_user')?.value ?? 'root',
      commandTimeoutMs: milliseconds('command_timeout')?.value ?? 300_000,
      stateDirectory: last('state_directory')?.value ?? '/var/lib/plimsoll',
    },
    files: named,
    ...(jump === undefined ? {} : { jump: { ...jump, isOwn: jump.layer.path === entry.path } }),
  };
}

function isNone(key: string, file: string): boolean {
  return key === 'ssh_config' && file === 'none';
}

/** Relative to the file that says it, so that an inventory works from any directory. */
function resolvePath(file: string, { yaml }: Layer, { io }: HostContext): string {
  const path = expandHome(file, io);
  return isAbsolute(path) ? path : join(dirname(yaml.source.file), path);
}

function secretSource(input: SecretInput, layer: Layer, context: HostContext): SecretSource {
  if (typeof input === 'string') return { kind: 'text', secret: new Secret(input) };
  if ('env' in input) return { kind: 'env', name: input.env };
  if ('file' in input) return { kind: 'file', path: resolvePath(input.file, layer, context) };
  return { kind: 'command', argv: input.command };
}

/** The host's share of an address with a range; several hosts at one address are a mistake. */
function addressOf(entry: HostEntry, address: string, issues: ConfigIssue[]): string {
  const complain = (message: string): void => void issues.push(entry.yaml.issue([...entry.path, 'address'], message));
  try {
    const addresses = expandRanges(address);
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
