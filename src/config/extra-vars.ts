import { dirname, resolve } from 'node:path';
import { AppError, ConfigError } from '../errors.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../values/json.ts';
import { looksLikeSecret } from '../values/secret-reference.ts';
import { asJson } from './yaml/as-json.ts';
import { identifier, varsSchema } from './inventory/inventory-schema.ts';
import type { ConfigIo } from './model/io.ts';
import { readYamlFile } from './inventory/read-file.ts';
import { mistakesIn } from './yaml/schema-issues.ts';
import { mistakenSecrets, withFilesAt } from './expressions/secret-vars.ts';

/**
 * `-e/--var`, in order, later ones winning: `key=value`, `a.b=value` for a nested one, or `@FILE`
 * with a mapping in YAML. A value that is a JSON number, true, false or null is that, and so is a secret
 * (`token={"secret":{"env":"TOKEN"}}`, or `token.secret.env=TOKEN`); anything else is the text itself.
 */
export async function readExtraVars(given: readonly string[], io: Pick<ConfigIo, 'readFile'>): Promise<JsonObject> {
  let vars: JsonObject = {};
  for (const text of given)
    vars = merge(vars, text.startsWith('@') ? await fromFile(text.slice(1), io) : fromText(text));
  const [mistake] = mistakenSecrets(vars);
  if (mistake !== undefined)
    throw new AppError('usage', `--var ${mistake.path.join('.')}: ${mistake.message}`, {
      hint: 'for example -e token.secret.env=TOKEN',
    });
  return vars;
}

async function fromFile(file: string, io: Pick<ConfigIo, 'readFile'>): Promise<JsonObject> {
  const { value: yaml, issues } = await readYamlFile(file, io);
  if (yaml === undefined) throw new ConfigError(issues);
  const mistakes = mistakesIn(varsSchema, yaml.value);
  if (mistakes.length > 0)
    throw new ConfigError(mistakes.map(({ path, at, message }) => yaml.issue(path, message, at)));
  return withFilesAt(varsSchema.parse(yaml.value), (path) =>
    path.startsWith('~') ? path : resolve(dirname(file), path),
  );
}

function fromText(text: string): JsonObject {
  const equals = text.indexOf('=');
  const keys = text.slice(0, equals).split('.');
  if (equals < 1) throw new AppError('usage', `--var ${JSON.stringify(text)}: expected key=value or @FILE`);
  const strange = keys.find((key) => !identifier.test(key));
  if (strange !== undefined)
    throw new AppError('usage', `--var ${JSON.stringify(text)}: "${strange}" cannot name a variable`, {
      hint: 'use letters, digits and _; a dot leads into a nested variable',
    });
  return withFilesAt(nest(keys, valueOf(text.slice(equals + 1))), (path) =>
    path.startsWith('~') ? path : resolve(path),
  );
}

function nest([key = '', ...rest]: readonly string[], value: Json): JsonObject {
  return { [key]: rest.length === 0 ? value : nest(rest, value) };
}

function valueOf(text: string): Json {
  if (/^\{\s*"secret"\s*:/.test(text)) {
    const value = parseJson(text);
    if (looksLikeSecret(value)) return asJson(value);
  }
  if (!/^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(text) || /^-?0\d/.test(text)) return text;
  const value = asJson(JSON.parse(text));
  return typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value) ? text : value;
}

function merge(under: JsonObject, over: JsonObject): JsonObject {
  const entries = Object.entries(over).map(([key, value]) => {
    const below = under[key];
    return [key, isMapping(below) && isMapping(value) ? merge(below, value) : value] as const;
  });
  return { ...under, ...Object.fromEntries(entries) };
}

function isMapping(value: Json | undefined): value is JsonObject {
  return isObject(value);
}
