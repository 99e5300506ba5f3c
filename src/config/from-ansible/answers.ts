import type { Json, JsonObject } from '../../values/json.ts';
import { textInPlimsoll } from './braces.ts';
import { linesOf, mapTexts } from './flow.ts';
import { hostModules } from './host-modules.ts';
import { storageModules } from './storage-modules.ts';
import { fromJinja } from './jinja.ts';
import { playWords } from './play-words.ts';
import { assertOf, programModules, renamed, sameNames } from './program-modules.ts';
import { stepWords } from './step-words.ts';
import { answer, own, ticked, type Word, type Words } from './word.ts';

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

/** What of this belongs on the steps of a block. */
const ofSteps = /^(?:with_\w+|ignore_errors|failed_when|changed_when|environment|args|async|poll|throttle|check_mode)$/;

/** What is said of a key that a block does not know. */
export function ofBlock(key: string, asked: Asked): string | undefined {
  const answer = ofStep(key, asked);
  return answer !== undefined && ofSteps.test(key) ? `${answer}, on the steps of the block` : answer;
}

/** What is said of a module, by its short or its whole name. */
function ofModule(key: string, asked: Asked): string | undefined {
  const [, last] = qualified.exec(key) ?? [];
  const name = last ?? key;
  if (name === 'assert') {
    const word: Word = {
      ...sameNames.assert,
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

/**
 * What is said of an operation whose value is written as Ansible's module of the same name takes it;
 * undefined when all of it cannot be said in plimsoll's words.
 */
export function ofOperation(name: string, { value, beside, known }: Asked): string | undefined {
  const word = own(sameNames, name);
  if (word === undefined || value === undefined) return undefined;
  const translated = inPlimsoll(value, beside, known);
  const write = name === 'assert' ? (given: Json) => assertOf(given, (text) => fromJinja(text, known).cel) : word.write;
  const written = translated === undefined ? undefined : write(translated, beside);
  return written === undefined ? undefined : `${name}: ${word.say}; write ${ticked(linesOf(written))}`;
}

/** What is said of a key of an operation that is Ansible's for another one. */
export function ofOperationKey(
  operation: string,
  key: string,
): { readonly here: string; readonly message: string } | undefined {
  const here = own(own(renamed, operation) ?? {}, key);
  if (here === undefined) return undefined;
  return {
    here,
    message: `unknown key "${key}": that is Ansible's; ${here.startsWith('nothing') ? `plimsoll has ${here}` : `plimsoll says ${here}`}`,
  };
}

/** Longer than a line that anybody would copy out of a message. */
const longest = 2000;

/** A value with its texts as plimsoll would have them; nothing where a message is no place for it. */
function inPlimsoll(value: Json | undefined, beside: JsonObject, known: ReadonlySet<string>): Json | undefined {
  const whole = JSON.stringify([value ?? null, beside['args'] ?? null]);
  if (value === undefined || whole.length > longest || /pass|secret|token/i.test(whole)) return undefined;
  return mapTexts(value, (text) => textInPlimsoll(text, known));
}

function said(key: string, word: Word, { value, beside, known }: Asked): string {
  return answer(key, word, inPlimsoll(value, beside, known), beside);
}
