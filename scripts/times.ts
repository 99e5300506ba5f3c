// npm run test:times [-- unit faults lab]: where the time of the tests goes, as a table in docs/testing.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { startVitest } from 'vitest/node';
import { Times, type FileTime } from '../test/support/times.ts';

const configs = { unit: 'vitest.config.ts', faults: 'vitest.faults.config.ts', lab: 'vitest.lab.config.ts' };
const document = new URL('../docs/testing.md', import.meta.url);

type Part = keyof typeof configs;
const isPart = (word: string): word is Part => word in configs;

async function measure(part: Part): Promise<readonly FileTime[]> {
  const times = new Times();
  const vitest = await startVitest('test', [], {
    config: configs[part],
    run: true,
    watch: false,
    fileParallelism: false,
    reporters: ['default', times],
  });
  await vitest.close();
  return times.files.toSorted((a, b) => b.processor - a.processor);
}

function row({ file, tests, skipped, wall, processor, processes, asleep }: FileTime): string {
  const figures = [tests, skipped, wall.toFixed(1), processor.toFixed(1), processes, asleep.toFixed(0)];
  return `| ${file} | ${figures.join(' | ')} |`;
}

function sumOf(file: string, files: readonly FileTime[]): FileTime {
  const sum = (of: (each: FileTime) => number): number => files.reduce((total, each) => total + of(each), 0);
  return {
    file,
    tests: sum(({ tests }) => tests),
    skipped: sum(({ skipped }) => skipped),
    wall: sum(({ wall }) => wall),
    processor: sum(({ processor }) => processor),
    processes: sum(({ processes }) => processes),
    asleep: sum(({ asleep }) => asleep),
  };
}

/** Files that cost next to nothing are one row. */
function table(files: readonly FileTime[]): string {
  const shown = files.filter(({ processor, wall }) => processor >= 1 || wall >= 2);
  const rest = files.filter((each) => !shown.includes(each));
  const others = rest.length === 0 ? [] : [sumOf(`${String(rest.length)} others`, rest)];
  return [
    '| file | tests | skipped | wall s | processor s | processes | asleep s |',
    '|---|---|---|---|---|---|---|',
    ...[...shown, ...others, sumOf('**together**', files)].map(row),
  ].join('\n');
}

/** Only what stands between the part's two marks is replaced. */
function keep(part: Part, files: readonly FileTime[]): void {
  const [begin, end] = [`<!-- times:${part} -->`, `<!-- /times:${part} -->`];
  const text = readFileSync(document, 'utf8');
  const [before, after] = [text.split(begin)[0], text.split(end)[1]];
  if (before === undefined || after === undefined) throw new Error(`docs/testing.md has no ${begin} … ${end}`);
  const measured = `Measured on ${new Date().toISOString().slice(0, 10)}, one file after another.`;
  writeFileSync(document, `${before}${begin}\n${measured}\n\n${table(files)}\n${end}${after}`);
}

const words = process.argv.slice(2);
for (const part of words.length === 0 ? ['unit'] : words) {
  if (!isPart(part)) throw new Error(`no such part: ${part} (there are ${Object.keys(configs).join(', ')})`);
  keep(part, await measure(part));
}
