import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { JournalRecord } from '../../src/run/journal/journal.ts';
import { plimsollProgram } from '../requirements.ts';
import type { Places, Side } from './places.ts';
import { sides } from './places.ts';

const measured = z.object({
  appends: z.number(),
  seconds: z.number(),
  commits: z.number(),
  waitMs: z.object({ median: z.number(), p99: z.number(), max: z.number() }),
});
export type Appended = z.infer<typeof measured>;

/** One for each round, by where the journal lies. */
export interface AppendSeries {
  readonly appenders: number;
  readonly rounds: Readonly<Record<Side, readonly Appended[]>>;
}

const rounds = 6;
const workloads = [
  { appenders: 300, each: 40 },
  { appenders: 1, each: 400 },
];

/** How fast the built journal takes a real run's records, with nothing else going on. */
export async function measureAppends(
  places: Places,
  records: readonly JournalRecord[],
  signal: AbortSignal,
): Promise<readonly AppendSeries[]> {
  const series: AppendSeries[] = [];
  for (const { appenders, each } of workloads) {
    const taken: Record<Side, Appended[]> = { disk: [], memory: [] };
    for (let round = 0; round < rounds; round += 1) {
      for (const side of alternated(round))
        taken[side].push(await appendOnce(places[side], records, appenders, each, signal));
    }
    series.push({ appenders, rounds: taken });
  }
  return series;
}

/** A B, B A, A B, …: whatever becomes slower in the course of time does so for both. */
export function alternated(round: number): readonly Side[] {
  return round % 2 === 0 ? sides : sides.toReversed();
}

async function appendOnce(
  place: string,
  records: readonly JournalRecord[],
  appenders: number,
  each: number,
  signal: AbortSignal,
): Promise<Appended> {
  const directory = mkdtempSync(join(place, 'plimsoll-bench-'));
  try {
    const recordsFile = join(directory, 'records.json');
    writeFileSync(recordsFile, JSON.stringify(records));
    const journalModule = join(plimsollProgram, '..', 'run', 'journal.js');
    const args = [
      new URL('./appenders.mjs', import.meta.url).pathname,
      journalModule,
      join(directory, 'journal.jsonl'),
      recordsFile,
      String(appenders),
      String(each),
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args, { signal, env: {} });
    return measured.parse(JSON.parse(stdout));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
