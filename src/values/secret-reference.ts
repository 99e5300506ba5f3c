import { canonicalJson, isObject, type Json } from './json.ts';

/** Where a secret comes from. This stands in plans and journals; what comes from there never does. */
export type SecretOrigin =
  | { readonly env: string }
  | { readonly file: string }
  | { readonly command: readonly string[] }
  /** What a program has put into the keyring of this machine's user is found by these two. */
  | { readonly keyring: { readonly service: string; readonly account: string } }
  /** Encrypted, and whole: this is where it comes from. */
  | { readonly age: string };

export type KeyringEntry = Extract<SecretOrigin, { readonly keyring: unknown }>['keyring'];

/** A secret variable as it is written, and as whoever uses it gets it: `{secret: {env: NAME}}`. */
export interface SecretReference {
  readonly secret: SecretOrigin;
}

/** Whether a value is meant to be one: a mapping with nothing but `secret`. */
export function looksLikeSecret(value: unknown): value is { readonly secret: unknown } {
  return isObject(value) && Object.hasOwn(value, 'secret') && Object.keys(value).length === 1;
}

export function isSecretReference(value: unknown): value is SecretReference {
  if (!looksLikeSecret(value) || !isObject(value.secret)) return false;
  const [[kind, from] = [], more] = Object.entries(value.secret);
  if (more !== undefined) return false;
  if (kind === 'env' || kind === 'file' || kind === 'age') return typeof from === 'string' && from !== '';
  if (kind === 'keyring') return isKeyringEntry(from);
  return kind === 'command' && Array.isArray(from) && from.length > 0 && from.every((word) => typeof word === 'string');
}

function isKeyringEntry(value: unknown): value is KeyringEntry {
  if (!isObject(value) || Object.keys(value).length !== 2) return false;
  return [value['service'], value['account']].every((text) => typeof text === 'string' && text !== '');
}

/** What two references to the same secret have in common. */
export function secretKey({ secret }: SecretReference): string {
  return canonicalJson(secret);
}

/** For people: `the environment variable TOKEN`. */
export function originOf({ secret }: SecretReference): string {
  if ('env' in secret) return `the environment variable ${secret.env}`;
  if ('age' in secret) return 'an encrypted value';
  if ('keyring' in secret) return `the keyring (${secret.keyring.service}, ${secret.keyring.account})`;
  return 'file' in secret ? `the file ${secret.file}` : `the command ${secret.command[0] ?? ''}`;
}

/** Every secret, or what is meant to be one, in a value, with the keys that lead there. */
export function secretsIn(
  value: Json,
  path: readonly (string | number)[] = [],
): readonly { readonly path: readonly (string | number)[]; readonly value: { readonly secret: unknown } }[] {
  if (looksLikeSecret(value)) return [{ path, value }];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item: Json, index) => secretsIn(item, [...path, index]));
  return Object.entries(value).flatMap(([key, inner]: [string, Json]) => secretsIn(inner, [...path, key]));
}
