import { isObject, type Json } from '../../values/json.ts';

/** The reader of YAML makes nothing but JSON; this says so to the type checker where a guard has forgotten it. */
export function asJson(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (Array.isArray(value)) return value.map(asJson);
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)])) : null;
}
