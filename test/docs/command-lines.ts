import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { commands } from '../../src/cli/commands.ts';
import { Interrupts } from '../../src/cli/interrupts.ts';
import { processWorld, type World } from '../../src/cli/world.ts';
import { matchesGlob } from '../../src/facts/containers/container-selection.ts';
import { root } from './documents.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** npm's own words that documents use. */
const npmWords = ['ci', 'link', 'test'];

/** `named`: a command that is only spoken of may lack what it needs, and its arguments may be words for others. */
type Kind = 'shown' | 'named';

/** What is wrong with a command line, whatever it is of plimsoll's or npm's. */
export async function mistakesIn(line: string, kind: Kind): Promise<readonly string[]> {
  return (await Promise.all(wordsOf(line).map((words) => mistakeIn(words, kind)))).flat();
}

async function mistakeIn(words: readonly string[], kind: Kind): Promise<readonly string[]> {
  // VARIABLE=value before it.
  const [program = '', ...args] = words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word)));
  const missing = args
    .filter(
      (word) =>
        /^(?:playbooks|schemas|scripts|lab|bench|test|src)\/|^inventory\.example\.yaml$/.test(word) && !isThere(word),
    )
    .map((word) => `there is no ${word}`);
  switch (program) {
    case 'plimsoll':
      return [...(await ofPlimsoll(args, kind)), ...missing];
    case 'npm':
      return [...ofNpm(args), ...missing];
    case 'npx':
      return [
        ...(existsSync(join(root, 'node_modules/.bin', args[0] ?? '')) ? [] : [`npx finds no ${args[0] ?? ''} here`]),
        ...missing,
      ];
    default:
      return program === 'node' ? missing.filter((word) => !word.endsWith('dist/main.js')) : [];
  }
}

function ofNpm([word = '', script = '']: readonly string[]): readonly string[] {
  if (word !== 'run') return npmWords.includes(word) ? [] : [`npm ${word} is not known here`];
  return Object.hasOwn(scripts, script) ? [] : [`package.json has no script "${script}"`];
}

/** With globs in its name, a file is there when one of them is. */
function isThere(path: string): boolean {
  const folder = join(root, dirname(path));
  return /[*?]/.test(path)
    ? existsSync(folder) && readdirSync(folder).some((name) => matchesGlob(path, join(dirname(path), name)))
    : existsSync(join(root, path));
}

/** By the product's own commands, each of which only parses. */
async function ofPlimsoll([name = '', ...rest]: readonly string[], kind: Kind): Promise<readonly string[]> {
  if (['--help', '--version'].includes(name)) return [];
  const listed = commands.get(name);
  if (listed === undefined) return [`plimsoll has no command "${name}"`];
  const command = (await listed.load())(
    world(() => undefined),
    () => undefined,
  );
  onlyParses(command);
  try {
    await command.parseAsync(rest, { from: 'user' });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    const lacks = [
      'commander.help',
      'commander.missingArgument',
      'commander.optionMissingArgument',
      'commander.invalidArgument',
    ];
    return thrown.exitCode === 0 || (kind === 'named' && lacks.includes(thrown.code))
      ? []
      : [`plimsoll ${name}: ${thrown.message.replace(/^error: /, '')}`];
  }
}

function onlyParses(command: CommandUnknownOpts): void {
  const nothing = (): void => undefined;
  command.exitOverride().configureOutput({ writeOut: nothing, writeErr: nothing, outputError: nothing });
  if (command.commands.length === 0) command.action(nothing);
  for (const inner of command.commands) onlyParses(inner);
}

/** A world of which nothing is used but its output. */
export function world(write: (text: string) => void): World {
  const screen = { write, isTerminal: false, columns: 200, rows: 24, colour: false };
  return { ...processWorld(new Interrupts()), out: screen, err: screen };
}

/** The words of each command in a line of a shell. Where words are sent, and what follows `#`, is left out. */
export function wordsOf(line: string): readonly (readonly string[])[] {
  const found: string[][] = [[]];
  let redirected = false;
  for (const [token, quoted] of line.matchAll(
    /(?<=^|\s)#.*|&&|\|\||[;|]|\d?>>?|((?:'[^']*'|"[^"]*"|\\.|[^\s;|>&'"])+)/g,
  )) {
    if (token.startsWith('#')) break;
    if (quoted === undefined) {
      redirected = token.includes('>');
      if (!redirected) found.push([]);
    } else if (redirected) redirected = false;
    else found.at(-1)?.push(quoted.replaceAll(/'([^']*)'|"([^"]*)"|\\(.)/g, '$1$2$3'));
  }
  return found.filter((words) => words.length > 0);
}
