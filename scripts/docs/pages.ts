import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Operation } from '../../src/operations/engine/operation.ts';
import { operations } from '../../src/operations/registry.ts';
import { shippedExamples, type Example } from './examples.ts';
import { keysOf } from './keys.ts';

/** The folder of the pages, in which nothing else lies, and the index of them. */
export const pagesFolder = 'docs/operations';
const index = 'docs/operations.md';

const root = new URL('../../', import.meta.url);
const mark = '<!-- Written by `npm run docs`: change the operation, or the text beside its source, and not this. -->';

/** Every document that is made of the operations, by its path. */
export async function operationPages(): Promise<ReadonlyMap<string, string>> {
  const [prose, examples, undo] = await Promise.all([proseOfOperations(), shippedExamples(), undoRows()]);
  const pages = [...operations.values()].map((operation): readonly [string, string] => {
    const text = prose.get(operation.name);
    if (text === undefined)
      throw new Error(`${operation.name} has no text: write ${fileName(operation.name)} beside its source`);
    return [
      `${pagesFolder}/${operation.name}.md`,
      page(operation, { text, examples: examples.get(operation.name) ?? [], undo: undo.get(operation.name) ?? [] }),
    ];
  });
  return new Map([[index, withLists(prose.get('index') ?? '')], ...pages]);
}

interface Parts {
  readonly text: string;
  readonly examples: readonly Example[];
  /** Rows of the table of durability.md. */
  readonly undo: readonly string[];
}

function page(operation: Operation, { text, examples, undo }: Parts): string {
  const { name, summary, schema } = operation;
  if (operation.readOnly !== true && undo.length === 0)
    throw new Error(`${name} has no row among the undos of docs/durability.md#rollback`);
  const rollback =
    undo.length === 0
      ? []
      : ['## Rollback', ['| | what [a rollback](../durability.md#rollback) does |', '|---|---|', ...undo].join('\n')];
  const { example, rest } = exampleFirst(name, text, examples);
  const head = [mark, `# ${name}`, `${summary}.`, nature(operation), example];
  return `${[...head, '## Keys', keysOf(schema), rest, ...rollback].join('\n\n')}\n`;
}

const programs = 'command.md#programs-that-a-preview-runs';

/** What the operation says of itself. */
function nature({ readOnly, reads, repeats }: Operation): string {
  const inPreview = 'it runs in the preview too, so that what it registers is known there';
  const lines = [
    readOnly === true
      ? `- It only reads: ${inPreview}.`
      : readOnly === false
        ? '- In a preview it is planned and shown; `apply` does it.'
        : `- Whether it changes something depends on its keys. Where it only reads, ${inPreview}.`,
    ...(reads === undefined
      ? []
      : [
          `- To plan it, a program of the playbook may have to run: that is [shown and asked about](${programs}) before.`,
        ]),
    ...(readOnly === true
      ? []
      : [
          repeats
            ? '- It has no state that is wanted: applied again, it is done again.'
            : '- It is verified by being planned again after it was done: there must be nothing left to do.',
        ]),
  ];
  return lines.join('\n');
}

/** From the playbook that is about it, if there is one; where none uses the operation, its text begins with a step. */
function exampleFirst(
  name: string,
  text: string,
  examples: readonly Example[],
): { readonly example: string; readonly rest: string } {
  const own = `${kebab(name)}.yaml`;
  const [first, ...others] = examples.toSorted((a, b) => Number(b.file === own) - Number(a.file === own));
  if (first === undefined) {
    const [example] = new RegExp(`^\`\`\`yaml\\n- ${name}:[^]*?\\n\`\`\`\\n+`).exec(text) ?? [];
    if (example === undefined)
      throw new Error(
        `no playbook uses ${name}: add one to playbooks/, or begin ${fileName(name)} with a step in yaml`,
      );
    return { example: example.trim(), rest: text.slice(example.length) };
  }
  const also = others.length === 0 ? '' : `; also in ${others.map(linked).join(', ')}`;
  return {
    example: `\`\`\`yaml fragment-of:playbooks/${first.file}\n${first.text}\n\`\`\`\n\nFrom ${linked(first)}${also}.`,
    rest: text,
  };
}

function linked({ file }: Example): string {
  return `[playbooks/${file}](../../playbooks/${file})`;
}

/** The texts beside the operations' sources, by operation; `index` is that of the list of them. */
async function proseOfOperations(): Promise<ReadonlyMap<string, string>> {
  const folder = new URL('src/operations/', root);
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.md'));
  const names = new Map([
    ['index.md', 'index'],
    ...[...operations.keys()].map((name): [string, string] => [fileName(name), name]),
  ]);
  const found = new Map<string, string>();
  for (const file of files) {
    const name = names.get(basename(file));
    if (name === undefined || found.has(name))
      throw new Error(`src/operations/${file} ${name === undefined ? 'belongs to no operation' : 'is there twice'}`);
    found.set(name, (await readFile(new URL(file, folder), 'utf8')).trim());
  }
  return found;
}

/** The rows that say what is undone, by the operations that are named in their first cells. */
async function undoRows(): Promise<ReadonlyMap<string, readonly string[]>> {
  const text = await readFile(new URL('docs/durability.md', root), 'utf8');
  const rows = (/^\| operation \| undo \|\n\|---\|---\|\n((?:\|.*\n)+)/m.exec(text)?.[1] ?? '').trim().split('\n');
  const found = new Map<string, readonly string[]>();
  for (const row of rows) {
    const [, first = ''] = row.split('|');
    const named = new Set(
      [...first.matchAll(/`(\w+)[^`]*`/g)].map(([, name = '']) => name).filter((name) => operations.has(name)),
    );
    for (const name of named) found.set(name, [...(found.get(name) ?? []), row]);
  }
  return found;
}

/** In the text of the index `<!-- operations: a b -->` stands for a table of these. Each operation is in one. */
function withLists(text: string): string {
  const listed = new Set<string>();
  const made = text.replaceAll(/<!-- operations:\s+([\w\s]+?)\s*-->/g, (_whole, names: string) => {
    const rows = names.split(/\s+/).map((name) => {
      const operation = operations.get(name);
      if (operation === undefined || listed.has(name))
        throw new Error(
          `src/operations/index.md: ${name} ${operation === undefined ? 'is no operation' : 'is listed twice'}`,
        );
      listed.add(name);
      // The anchor: whoever links to an operation links to it here.
      return `| <a id="${name}"></a>[\`${name}\`](operations/${name}.md) | ${operation.summary} |`;
    });
    return ['| operation | |', '|---|---|', ...rows].join('\n');
  });
  const missing = [...operations.keys()].filter((name) => !listed.has(name));
  if (missing.length > 0) throw new Error(`src/operations/index.md does not list ${missing.join(', ')}`);
  return `${mark}\n\n${made}\n`;
}

function fileName(operation: string): string {
  return `${kebab(operation)}.md`;
}

function kebab(operation: string): string {
  return operation.replaceAll('_', '-');
}
