import { isObject, type Json } from '../../values/json.ts';

/** Why the value of an expression cannot be used. */
export class NotJson extends Error {}

/** CEL's integers are BigInt: whole numbers become one, everything else stays as it is. */
export function toCel(value: Json): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: Json) => toCel(item));
  return Object.fromEntries(Object.entries(value).map(([key, inner]: [string, Json]) => [key, toCel(inner)]));
}

/** Back to JSON; throws NotJson for what JSON cannot hold. */
export function fromCel(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') {
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
      throw new NotJson(`${String(value)} is too large`);
    return Number(value);
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotJson('the result is not a finite number');
    return value;
  }
  if (Array.isArray(value)) return value.map(fromCel);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, inner]: [unknown, unknown]) => [String(key), fromCel(inner)]));
  const prototype: unknown = isObject(value) ? Object.getPrototypeOf(value) : undefined;
  if (isObject(value) && (prototype === Object.prototype || prototype === null))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromCel(inner)]));
  throw new NotJson('the result is no plain value; convert it with string() or int()');
}
