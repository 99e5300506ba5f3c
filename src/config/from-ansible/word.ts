import type { Json, JsonObject } from '../../values/json.ts';
import { linesOf } from './flow.ts';

/** A word of Ansible's playbooks: a keyword of a play, a block or a task, or a module. The one source of messages and of docs/from-ansible.md. */
export interface Word {
  /** A value that it may have there: what the table shows. */
  readonly example: Json;
  /** What stands in its place here, or that there is nothing of the kind, and what is done instead. */
  readonly say: string;
  /** The keys that are written here for a value; nothing where the value does not tell. Its texts are those of plimsoll already. */
  readonly write?: (value: Json, beside: JsonObject) => JsonObject | undefined;
  /** Keys that stand beside it in the example. */
  readonly beside?: JsonObject;
}

export type Words = Readonly<Record<string, Word>>;

/** For what has nothing in its place. */
export function none(instead: string): string {
  return `plimsoll has nothing of the kind; ${instead}`;
}

/** What is said of a word, with the line as it would be written: of its value, or, where that does not tell, of the example. */
export function answer(name: string, word: Word, value: Json | undefined, beside: JsonObject): string {
  const own = value === undefined ? undefined : word.write?.(value, beside);
  if (own !== undefined && Object.keys(own).length === 0) return `${introduced(name, word)}: leave the line out`;
  const lines = linesOf(own ?? {});
  if (own !== undefined && lines.join('').length <= 240) return `${introduced(name, word)}; write ${ticked(lines)}`;
  const example = word.write?.(word.example, word.beside ?? {});
  return example === undefined || Object.keys(example).length === 0
    ? introduced(name, word)
    : `${introduced(name, word)}; for example ${ticked(linesOf(example))}`;
}

function introduced(name: string, { say }: Word): string {
  return `"${name}" is Ansible's: ${say}`;
}

/** Lines in a message. */
export function ticked(lines: readonly string[]): string {
  return lines.map((line) => `\`${line}\``).join(' and ');
}

/** Yes and no, as Ansible reads them. */
export function truthOf(value: Json | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (/^(?:yes|on|true|y|1)$/.test(text) || value === 1) return true;
  return /^(?:no|off|false|n|0)$/.test(text) || value === 0 ? false : undefined;
}

/** A text or a number as a text. */
export function textOf(value: Json | undefined): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

/** What stands under a key in a table of words; nothing of what every object has. */
export function own<Value>(words: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(words, key) ? words[key] : undefined;
}
