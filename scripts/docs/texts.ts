import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { operations } from '../../src/operations/registry.ts';

/** What lies beside an operation's source, and tells of it. */
export interface Text {
  /** Where it stands in the index: `after OPERATION`, or the heading of the part that it is first in. */
  readonly index: string;
  /** Rows of the table of undos. */
  readonly undo: readonly string[];
  /** Where these stand: `after OPERATION`, or `first`; as in the index where it does not say. */
  readonly undos: string;
  /** What the page has of it. */
  readonly page: string;
}

const folder = new URL('../../src/operations/', import.meta.url);

export function textName(operation: string): string {
  return `${operation.replaceAll('_', '-')}.md`;
}

/** By operation. */
export async function textsOfOperations(): Promise<ReadonlyMap<string, Text>> {
  const files = (await readdir(folder, { recursive: true })).filter(
    (name) => name.endsWith('.md') && name !== 'index.md',
  );
  const names = new Map([...operations.keys()].map((name) => [textName(name), name]));
  const found = new Map<string, Text>();
  for (const file of files) {
    const name = names.get(basename(file));
    if (name === undefined || found.has(name))
      throw new Error(`src/operations/${file} ${name === undefined ? 'belongs to no operation' : 'is there twice'}`);
    found.set(name, parseText(name, await readFile(new URL(file, folder), 'utf8')));
  }
  const missing = [...operations.keys()].filter((name) => !found.has(name));
  if (missing.length > 0)
    throw new Error(
      `${missing.join(', ')}: there is no text: write ${missing.map(textName).join(', ')} beside the source`,
    );
  return found;
}

/** The text of the index, in which its parts have a place each for their operations. */
export async function indexText(): Promise<string> {
  return (await readFile(new URL('index.md', folder), 'utf8')).trim();
}

/**
 * Up to its first empty line a text says where the operation stands, a line each: `index: after OPERATION`, or `index:`
 * and the heading of a part; `undo: WHAT IT IS`, or `undo: OF WHAT | WHAT IT IS`; and `undos: after OPERATION`.
 */
export function parseText(name: string, text: string): Text {
  const [head = '', ...rest] = text.split('\n\n');
  const said = head
    .trim()
    .split('\n')
    .map((line) => {
      const [, key = '', value = ''] = /^(index|undos|undo): (.+)$/.exec(line) ?? [];
      if (key === '')
        throw new Error(`${textName(name)} begins with lines of index, undo and undos, and this is none: ${line}`);
      return { key, value };
    });
  const one = (key: string): string | undefined => {
    const [first, second] = said.filter((each) => each.key === key);
    if (second !== undefined) throw new Error(`${textName(name)} says ${key} twice`);
    return first?.value;
  };
  const index = one('index');
  if (index === undefined)
    throw new Error(`${textName(name)} does not say where ${name} stands: begin it with index: after OPERATION`);
  return {
    index,
    undo: said
      .filter(({ key }) => key === 'undo')
      .map(({ value }) => (value.includes(' | ') ? `| ${value} |` : `| \`${name}\` | ${value} |`)),
    undos: one('undos') ?? index,
    page: rest.join('\n\n').trim(),
  };
}

/** Those that stand in a place, by their names, each with what stands after it. */
export function standingAt(place: string, places: ReadonlyMap<string, string>): readonly string[] {
  return [...places]
    .flatMap(([name, own]) => (own === place ? [name] : []))
    .toSorted()
    .flatMap((name) => [name, ...standingAt(`after ${name}`, places)]);
}
