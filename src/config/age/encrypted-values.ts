import { AppError, ConfigError } from '../../errors.ts';
import type { Json } from '../../values/json.ts';
import type { Place } from '../model/types.ts';
import { parseYaml, type Path, type WrittenYaml } from '../yaml/yaml.ts';
import type { Span } from '../yaml/source.ts';
import { looksEncrypted } from './armour.ts';

/** One encrypted value of a file, and where its text stands in it. */
export interface EncryptedValue {
  readonly armour: string;
  /** The keys that lead to it, for people: `hosts.db-1.password`. */
  readonly name: string;
  readonly place: Place;
  readonly span: Span;
}

/** A file with encrypted values; all else of it stays as it is, byte by byte. */
export interface EncryptedFile {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly values: readonly EncryptedValue[];
  /** The files of keys that it names itself, as an inventory does, as they are written there. */
  readonly identities: readonly string[];
  /** Its text with other values in the places of these. */
  replaced(fresh: ReadonlyMap<EncryptedValue, string>): Uint8Array;
}

const byteOrderMark = Uint8Array.of(0xef, 0xbb, 0xbf);

/** Throws a ConfigError where it is no YAML, or holds what is not whole. */
export function readEncrypted(file: string, bytes: Uint8Array): EncryptedFile {
  const { yaml, issues } = parseYaml(file, bytes);
  if (yaml === undefined) throw new ConfigError(issues);
  const values = valuesOf(yaml);
  const hasMark = byteOrderMark.every((byte, index) => bytes[index] === byte);
  return {
    file,
    bytes,
    values,
    identities: identitiesOf(yaml.value),
    replaced: (fresh) => {
      const text = new TextEncoder().encode(withTexts(yaml.source.text, fresh));
      // Read again before it is written anywhere: a file that is edited by place must say what it is to say.
      const now = parseYaml(file, text).yaml;
      const said = now === undefined ? [] : valuesOf(now).map(({ armour }) => armour.trim());
      const wanted = values.map((value) => (fresh.get(value) ?? value.armour).trim());
      if (said.join() !== wanted.join())
        throw new AppError('internal', `${file} would not have the values that it is to have: nothing was written`);
      return hasMark ? Uint8Array.of(...byteOrderMark, ...text) : text;
    },
  };
}

/** Each once, also where aliases stand for it. */
function valuesOf(yaml: WrittenYaml): readonly EncryptedValue[] {
  const found = new Map<number, EncryptedValue>();
  const visit = (value: Json, path: Path): void => {
    if (typeof value === 'string') {
      if (path.at(-1) !== 'age' || !looksEncrypted(value)) return;
      const span = yaml.valueSpan(path);
      const holder = path.at(-2) === 'secret' ? path.slice(0, -2) : path.slice(0, -1);
      if (!found.has(span.start))
        found.set(span.start, { armour: value, name: holder.join('.'), place: yaml.placeOf(path), span });
    } else if (Array.isArray(value))
      value.forEach((item: Json, index) => {
        visit(item, [...path, index]);
      });
    else if (value !== null && typeof value === 'object')
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
  };
  visit(yaml.value, []);
  return [...found.values()].toSorted((a, b) => a.span.start - b.span.start);
}

function identitiesOf(value: Json): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('age_identities' in value)) return [];
  const named: unknown = value['age_identities'];
  return [named].flat().filter((one) => typeof one === 'string');
}

function withTexts(text: string, fresh: ReadonlyMap<EncryptedValue, string>): string {
  let from = 0;
  let result = '';
  for (const [{ span }, armour] of [...fresh].toSorted(([a], [b]) => a.span.start - b.span.start)) {
    const old = text.slice(span.start, span.end);
    result += text.slice(from, span.start) + asWritten(old, armour);
    from = span.end;
  }
  return result + text.slice(from);
}

/** A block stays one, with its head and its indentation; what is written in quotes stays on its line. */
function asWritten(old: string, armour: string): string {
  const [head = '', ...body] = old.split(/\r?\n/);
  if (!/^[|>]/.test(head)) return JSON.stringify(armour);
  const indent = /^ */.exec(body.find((line) => line.trim() !== '') ?? '')?.[0] ?? '';
  const lines = armour
    .trim()
    .split('\n')
    .map((line) => indent + line);
  return [head.replace('>', '|'), ...lines].join(old.includes('\r\n') ? '\r\n' : '\n');
}

/** A value to be pasted into a file: under a key, as a secret of the inventory or as a secret variable. */
export function valueText(armour: string, keys: readonly string[]): string {
  const lines = [...keys.map((key) => `${key}:`), 'age: |', ...armour.trim().split('\n')];
  const depth = (index: number): number => Math.min(index, keys.length + 1);
  return lines.map((line, index) => `${'  '.repeat(depth(index))}${line}\n`).join('');
}
