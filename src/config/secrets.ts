import { isAbsolute, resolve } from 'node:path';
import { ConfigError, type ConfigIssue } from '../errors.ts';
import { shortestSecret } from '../transport/redaction/forms.ts';
import type { Target } from '../transport/transport.ts';
import type { Secret } from '../values/secret.ts';
import { secretKey, type SecretReference } from '../values/secret-reference.ts';
import { AgeKeys } from './age/keys.ts';
import { expandHome, type ConfigIo } from './model/io.ts';
import type { Host, Inventory, NamedSource, Place, SecretKey, SecretSetting, SecretSource } from './model/types.ts';
import { readSource, type Answer } from './secret-source.ts';

/** A secret variable that a step gives to its program, and the step. */
export interface UsedSecret {
  readonly reference: SecretReference;
  readonly place: Place;
}

export interface SecretOptions {
  /** Programs of this machine that give secrets are not run: who needs one of them is refused. */
  readonly noCommands?: boolean;
  /** Told before such a program is run. */
  readonly running?: (line: string, place: Place) => void;
  readonly warn?: (issue: ConfigIssue) => void;
  /** The secret variables of a host, and the directory of the playbook, for files that are named relative to it. */
  readonly variables?: (host: Host) => readonly UsedSecret[];
  readonly directory?: string;
  /** What opens encrypted values, and the files with its keys, where they are not those that the inventory names. */
  readonly keys?: AgeKeys;
  readonly identities?: readonly string[] | undefined;
}

/**
 * Reads the secrets of the selected hosts and of the bastions on their way; each source once.
 * Throws a ConfigError that names every host and key whose secret could not be read.
 */
export async function resolveSecrets(
  inventory: Inventory,
  hosts: readonly Host[],
  io: ConfigIo,
  options: SecretOptions = {},
): Promise<readonly Host[]> {
  const answers = new Map<string, Promise<Answer>>();
  const opening = {
    keys: options.keys ?? new AgeKeys(io),
    identities: options.identities ?? (inventory.ageIdentities ?? []).map(({ name }) => name),
  };
  const issues = new Map<string, ConfigIssue>();
  const read = async (host: string, written: string, { source, place }: SecretSetting): Promise<Secret | undefined> => {
    const id = JSON.stringify(source);
    const pending =
      source.kind === 'text'
        ? Promise.resolve({ secret: source.secret })
        : (answers.get(id) ?? readSource(source, place, io, { ...options, ...opening }));
    if (source.kind !== 'text') answers.set(id, pending);
    const answer = await pending;
    if ('secret' in answer) {
      if (answer.secret.reveal().length < shortestSecret)
        options.warn?.({
          ...place,
          message: `${written} has fewer than ${String(shortestSecret)} characters: so short a secret is not taken out of what hosts print`,
        });
      return answer.secret;
    }
    const at = written === secretVariable && source.kind === 'age' ? await standsAt(id, source.armour, place) : '';
    issues.set(`${host} ${written} ${id}`, { ...place, message: `${host}: ${written}${at} ${answer.why}` });
    return undefined;
  };
  const places = new Map<string, Promise<string>>();
  const standsAt = (id: string, armour: string, { file }: Place): Promise<string> => {
    const known = places.get(id) ?? whereWritten(armour, [file, ...inventory.files], io);
    places.set(id, known);
    return known;
  };
  const variablesOf = async (host: Host): Promise<Pick<Target, 'secretVars'>> => {
    const used = options.variables?.(host) ?? [];
    const values = await Promise.all(
      used.map(
        async ({ reference, place }) =>
          [
            secretKey(reference),
            await read(host.name, secretVariable, { source: sourceOf(reference, io, options.directory), place }),
          ] as const,
      ),
    );
    const known = values.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
    return known.length === 0 ? {} : { secretVars: new Map(known) };
  };
  const complete = async (target: Target): Promise<Target> => {
    const settings = settingsOf(inventory, target);
    const secrets = await Promise.all(
      settings.map(async ([key, setting]) => [key, await read(target.name, writtenKey[key], setting)] as const),
    );
    const jump = target.jump && (await complete(target.jump));
    return {
      ...target,
      ...Object.fromEntries(secrets.filter(([, secret]) => secret !== undefined)),
      ...(jump === undefined ? {} : { jump }),
    };
  };
  const completed = await Promise.all(
    hosts.map(async (host) => ({
      ...host,
      target: { ...(await complete(host.target)), ...(await variablesOf(host)) },
    })),
  );
  if (issues.size > 0) throw new ConfigError([...issues.values()]);
  return completed;
}

