import { readFile } from 'node:fs/promises';
import type { Operation } from '../../src/operations/engine/operation.ts';
import { operations } from '../../src/operations/registry.ts';
import { fromAnsiblePage } from './from-ansible.ts';
import { shippedExamples, type Example } from './examples.ts';
import { keysOf } from './keys.ts';
import { indexText, standingAt, textName, textsOfOperations, type Text } from './texts.ts';

/** The folder of the pages, in which nothing else lies, and the index of them. */
export const pagesFolder = 'docs/operations';
const index = 'docs/operations.md';
/** Of which the table of undos is made. */
const durability = 'docs/durability.md';

const root = new URL('../../', import.meta.url);
const mark = '<!-- Written by `npm run docs`: change the operation, or the text beside its source, and not this. -->';

/** Every document that is made of the operations, all of it or a table, by its path. */
export async function operationPages(): Promise<ReadonlyMap<string, string>> {
  const [texts, examples] = await Promise.all([textsOfOperations(), shippedExamples()]);
  const undos = undoRows(texts);
  const pages = [...operations.values()].map((operation): readonly [string, string] => {
    const { name } = operation;
    const parts = {
      text: texts.get(name)?.page ?? '',
      examples: examples.get(name) ?? [],
      undo: undos.filter((row) => namedIn(row).has(name)),
    };
    return [`${pagesFolder}/${name}.md`, page(operation, parts)];
  });
  return new Map([
    [index, withLists(await indexText(), texts)],
    [durability, withUndos(await readFile(new URL(durability, root), 'utf8'), undos)],
    ['docs/from-ansible.md', fromAnsiblePage()],
    ...pages,
  ]);
}

interface Parts {
  readonly text: string;
  readonly examples: readonly Example[];
  /** Rows of the table of undos. */
  readonly undo: readonly string[];
}

function page(operation: Operation, { text, examples, undo }: Parts): string {
  const { name, summary, schema } = operation;
  if (operation.readOnly !== true && undo.length === 0)
    throw new Error(`${textName(name)} does not say what a rollback does: undo: …, before its first empty line`);
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
function nature({ name, aliases = {}, readOnly, reads, repeats }: Operation): string {
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
    ...Object.entries(aliases).map(
      ([key, { description = '' }]) =>
        `- \`${key}\` is an older name of it, still understood: \`${name}\` ${description}.`,
    ),
  ];
  return lines.join('\n');
}

/** From the playbook that is about it, if there is one; where none uses the operation, its text begins with a step. */
function exampleFirst(
  name: string,
  text: string,
  examples: readonly Example[],
): { readonly example: string; readonly rest: string } {
  const own = textName(name).replace(/md$/, 'yaml');
  const [first, ...others] = examples.toSorted((a, b) => Number(b.file === own) - Number(a.file === own));
  if (first === undefined) {
    const [example] = new RegExp(`^\`\`\`yaml\\n- ${name}:[^]*?\\n\`\`\`\\n+`).exec(text) ?? [];
    if (example === undefined)
      throw new Error(
        `no playbook uses ${name}: add one to playbooks/, or begin the text of ${textName(name)} with a step in yaml`,
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

/** The rows that say what is undone, in their order. */
function undoRows(texts: ReadonlyMap<string, Text>): readonly string[] {
  const order = standingAt('first', new Map([...texts].map(([name, { undos }]) => [name, undos])));
  const lost = [...texts].flatMap(([name, { undo }]) => (undo.length === 0 || order.includes(name) ? [] : [name]));
  if (lost.length > 0)
    throw new Error(`where the undos of ${lost.join(', ')} stand is not said: undos: after OPERATION`);
  return order.flatMap((name) => texts.get(name)?.undo ?? []);
}

/** The operations that a row is about: those that are named in its first cell. */
function namedIn(row: string): ReadonlySet<string> {
  const [, first = ''] = row.split('|');
  return new Set([...first.matchAll(/`(\w+)[^`]*`/g)].flatMap(([, name = '']) => name));
}

/** Between its two marks it has the table. */
function withUndos(text: string, rows: readonly string[]): string {
  const [begin, end] = ['<!-- undos: npm run docs -->\n', '<!-- /undos -->\n'];
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${durability} has no ${begin.trim()} … ${end.trim()}`);
  const table = ['| operation | undo |', '|---|---|', ...rows].map((line) => `${line}\n`);
  return [before, begin, ...table, end, after].join('');
}

/** In each part of the index `<!-- operations -->` stands for a table of its operations. */
function withLists(text: string, texts: ReadonlyMap<string, Text>): string {
  const places = new Map([...texts].map(([name, { index }]) => [name, index]));
  const listed = new Set<string>();
  const parts = text.split(/^(?=## )/m).map((part) => {
    const [, heading = ''] = /^## (.+)/.exec(part) ?? [];
    return part.replace('<!-- operations -->', () => {
      const rows = standingAt(heading, places).map((name) => {
        listed.add(name);
        const { aliases = {}, summary = '' } = operations.get(name) ?? {};
        // The anchors: whoever links to an operation, by an older name too, links to it here.
        const anchors = [name, ...Object.keys(aliases)].map((key) => `<a id="${key}"></a>`).join('');
        return `| ${anchors}[\`${name}\`](operations/${name}.md) | ${summary} |`;
      });
      return ['| operation | |', '|---|---|', ...rows].join('\n');
    });
  });
  const missing = [...operations.keys()].filter((name) => !listed.has(name));
  if (missing.length > 0)
    throw new Error(
      `where ${missing.join(', ')} stands in the index is not said: index: after OPERATION, or a heading`,
    );
  return `${mark}\n\n${parts.join('')}\n`;
}
