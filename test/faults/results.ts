import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What was tried of one operation with one fault, and what became of it. */
export interface Row {
  readonly operation: string;
  readonly fault: string;
  readonly tried: number;
  readonly survived: number;
  /** Points that there are more of than were tried, and the like. */
  readonly note?: string;
}

/** The table that a file of faults prints at its end, and leaves as JSON in test/faults/results. */
export class Results {
  readonly #file: string;
  readonly #rows: Row[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  add(row: Row): void {
    this.#rows.push(row);
  }

  async print(): Promise<void> {
    const head = ['operation', 'fault', 'tried', 'survived', ''];
    const cells = [
      head,
      ...this.#rows.map(({ operation, fault, tried, survived, note = '' }) => [
        operation,
        fault,
        String(tried),
        String(survived),
        note,
      ]),
    ];
    const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
    const lines = cells.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
    process.stdout.write(`\n${lines.join('\n')}\n`);
    const directory = join(import.meta.dirname, 'results');
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, `${this.#file}.json`), `${JSON.stringify(this.#rows, null, 1)}\n`);
  }
}

/** Takes on a few at a time, in order, and gives what became of each. */
export async function fewAtOnce<Item, Value>(
  items: readonly Item[],
  work: (item: Item) => Promise<Value>,
  atOnce = 4,
): Promise<readonly Value[]> {
  const results: Value[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** Fails the test with the first few of what is wrong. */
export function expectNone(failures: readonly string[]): void {
  if (failures.length === 0) return;
  const shown = failures
    .slice(0, 4)
    .map((failure) => (failure.length > 2500 ? `${failure.slice(0, 2500)} …` : failure));
  throw new Error(`${String(failures.length)} failures, of which the first are:\n\n${shown.join('\n\n')}\n`);
}