/** Of an encrypted variable, which stands elsewhere than the step that uses it: looked for only when it cannot be opened. */
async function whereWritten(armour: string, files: readonly string[], io: ConfigIo): Promise<string> {
  const first = armour.trim().split(/\r?\n/)[1] ?? '';
  if (first === '') return '';
  for (const each of new Set(files)) {
    const text = await io.readFile(each).then(
      (bytes) => Buffer.from(bytes).toString('utf8'),
      () => '',
    );
    const at = text.lastIndexOf('-----BEGIN', text.indexOf(first));
    if (at > 0 && text.includes(first)) return ` (${each}:${String(text.slice(0, at).split('\n').length)})`;
  }
  return '';
}

/** What is going to be read of this machine for these hosts and their bastions, so that it can be said before: each once. */
export function namedSources(
  inventory: Inventory,
  hosts: readonly Host[],
  io: ConfigIo,
  { variables, directory, identities }: SecretOptions = {},
): readonly NamedSource[] {
  const named = (key: string, source: SecretSource, place: Place): readonly NamedSource[] =>
    source.kind === 'age' && identities === undefined ? (inventory.ageIdentities ?? []) : namedBy(key, source, place);
  const chain = (target: Target): readonly Target[] => [
    target,
    ...(target.jump === undefined ? [] : chain(target.jump)),
  ];
  const found = hosts.flatMap((host) => [
    ...chain(host.target).flatMap((target) => [
      ...(inventory.hosts.get(target.name)?.files ?? []),
      ...settingsOf(inventory, target).flatMap(([key, { source, place }]) => named(writtenKey[key], source, place)),
    ]),
    ...(variables?.(host) ?? []).flatMap(({ reference, place }) =>
      named(secretVariable, sourceOf(reference, io, directory), place),
    ),
  ]);
  return [
    ...new Map(
      found.map((one) => [JSON.stringify([one.key, one.kind, one.name, one.place.file, one.place.line]), one]),
    ).values(),
  ];
}

/** Commands are said when they are run; a text is no secret to whoever reads the inventory. */
function namedBy(key: string, source: SecretSource, place: Place): readonly NamedSource[] {
  if (source.kind === 'env') return [{ key, kind: 'env', name: source.name, place }];
  return source.kind === 'file' ? [{ key, kind: 'file', name: source.path, place }] : [];
}

function settingsOf(inventory: Inventory, { name }: Target): readonly (readonly [SecretKey, SecretSetting])[] {
  return Object.entries(inventory.hosts.get(name)?.secrets ?? {}).filter((entry): entry is [SecretKey, SecretSetting] =>
    isSecretKey(entry[0]),
  );
}

const secretVariable = 'a secret variable';
const writtenKey: Readonly<Record<SecretKey, string>> = {
  identityPassphrase: 'identity_passphrase',
  password: 'password',
  becomePassword: 'become_password',
};

function isSecretKey(key: string): key is SecretKey {
  return Object.hasOwn(writtenKey, key);
}

function sourceOf({ secret }: SecretReference, io: ConfigIo, directory = '.'): SecretSource {
  if ('env' in secret) return { kind: 'env', name: secret.env };
  if ('command' in secret) return { kind: 'command', argv: secret.command };
  if ('keyring' in secret) return { kind: 'keyring', ...secret.keyring };
  if ('age' in secret) return { kind: 'age', armour: secret.age };
  const file = expandHome(secret.file, io);
  return { kind: 'file', path: isAbsolute(file) ? file : resolve(directory, file) };
}
