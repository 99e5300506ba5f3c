import { canonicalJson, isObject } from '../values/json.ts';
import { commandLine } from '../values/shell.ts';
import { formatBytes } from '../values/size.ts';
import { neutralise, oneLine } from '../values/terminal.ts';

const longest = 120;
const context = 20;

/** What differs between two JSON values, a line for each place, by its path: `deviceBytes was 10 GiB (10737418240 bytes), is 20 GiB (…)`. */
export function fieldDifferences(was: unknown, is: unknown, path: readonly string[] = []): readonly string[] {
  if (canonicalJson(was) === canonicalJson(is)) return [];
  const [old, fresh] = [branches(was), branches(is)];
  if (old === undefined || fresh === undefined || (Array.isArray(was) && old.size !== fresh.size))
    return [said(path, was, is)];
  // What is said of another container's start would only be noise beside that it is another one.
  const another = old.has('container') && old.get('container') !== fresh.get('container');
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((key) => !(another && key === 'startedAt'))
    .flatMap((key) => fieldDifferences(old.get(key), fresh.get(key), [...path, key]));
}

/** The places of an object, or of a list of objects (numbered from 1, as messages do); undefined of what is one value. */
function branches(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (isObject(value)) return new Map(Object.entries(value));
  if (Array.isArray(value) && value.length > 0 && value.every(isObject))
    return new Map(value.map((item: unknown, index) => [String(index + 1), item]));
  return undefined;
}

function said(path: readonly string[], was: unknown, is: unknown): string {
  const key = path.at(-1) ?? '';
  if (typeof was === 'string' && typeof is === 'string') {
    if (key === 'startedAt')
      return `was ${was.startsWith('0001-') ? 'started for the first time' : 'restarted'} since (${oneLine(was)} → ${oneLine(is)})`;
    if (key === 'container') return `is another container now (${shortId(was)} → ${shortId(is)})`;
    const [old, fresh] = excerpts(was, is);
    return `${path.join('.')} was ${old}, is ${fresh}`;
  }
  const [old, fresh] = [was, is].map((value) => (value === undefined ? 'not there' : shown(key, value)));
  return `${path.join('.')} was ${old ?? ''}, is ${fresh ?? ''}`;
}

function shortId(id: string): string {
  return oneLine(id.slice(0, 12));
}

function shown(key: string, value: unknown): string {
  if (value === null) return 'nothing';
  if (typeof value === 'number' && /bytes$/i.test(key))
    return value < 1024 ? formatBytes(value) : `${formatBytes(value)} (${String(value)} bytes)`;
  if (key === 'argv' && Array.isArray(value) && value.every((word) => typeof word === 'string' && !word.includes('\0')))
    return oneLine(commandLine(value), longest);
  return oneLine(canonicalJson(value), longest);
}

/** Two texts in quotes; of long ones the part where they begin to differ. */
function excerpts(was: string, is: string): readonly [string, string] {
  const long = Math.max(was.length, is.length) > longest;
  let start = 0;
  while (long && start < Math.min(was.length, is.length) && was[start] === is[start]) start += 1;
  const from = Math.max(0, start - context);
  const cut = (text: string): string =>
    `${from > 0 ? '…' : ''}${neutralise(JSON.stringify(text.slice(from, from + longest)))}${text.length > from + longest ? '…' : ''}`;
  return [cut(was), cut(is)];
}
