import { isObject, type Json, type JsonObject } from '../../values/json.ts';
import { textOf, truthOf } from './word.ts';

/** What a module is given, in whichever of Ansible's forms it is written. */
export interface Args {
  /** What stands before or between the `key=value` of the free form. */
  readonly free: string;
  readonly keys: JsonObject;
}

const ofPrograms = ['chdir', 'creates', 'removes', 'executable', 'stdin', 'warn'];

/** `free` of programs: the text is a command line, in which only a few keys are looked for. */
export function argsOf(value: Json, beside: JsonObject, program: boolean): Args {
  const more = beside['args'];
  const given: JsonObject = isObject(more) ? more : {};
  if (isObject(value)) {
    const { cmd, _raw_params: raw, ...keys } = value as Record<string, Json>;
    return { free: textOf(cmd) ?? textOf(raw) ?? '', keys: { ...keys, ...given } };
  }
  const text = textOf(value) ?? '';
  const keys: Record<string, Json> = {};
  const pattern = /(^|\s)([a-z_]+)=("(?:[^"\\]|\\.)*"|'[^']*'|\$\{\{.*?\}\}|\S+)/g;
  const free = text.replaceAll(pattern, (whole, _before: string, key: string, written: string) => {
    if (program && !ofPrograms.includes(key)) return whole;
    keys[key] = written.replace(/^(["'])([^]*)\1$/, '$2');
    return '';
  });
  return { free: free.trim(), keys: { ...keys, ...given } };
}

/** The words of a command line, as Python's shlex divides it; undefined when a quote does not end. */
export function wordsOf(line: string): readonly string[] | undefined {
  const words: string[] = [];
  const piece = /\$\{\{[^]*?\}\}|"((?:[^"\\]|\\.)*)"|'([^']*)'|\\([^])|[^\s"'\\]/y;
  let at = 0;
  let word: string | undefined;
  while (at < line.length) {
    if (/\s/.test(line[at] ?? '')) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
      continue;
    }
    piece.lastIndex = at;
    const match = piece.exec(line);
    if (match === null) return undefined;
    const [whole, double, single, escaped] = match;
    word = (word ?? '') + (double?.replaceAll(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? whole);
    at = piece.lastIndex;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** A key as a text, when nothing else in it must be understood. */
export function text({ keys }: Args, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = textOf(keys[name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function truth({ keys }: Args, name: string): boolean | undefined {
  return truthOf(keys[name]);
}

export function number({ keys }: Args, name: string): number | undefined {
  const found = keys[name];
  const value = typeof found === 'string' && /^\d{1,7}$/.test(found) ? Number(found) : found;
  return typeof value === 'number' && value > 0 ? value : undefined;
}

/** One name or several, as a list or with commas between them. */
export function names({ keys }: Args, name: string): readonly string[] | undefined {
  const found = keys[name];
  const list = Array.isArray(found) ? found.map((one: Json) => textOf(one)) : textOf(found)?.split(/\s*,\s*/);
  const all = list?.filter((one) => one !== undefined && one !== '');
  return all === undefined || all.length === 0 || all.length !== list?.length ? undefined : (all as string[]);
}

/** Whether it is given nothing but these: what is not understood is not left out. */
export function only({ keys }: Args, ...known: readonly string[]): boolean {
  return Object.keys(keys).every((key) => known.includes(key));
}

/** An absolute path on a host, or an expression that gives one. */
export function path(args: Args, ...keys: readonly string[]): string | undefined {
  const found = text(args, ...keys);
  return found !== undefined && /^(?:\/|\$\{\{)/.test(found) && !/[\0\n]/.test(found) ? found : undefined;
}

/** Octal digits, which YAML 1.2 reads as a number where they are not quoted. */
export function mode({ keys }: Args): string | undefined {
  const found = textOf(keys['mode']);
  return found !== undefined && /^0?[0-7]{3}$/.test(found) ? found.padStart(4, '0') : undefined;
}
