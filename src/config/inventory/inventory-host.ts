import { join } from 'node:path';
import type { ConfigIssue } from '../../errors.ts';
import type { Target } from '../../transport/transport.ts';
import type { Json } from '../../values/json.ts';
import { Secret } from '../../values/secret.ts';
import type { Suggestions } from '../model/closest.ts';
import type { ConfigIo } from '../model/io.ts';
import { RangeMistake } from '../model/ranges.ts';
import type { Host, NamedSource, SecretKey, SecretSetting, SecretSource } from '../model/types.ts';
import type { InventoryOverrides, Layer, Layered } from './inventory-layers.ts';
import type { SecretInput, Settings } from './inventory-schema.ts';
import { resolvePath } from './inventory-paths.ts';
import type { HostEntry } from './inventory-structure.ts';

/** What hosts are made of beside their layers. */
export interface HostContext {
  readonly io: ConfigIo;
  readonly overrides: InventoryOverrides;
  readonly keys: readonly string[];
  /** The addresses that a range stands for; it is asked for by each of its hosts. */
  readonly addresses: (range: string) => readonly string[];
}

/** A host before it is known how its bastions are reached. */
export type HostDraft = Omit<Host, 'target'> & {
  readonly target: Omit<Target, 'jump'>;
  readonly jump?: { readonly name: string; readonly layer: Layer };
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
  ): { readonly value: NonNullable<Settings[Key]>; readonly layer: Layer } | undefined => {
    const layer = layers.findLast(({ settings }) => settings[key] !== undefined);
    const value = layer?.settings[key];
    return layer === undefined || value === undefined ? undefined : { value, layer };
  };
  const named: NamedSource[] = [];
  const files = (key: 'identity_file' | 'known_hosts_file'): readonly string[] | undefined => {
    const found = last(key);
    const paths = found && [found.value].flat().map((file) => resolvePath(file, found.layer.yaml, context.io));
    // What the command line names, whoever gave it knows.
    if (found !== undefined && found.layer.settings !== context.overrides)
      named.push(
        ...(paths ?? []).map((name): NamedSource => ({
          key,
          kind: 'file',
          name,
          place: found.layer.yaml.placeOf([...found.layer.path, key]),
        })),
      );
    return paths;
  };
  const secret = (key: 'identity_passphrase' | 'password' | 'become_password'): SecretSetting | undefined => {
    const found = last(key);
    return (
      found && {
        source: secretSource(found.value, found.layer, context.io),
        place: found.layer.yaml.placeOf([...found.layer.path, key]),
      }
    );
  };
  const secrets: [SecretKey, SecretSetting | undefined][] = [
    ['identityPassphrase', secret('identity_passphrase')],
    ['password', secret('password')],
    ['becomePassword', secret('become_password')],
  ];
  const saidUser = last('user')?.value;
  const user = saidUser ?? context.io.userName;
  const becomeUser = last('become_user')?.value ?? 'root';
  const become = last('become')?.value ?? false;
  // Ansible calls sudo wherever it is not told that the login is root's.
  const isRoot = (entry.settings === undefined ? user : saidUser) === 'root' && becomeUser === 'root';
  const jump = last('proxy_jump');
  return {
    name: entry.name,
    groups,
    place: entry.yaml.placeOf(entry.path),
    vars: written.reduce<Record<string, Json>>((vars, layer) => Object.assign(vars, layer.vars), {}),
    secrets: Object.fromEntries(secrets.filter(([, setting]) => setting !== undefined)),
    files: named,
    // A jump set for a whole group that the bastion belongs to does not send the bastion through itself.
    ...(jump === undefined || jump.value === 'none' || (jump.value === entry.name && jump.layer.path !== entry.path)
      ? {}
      : { jump: { name: jump.value, layer: jump.layer } }),
    target: {
      name: entry.name,
      address: addressOf(entry, last('address')?.value, context.addresses, issues),
      port: last('port')?.value ?? 22,
      user,
      identityFiles: files('identity_file') ?? context.keys,
      agent: last('agent')?.value ?? true,
      knownHostsFiles: files('known_hosts_file') ?? [
        join(context.io.homeDir, '.ssh', 'known_hosts'),
        '/etc/ssh/ssh_known_hosts',
      ],
      become: become === false || isRoot ? 'none' : 'sudo',
      becomeUser,
      connectTimeoutMs: Math.ceil((last('connect_timeout')?.value ?? 10) * 1000),
      commandTimeoutMs: Math.ceil((last('command_timeout')?.value ?? 300) * 1000),
      stateDirectory: last('state_directory')?.value ?? '/var/lib/plimsoll',
    },
  };
}

function secretSource(input: SecretInput, layer: Layer, io: ConfigIo): SecretSource {
  if (typeof input === 'string') return { kind: 'text', secret: new Secret(input) };
  if ('env' in input) return { kind: 'env', name: input.env };
  if ('file' in input) return { kind: 'file', path: resolvePath(input.file, layer.yaml, io) };
  return { kind: 'command', argv: input.command };
}

/** The host's share of an address with a range; several hosts at one address are a mistake. */
function addressOf(
  entry: HostEntry,
  address: string | undefined,
  addressesOf: HostContext['addresses'],
  issues: ConfigIssue[],
): string {
  // Ansible's hosts come one by one, and have no ranges any more.
  if (address === undefined || entry.settings !== undefined) return address ?? entry.name;
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

export function withJump(
  draft: HostDraft,
  drafts: ReadonlyMap<string, HostDraft>,
  suggestions: Suggestions,
  issues: ConfigIssue[],
): Host {
  const { name, vars, groups, secrets, files, place } = draft;
  const targetOf = ({ target, jump }: HostDraft, trail: readonly string[]): Target => {
    if (jump === undefined) return target;
    const { yaml, path } = jump.layer;
    const complain = (message: string): void => void issues.push(yaml.issue([...path, 'proxy_jump'], message));
    const next = drafts.get(jump.name);
    if (next === undefined)
      complain(`proxy_jump: there is no host "${jump.name}" in the inventory${suggestions.didYouMean(jump.name)}`);
    else if (trail.includes(jump.name))
      complain(`proxy_jump goes in a circle: ${[...trail.slice(trail.indexOf(jump.name)), jump.name].join(' → ')}`);
    else return { ...target, jump: targetOf(next, [...trail, jump.name]) };
    return target;
  };
  return { name, vars, groups, secrets, files, place, target: targetOf(draft, [name]) };
}
