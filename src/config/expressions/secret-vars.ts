import { type SecretReference, isSecretReference, looksLikeSecret, secretsIn } from '../../values/secret-reference.ts';
import { isObject, type Json, type JsonObject } from '../../values/json.ts';
import { readArmour } from '../age/armour.ts';
import { asJson } from '../yaml/as-json.ts';
import type { Path } from '../yaml/yaml.ts';

export const howToWriteSecrets =
  'a secret is { secret: { env: NAME } }, { secret: { file: PATH } }, { secret: { command: [...] } }, { secret: { keyring: { service: NAME, account: NAME } } }, or { secret: { age: ENCRYPTED } }, which plimsoll secret encrypt makes';
export const whereSecretsMayBe =
  'a secret may only be the whole of stdin of a command, or of a variable in env of a command or script: everywhere else it would be seen';

/** Variables that are meant to be secrets and are not written as one. */
export function mistakenSecrets(vars: Json): readonly { readonly path: Path; readonly message: string }[] {
  return secretsIn(vars).flatMap(({ path, value }) => {
    if (isSecretReference(value)) {
      const armour = 'age' in value.secret ? readArmour(value.secret.age) : undefined;
      return armour !== undefined && 'why' in armour
        ? [{ path: [...path, 'secret', 'age'], message: `this value ${armour.why}` }]
        : [];
    }
    return [
      {
        path,
        message:
          typeof value.secret === 'string'
            ? `${howToWriteSecrets}; written out like this it is none`
            : howToWriteSecrets,
      },
    ];
  });
}

/** The same variables, the files of their secrets found from anywhere. */
export function withFilesAt(vars: JsonObject, absolute: (file: string) => string): JsonObject {
  return Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, located(value, absolute)]));
}

function located(value: Json, absolute: (file: string) => string): Json {
  if (isSecretReference(value))
    return 'file' in value.secret ? { secret: { file: absolute(value.secret.file) } } : asJson(value);
  if (Array.isArray(value)) return value.map((item: Json) => located(item, absolute));
  return isObject(value) ? withFilesAt(asObjectOfJson(value), absolute) : value;
}

function asObjectOfJson(value: Record<string, unknown>): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)]));
}

/**
 * What a chain of keys leads to, as far as secrets have to do with it: the secret itself; or `holds`, when it is
 * something around or within one, of which an expression must not make anything.
 */
export function secretAt(value: Json | undefined, keys: readonly string[]): SecretReference | 'holds' | undefined {
  let at: Json | undefined = value;
  for (const key of keys) {
    if (looksLikeSecret(at)) return 'holds';
    at = isObject(at) && Object.hasOwn(at, key) ? asJson(at[key]) : undefined;
  }
  if (isSecretReference(at)) return at;
  return at !== undefined && secretsIn(at).length > 0 ? 'holds' : undefined;
}
