import { readFileSync, writeFileSync } from 'node:fs';
import type { Reporter } from 'vitest/node';
import { type FileTime, Times } from './times.ts';

export const parts = ['unit', 'faults', 'lab'] as const;
export type Part = (typeof parts)[number];

/** `alone`: one file after another; `beside`: as they run otherwise, so that a file's own are its wall time only. */
export type Way = 'alone' | 'beside';

const document = new URL('../../docs/testing.md', import.meta.url);
const head = [
  '| file | tests | skipped | wall s | processor s | processes | asleep s | measured |',
  '|---|---|---|---|---|---|---|---|',
];

/** Where PLIMSOLL_TIMES is said, a run writes what its files have cost into the tables of docs/testing.md. */
export function timesOf(part: Part): readonly Reporter[] {
  const way = process.env['PLIMSOLL_TIMES'];
  if (way === undefined) return [];
  if (way !== 'alone' && way !== 'beside') throw new Error(`PLIMSOLL_TIMES is alone or beside, and not ${way}`);
  return [
    new Times((files, all) => {
      const text = readFileSync(document, 'utf8');
      writeFileSync(document, withTimes(text, part, way, { files, all }, new Date().toISOString().slice(0, 10)));
    }),
  ];
}

export interface Run {
  readonly files: readonly FileTime[];
  readonly all: FileTime;
}

/**
 * The document with the part's table brought up to date, between its two marks. A turn tries some of the files of fault
 * injection and the lab, so that the others keep their rows; of `npm test` every file has run.
 */
export function withTimes(text: string, part: Part, way: Way, { files, all }: Run, today: string): string {
  const [begin, end] = [`<!-- times:${part} -->\n`, `<!-- /times:${part} -->\n`];
  const [before, rest] = text.split(begin);
  const [old, after] = rest?.split(end) ?? [];
  if (before === undefined || old === undefined || after === undefined)
    throw new Error(`docs/testing.md has no ${begin.trim()} … ${end.trim()}`);
  const { shown, others } = part === 'unit' ? dearest(files) : { shown: files, others: [] };
  const rows = new Map([
    ...(part === 'unit' ? [] : rowsOf(old)),
    ...shown.map((each): [string, string] => [each.file, row(each, way, today)]),
  ]);
  const last = [...others, all].map((each) => row(each, 'alone', today));
  const table = [...head, ...[...rows.values()].toSorted((a, b) => wallOf(b) - wallOf(a)), ...last];
  return [before, begin, ...table.map((line) => `${line}\n`), end, after].join('');
}

/** Files that cost next to nothing are one row. */
function dearest(files: readonly FileTime[]): { readonly shown: readonly FileTime[]; readonly others: FileTime[] } {
  const shown = files.filter(({ processor, wall }) => processor >= 1 || wall >= 2);
  const rest = files.filter((each) => !shown.includes(each));
  const sum = (of: (each: FileTime) => number): number => rest.reduce((total, each) => total + of(each), 0);
  const others = {
    file: `${String(rest.length)} others`,
    tests: sum(({ tests }) => tests),
    skipped: sum(({ skipped }) => skipped),
    wall: sum(({ wall }) => wall),
    processor: sum(({ processor }) => processor),
    processes: sum(({ processes }) => processes),
    asleep: sum(({ asleep }) => asleep),
  };
  return { shown, others: rest.length === 0 ? [] : [others] };
}

function row({ file, tests, skipped, wall, processor, processes, asleep }: FileTime, way: Way, today: string): string {
  const own = [tests, skipped, wall.toFixed(1)];
  const machines = way === 'alone' ? [processor.toFixed(1), processes, asleep.toFixed(0)] : ['', '', ''];
  return `| ${[file, ...own, ...machines, today].join(' | ')} |`;
}

function rowsOf(table: string): readonly [string, string][] {
  return [...table.matchAll(/^\| (test\/\S+) \|.*\|$/gm)].map(([whole, file = '']) => [file, whole]);
}

function wallOf(line: string): number {
  return Number(line.split('|')[4]);
}
