import { ConfigError, type ConfigIssue } from '../errors.ts';
import type { Target } from '../transport/transport.ts';
import { Secret } from '../values/secret.ts';
import { whyUnreadable, type ConfigIo } from './io.ts';
import type { Host, Inventory, SecretKey, SecretSetting, SecretSource } from './types.ts';

type Answer = { readonly secret: Secret } | { readonly why: string };

/**
 * Reads the secrets of the selected hosts and of the bastions on their way; each source once.
 * Throws a ConfigError that names every host and key whose secret could not be read.
 */
export async function resolveSecrets(inventory: Inventory, hosts: readonly Host[], io: ConfigIo): Promise<readonly Host[]> {
  const answers = new Map<string, Promise<Answer>>();
  const issues = new Map<string, ConfigIssue>();
  const read = async (host: string, key: SecretKey, { source, place }: SecretSetting): Promise<Secret | undefined> => {
    const id = JSON.stringify(source);
    const pending = source.kind === 'text' ? Promise.resolve({ secret: source.secret }) : (answers.get(id) ?? readSource(source, io));
    if (source.kind !== 'text') answers.set(id, pending);
    const answer = await pending;
    if ('secret' in answer) return answer.secret;
    const written = writtenKey[key];
    issues.set(`${host} ${key}`, { ...place, message: `${host}: ${written} ${answer.why}` });
    return undefined;
  };
  const complete = async (target: Target): Promise<Target> => {
    const settings = Object.entries(inventory.hosts.get(target.name)?.secrets ?? {}).filter((entry): entry is [SecretKey, SecretSetting] => isSecretKey(entry[0]));
    const secrets = await Promise.all(settings.map(async ([key, setting]) => [key, await read(target.name, key, setting)] as const));
    const jump = target.jump && (await complete(target.jump));
    return { ...target, ...Object.fromEntries(secrets.filter(([, secret]) => secret !== undefined)), ...(jump === undefined ? {} : { jump }) };
  };
  const completed = await Promise.all(hosts.map(async (host) => ({ ...host, target: await complete(host.target) })));
  if (issues.size > 0) throw new ConfigError([...issues.values()]);
  return completed;
}

const writtenKey: Readonly<Record<SecretKey, string>> = { identityPassphrase: 'identity_passphrase', password: 'password', becomePassword: 'become_password' };

function isSecretKey(key: string): key is SecretKey {
  return Object.hasOwn(writtenKey, key);
}

async function readSource(source: SecretSource, io: ConfigIo): Promise<Answer> {
  switch (source.kind) {
    case 'text':
      return { secret: source.secret };
    case 'env': {
      const value = io.env[source.name];
      return value === undefined || value === '' ? { why: `is to come from the environment variable ${source.name}, which is not set` } : { secret: new Secret(value) };
    }
    case 'file':
      try {
        return secretFrom(new TextDecoder('utf-8', { fatal: true }).decode(await io.readFile(source.path)), `the file ${source.path}`);
      } catch (thrown) {
        return { why: `is to come from the file ${source.path}, but ${whyUnreadable(thrown)}` };
      }
    case 'command': {
      const [program = ''] = source.argv;
      try {
        const { status, stdout } = await io.runCommand(source.argv);
        // What the command printed is not repeated: it may be the secret, or a part of it.
        return status === 0 ? secretFrom(stdout, `the command ${program}`) : { why: `is to come from the command ${program}, which ended with status ${String(status)}` };
      } catch (thrown) {
        return { why: `is to come from the command ${program}, but ${whyUnreadable(thrown)}` };
      }
    }
  }
}

function secretFrom(text: string, from: string): Answer {
  const value = text.replace(/\r?\n$/, '');
  return value === '' ? { why: `is to come from ${from}, which gave nothing` } : { secret: new Secret(value) };
}
