import { AppError } from '../../errors.ts';
import { isObject, parseJson } from '../../values/json.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';

/**
 * One container as `docker inspect` gives it, with Docker's own keys. Its environment is taken
 * out, because what is read here may be registered, shown and journalled.
 * Argument: the full id.
 */
export const containerDetails: Fact<JsonObject> = {
  name: 'container-details',
  script: `docker inspect --type container -- "$1"`,
  parse({ status, stdout, stderr }, [id = '']) {
    const list: unknown = status === 0 ? parseJson(stdout) : undefined;
    const details: unknown = Array.isArray(list) ? list[0] : undefined;
    if (!isObject(details) || details['Id'] !== id) {
      throw new AppError(
        'fact-unreadable',
        `container ${oneLine(id, 12)} could not be inspected: ${oneLine(stderr === '' ? stdout : stderr)}`,
        { hint: 'was it removed a moment ago? Run the same again' },
      );
    }
    const { Config: config, ...rest } = details;
    return toJsonObject({ ...rest, Config: isObject(config) ? withoutEnvironment(config) : null });
  },
};

function withoutEnvironment(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'Env'));
}

/** What JSON.parse made is JSON: this says so to the type checker without a cast. */
function toJson(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value;
  if (Array.isArray(value)) return value.map(toJson);
  return isObject(value) ? toJsonObject(value) : null;
}

function toJsonObject(value: Record<string, unknown>): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toJson(inner)]));
}
