import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** A block between two lines of backticks, without the indentation that it has with them. */
export interface Block {
  /** The words after the backticks: the first is the language. */
  readonly info: readonly string[];
  /** Of its first line, from 1. */
  readonly line: number;
  readonly lines: readonly string[];
}

/** Text that is no block, a line at a time. */
interface Line {
  readonly line: number;
  readonly text: string;
}

export interface Document {
  /** From the root of the project. */
  readonly path: string;
  readonly blocks: readonly Block[];
  readonly prose: readonly Line[];
  /** What stands between backticks in it. */
  readonly code: readonly Line[];
  /** The targets of its links. */
  readonly links: readonly Line[];
  /** What can stand after `#` in a link to it. */
  readonly anchors: ReadonlySet<string>;
}

/** What is no document of ours; the texts in `src` are pasted into others, and are looked at there. */
const left = /^(?:node_modules|dist|coverage|src|\.\w+)$/;

/** Every Markdown file of the project. */
export const documents: readonly Document[] = readdirSync(root, { withFileTypes: true })
  .filter(({ name }) => !left.test(name))
  .flatMap((entry) =>
    entry.isDirectory()
      ? readdirSync(join(root, entry.name), { recursive: true, encoding: 'utf8' }).map((name) => join(entry.name, name))
      : [entry.name],
  )
  .filter((path) => path.endsWith('.md'))
  .toSorted()
  .map((path) => parseDocument(path, readFileSync(join(root, path), 'utf8')));

export function parseDocument(path: string, text: string): Document {
  const blocks: Block[] = [];
  const prose: Line[] = [];
  let open: (Block & { readonly lines: string[]; readonly fence: string; readonly indentation: number }) | undefined;
  for (const [index, written] of text.split('\n').entries()) {
    const [, indentation = '', fence = '', info = ''] = /^( *)(`{3,})([^`]*)$/.exec(written) ?? [];
    if (open === undefined && fence === '') prose.push({ line: index + 1, text: written });
    else if (open === undefined)
      open = { info: info.trim().split(/\s+/), line: index + 2, lines: [], fence, indentation: indentation.length };
    else if (fence.startsWith(open.fence) && info.trim() === '') {
      blocks.push({ info: open.info, line: open.line, lines: open.lines });
      open = undefined;
    } else open.lines.push(written.slice(Math.min(open.indentation, written.search(/\S|$/))));
  }
  if (open !== undefined) throw new Error(`${path}:${String(open.line - 1)}: this block does not end`);
  return {
    path,
    blocks,
    prose,
    code: inParagraphs(prose, /(?<ticks>`+)(?<found>[^]+?)\k<ticks>(?!`)/g),
    // What looks like a link between backticks is none.
    links: inParagraphs(prose, /(?<ticks>`+)[^]+?\k<ticks>(?!`)|\]\((?<found>[^()\s]+)\)/g),
    anchors: anchorsIn(prose),
  };
}

/** Where something stands, for a message. */
export function placed({ path }: Document, line: number, what: string): string {
  return `${path}:${String(line)}: ${what}`;
}

/** What is found in paragraphs, which may go over the end of a line, with the line in which it begins. */
function inParagraphs(prose: readonly Line[], pattern: RegExp): readonly Line[] {
  const paragraphs: Line[] = [];
  for (const { line, text } of prose) {
    const last = paragraphs.at(-1);
    const goesOn = last !== undefined && last.text !== '' && text !== '' && last.line + linesIn(last.text) === line;
    if (goesOn) paragraphs.splice(-1, 1, { line: last.line, text: `${last.text}\n${text}` });
    else paragraphs.push({ line, text });
  }
  return paragraphs.flatMap(({ line, text }) =>
    [...text.matchAll(pattern)].flatMap(({ index, groups }) => {
      const found = groups?.['found'];
      if (found === undefined) return [];
      return [{ line: line + linesIn(text.slice(0, index)) - 1, text: found.trim().replaceAll(/\s*\n\s*/g, ' ') }];
    }),
  );
}

function linesIn(text: string): number {
  return text.split('\n').length;
}

/** As GitHub names headings, and the anchors that are written as such. */
function anchorsIn(prose: readonly Line[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { text } of prose) {
    for (const [, id = ''] of text.matchAll(/<a id="([^"]+)">/g)) found.add(id);
    const [, heading] = /^#{1,6} +(.*)$/.exec(text) ?? [];
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const again = [...found].filter((other) => other === slug || new RegExp(`^${slug}-\\d+$`).test(other)).length;
    found.add(again === 0 ? slug : `${slug}-${String(again)}`);
  }
  return found;
}
