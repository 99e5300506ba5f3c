import type { Json, JsonObject } from '../../values/json.ts';
import { formatBytes } from '../../values/size.ts';
import { oneLine } from '../../values/terminal.ts';

const longestValue = 120;

/** What differs between two values, a line for each place: `size: 10 GiB → 20 GiB`. */
export function beforeAfter(before: JsonObject, after: JsonObject): readonly string[] {
  const old = flat(before);
  const fresh = flat(after);
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((key) => {
    const [from, to] = [shown(key, old.get(key)), shown(key, fresh.get(key))];
    return from === to ? [] : [`${key}: ${from} → ${to}`];
  });
}

function flat(value: Json, path = ''): ReadonlyMap<string, Json> {
  const isBranch = typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = isBranch ? Object.entries(value) : [];
  if (entries.length === 0) return path === '' ? new Map<string, Json>() : new Map([[path, value]]);
  return new Map(
    entries.flatMap(([key, inner]: [string, Json]) => [...flat(inner, path === '' ? key : `${path}.${key}`)]),
  );
}

/** Numbers of bytes are shown in units when that is exact, and with all their digits when it is not. */
function shown(key: string, value: Json | undefined): string {
  if (value === undefined || value === null) return 'none';
  if (typeof value === 'string') return value === '' ? '""' : oneLine(value, longestValue);
  if (typeof value === 'number' && /bytes$/i.test(key)) {
    const text = formatBytes(value);
    return isExact(value) ? text : `${text} (${String(value)} bytes)`;
  }
  return oneLine(JSON.stringify(value), longestValue);
}

function isExact(bytes: number): boolean {
  let value = bytes;
  while (Math.abs(value) >= 1024) value /= 1024;
  return Number(value.toFixed(2)) === value;
}
