import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { program } from '../../src/cli/program.ts';
import { mistakesIn, wordsOf, world } from './command-lines.ts';
import { documents, placed, root, type Document } from './documents.ts';

interface CommandLine {
  readonly line: number;
  readonly text: string;
}

/** In `console` what follows a prompt, the rest of which was printed; in `sh` every line. */
function shownIn({ blocks }: Pick<Document, 'blocks'>): readonly CommandLine[] {
  return blocks.flatMap(({ info: [language], line, lines }) =>
    lines.flatMap((text, index): readonly CommandLine[] => {
      const typed = language === 'sh' ? text : language === 'console' ? /^[$#] (.*)$/.exec(text)?.[1] : undefined;
      return typed === undefined ? [] : [{ line: line + index, text: typed }];
    }),
  );
}

/** A command that is named in a sentence: `plimsoll …`, `npm …`, or one of plimsoll's with its options. */
function namedIn({ code }: Document): readonly CommandLine[] {
  return code.flatMap(({ line, text }) => {
    if (/^(?:plimsoll|npm|npx) [^…]/.test(text)) return [{ line, text }];
    return commands.has(/^([a-z-]+) -/.exec(text)?.[1] ?? '') ? [{ line, text: `plimsoll ${text}` }] : [];
  });
}

/** In comments of playbooks and inventories: what is indented, up to an explanation beside it. */
function inComments(text: string): readonly CommandLine[] {
  return text.split('\n').flatMap((each, index) => {
    const [, typed] = /^# {2,}(plimsoll .*?)(?: {3,}.*)?$/.exec(each) ?? [];
    return typed === undefined ? [] : [{ line: index + 1, text: typed }];
  });
}

/** The examples that `--help` shows. */
function examplesIn(help: string): readonly string[] {
  return help
    .split('\n')
    .flatMap((line) => (/^ {2}plimsoll /.test(line) && !line.includes('Usage:') ? [line.trim()] : []));
}

describe('command lines', () => {
  it.each(documents.filter((document) => shownIn(document).length > 0))(
    'that $path shows are understood',
    async (document) => {
      const found = await Promise.all(
        shownIn(document).map(async ({ line, text }) =>
          (await mistakesIn(text, 'shown')).map((mistake) => placed(document, line, `${mistake}: ${text}`)),
        ),
      );
      expect(found.flat()).toEqual([]);
    },
  );

  it.each(documents)('that $path names are understood', async (document) => {
    const found = await Promise.all(
      namedIn(document).map(async ({ line, text }) =>
        (await mistakesIn(text, 'named')).map((mistake) => placed(document, line, `${mistake}: ${text}`)),
      ),
    );
    expect(found.flat()).toEqual([]);
  });

  it.each(documents)('do not hide in blocks of $path that are said to be something else', (document) => {
    const hidden = document.blocks.flatMap(({ info: [language = ''], line, lines }) =>
      language === 'text'
        ? lines.flatMap((text, index) =>
            /^(?:\$ |plimsoll |npm |npx )/.test(text) ? [placed(document, line + index, text)] : [],
          )
        : [],
    );
    expect(hidden, 'say console or sh').toEqual([]);
  });

  it.each(['inventory.example.yaml', ...readdirSync(join(root, 'playbooks')).map((name) => `playbooks/${name}`)])(
    'in the comments of %s are understood',
    async (path) => {
      const lines = inComments(readFileSync(join(root, path), 'utf8'));
      const found = await Promise.all(
        lines.map(async ({ line, text }) =>
          (await mistakesIn(text, 'shown')).map((mistake) => `${path}:${String(line)}: ${mistake}: ${text}`),
        ),
      );
      expect(found.flat()).toEqual([]);
    },
  );

  it.each([...commands])('in the help of %s are understood', async (_name, { load }) => {
    const texts: string[] = [];
    const help = (command: CommandUnknownOpts): void => {
      command.configureOutput({ writeOut: (text) => texts.push(text) }).outputHelp();
      command.commands.forEach(help);
    };
    help(
      (await load())(
        world(() => undefined),
        () => undefined,
      ),
    );
    const found = await Promise.all(texts.flatMap(examplesIn).map((text) => mistakesIn(text, 'shown')));
    expect(found.flat()).toEqual([]);
  });

  it('in the help of the program are understood', async () => {
    const texts: string[] = [];
    await program(world((text) => texts.push(text))).run(['--help']);
    const examples = texts.flatMap(examplesIn);
    expect(examples.length).toBeGreaterThan(3);
    expect((await Promise.all(examples.map((text) => mistakesIn(text, 'shown')))).flat()).toEqual([]);
  });
});

describe('every command', () => {
  const said = documents
    .flatMap(({ prose, blocks }) => [...prose.map(({ text }) => text), ...blocks.flatMap(({ lines }) => lines)])
    .join('\n');
  const all = async (): Promise<readonly string[]> => {
    const made = await Promise.all(
      [...commands.values()].map(async ({ load }) =>
        (await load())(
          world(() => undefined),
          () => undefined,
        ),
      ),
    );
    return made.flatMap((command) =>
      command.commands.length === 0
        ? [command.name()]
        : command.commands.map((inner) => `${command.name()} ${inner.name()}`),
    );
  };

  it('is told of in a document', async () => {
    expect((await all()).filter((name) => !new RegExp(`plimsoll ${name}|\`${name}[ \`]`).test(said))).toEqual([]);
  });
});

describe('a mistake in a command line', () => {
  it.each([
    ['plimsoll frobnicate', ['plimsoll has no command "frobnicate"']],
    ['plimsoll plan playbooks/grow-rootfs.yaml --frobnicate', ["plimsoll plan: unknown option '--frobnicate'"]],
    ['plimsoll rollback', ["plimsoll rollback: missing required argument 'run'"]],
    [
      'plimsoll plan playbooks/grow-rootfs.yaml playbooks/grow-pool.yaml',
      ['plimsoll plan: too many arguments. Expected 1 argument but got 2.'],
    ],
    ['plimsoll plan playbooks/none.yaml', ['there is no playbooks/none.yaml']],
    ['plimsoll records frobnicate', ["plimsoll records: unknown command 'frobnicate'"]],
    [
      'plimsoll survey --output xml',
      ["plimsoll survey: option '--output <kind>' argument 'xml' is invalid. Allowed choices are table, json, csv."],
    ],
    ['A=b npm run frobnicate && npm run build', ['package.json has no script "frobnicate"']],
    ['npx frobnicate', ['npx finds no frobnicate here']],
    ['echo a; npx tsx scripts/none.ts', ['there is no scripts/none.ts']],
  ])('%s', async (line, mistakes) => {
    expect(await mistakesIn(line, 'shown')).toEqual(mistakes);
  });

  it('is none where something is only named, or all of it is right', async () => {
    expect(await mistakesIn('plimsoll rollback', 'named')).toEqual([]);
    expect(
      await mistakesIn("plimsoll survey 'web:&production' --over 80% > storage.csv   # what is full", 'shown'),
    ).toEqual([]);
  });

  it('is looked for in each command of a line', () => {
    expect(wordsOf(`A=b a 'b c' "d # e"f \\' > out 2>&1 | g # h`)).toEqual([['A=b', 'a', 'b c', 'd # ef', "'"], ['g']]);
  });
});
