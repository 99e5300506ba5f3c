import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalRecord } from '../../src/run/journal/journal.ts';
import { readJournal } from '../../src/run/journal/read-journal.ts';
import { findRun, journalPath } from '../../src/run/journal/run-store.ts';
import { runProgram } from '../measure.ts';
import { plimsollProgram } from '../requirements.ts';
import type { GrowingHosts } from './hosts.ts';
import { container } from './hosts.ts';

const playbook = join(import.meta.dirname, '..', '..', 'playbooks', 'grow-rootfs.yaml');

export interface ApplyTrial {
  readonly hosts: GrowingHosts;
  readonly forks: number;
  /** The run is kept below it, and removed afterwards. */
  readonly place: string;
  readonly signal: AbortSignal;
  /** Put around the program; for runs that are not timed. */
  readonly wrap?: (
    argv: readonly [string, ...string[]],
    directory: string,
  ) => { readonly argv: readonly [string, ...string[]]; readonly env: Readonly<Record<string, string>> };
}

export interface Applied {
  /** Wall time of the whole program. */
  readonly seconds: number;
  readonly records: readonly JournalRecord[];
  readonly bytes: { readonly journal: number; readonly plan: number; readonly events: number };
}

/** Runs `plimsoll apply` once. `after` sees the trial's directory before it is removed. Rejects when not every host was changed. */
export async function applyOnce<Seen>(
  { hosts, forks, place, signal, wrap }: ApplyTrial,
  after: (directory: string) => Seen,
): Promise<Applied & { readonly seen: Seen }> {
  await hosts.quiet();
  // What the run before has left to be written is not this one's.
  spawnSync('sync', ['-f', '--', place]);
  const directory = mkdtempSync(join(place, 'plimsoll-bench-'));
  try {
    const [home, state] = [join(directory, 'home'), join(directory, 'state')];
    mkdirSync(home);
    const program: readonly [string, ...string[]] = [
      process.execPath,
      plimsollProgram,
      'apply',
      playbook,
      '-i',
      hosts.inventory,
      '-e',
      `container=${container}`,
      '-e',
      `target=${hosts.nextSize()}`,
      '--yes',
      '--output',
      'plain',
      '--forks',
      String(forks),
    ];
    const { argv, env } = wrap?.(program, directory) ?? { argv: program, env: {} };
    const started = performance.now();
    await runProgram(
      argv,
      { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: home, XDG_STATE_HOME: state, ...env },
      signal,
    );
    const seconds = (performance.now() - started) / 1000;
    const run = await findRun(join(state, 'plimsoll'), undefined);
    const { records } = await readJournal(journalPath(run));
    checkChanged(records, hosts.count);
    const size = async (name: string): Promise<number> => (await stat(join(run.directory, name))).size;
    return {
      seconds,
      records,
      bytes: {
        journal: await size('journal.jsonl'),
        plan: await size('plan.json'),
        events: await size('events.jsonl'),
      },
      seen: after(directory),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A run that changed less would look fast. */
function checkChanged(records: readonly JournalRecord[], hosts: number): void {
  const changed = records.filter((record) => record.type === 'host' && record.status === 'changed').length;
  if (changed !== hosts) throw new Error(`only ${changed} of ${hosts} hosts were changed`);
}

export function countRecords(records: readonly JournalRecord[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { type } of records) counts[type] = (counts[type] ?? 0) + 1;
  return { ...counts, total: records.length };
}
