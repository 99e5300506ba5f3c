import type { Json, JsonObject } from '../../values/json.ts';
import { textInPlimsoll } from './braces.ts';
import { mapTexts } from './flow.ts';
import { hostModules, storageModules } from './host-modules.ts';
import { fromJinja } from './jinja.ts';
import { playWords } from './play-words.ts';
import { assertOf, programModules } from './program-modules.ts';
import { stepWords } from './step-words.ts';
import { answer, type Word, type Words } from './word.ts';

/** Modules by the last part of their name. */
export const modules: Words = { ...programModules, ...hostModules, ...storageModules };

/** `ansible.builtin.shell`: a collection, and a module of it. */
const qualified = /^[a-z_]\w*\.[a-z_]\w*\.(?:\w+\.)*([a-z_]\w*)$/;

export interface Asked {
  readonly value: Json | undefined;
  /** What stands beside it. */
  readonly beside: JsonObject;
  /** What an expression can read here. */
  readonly known: ReadonlySet<string>;
}

/** What is said of a key that a play does not know; undefined when it is none of Ansible's. */
export function ofPlay(key: string, asked: Asked): string | undefined {
  const word = own(playWords, key);
  return word === undefined ? undefined : said(key, word, asked);
}

/** What is said of a key that a step, or a block, does not know. */
export function ofStep(key: string, asked: Asked): string | undefined {
  const word = own(stepWords, key);
  if (word !== undefined) return said(key, word, asked);
  if (key.startsWith('with_'))
    return `"${key}" is Ansible's: plimsoll says loop, and goes over one list; for example \`loop: [a, b]\``;
  return ofModule(key, asked);
}

/** What is said of a module, by its short or its whole name. */
export function ofModule(key: string, asked: Asked): string | undefined {
  const [, last] = qualified.exec(key) ?? [];
  const name = last ?? key;
  if (name === 'assert') {
    const word: Word = {
      ...programModules['assert'],
      example: { that: 'true' },
      say: programModules['assert']?.say ?? '',
      write: (value) => assertOf(value, (expression) => fromJinja(expression, asked.known).cel),
    };
    return said(key, word, asked);
  }
  const word = own(modules, name);
  if (word !== undefined) return said(key, word, asked);
  return last === undefined
    ? undefined
    : `"${key}" is Ansible's: plimsoll runs no modules of Ansible; it has operations of its own (docs/operations.md), and runs programs: \`command: [PROGRAM, ARGUMENT]\``;
}

/** Whether it is the whole name of a module. */
export function isQualified(key: string): boolean {
  return qualified.test(key);
}

function said(key: string, word: Word, { value, beside, known }: Asked): string {
  const secret = /pass|secret|token/i.test(JSON.stringify([value ?? null, beside['args'] ?? null]));
  const inPlimsoll = value === undefined || secret ? undefined : mapTexts(value, (text) => textInPlimsoll(text, known));
  return answer(key, word, inPlimsoll, beside);
}

function own(words: Words, key: string): Word | undefined {
  return Object.hasOwn(words, key) ? words[key] : undefined;
}
