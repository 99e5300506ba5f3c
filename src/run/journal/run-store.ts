import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { whyUnreadable } from '../../config/model/io.ts';
import { AppError, toAppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import { syncDirectory, writeSynced } from '../reach/durable-files.ts';
import type { ReadJournal } from './read-journal.ts';
import { readJournal } from './read-journal.ts';
import { leastForRun, needRoom } from '../reach/room.ts';

/** A run's place on the laptop: `plan.json`, `journal.jsonl`, `events.jsonl`, and `totals.json`, which is made of the journal. */
export interface RunPlace {
  /** `20261120-181612-9f3a1c`: in the order of time. */
  readonly runId: string;
  readonly directory: string;
}

export interface StoredRun extends RunPlace, ReadJournal {
  /** What was approved: the text of a saved plan. */
  readonly planText: string;
}

/** A run of which something cannot be read says why, and does not hide the others. */
export type ListedRun = RunPlace & ({ readonly journal: ReadJournal } | { readonly error: AppError });

const runIdPattern = /^\d{8}-\d{6}-[0-9a-f]+$/;

export function journalPath({ directory }: Pick<RunPlace, 'directory'>): string {
  return join(directory, 'journal.jsonl');
}

/**
 * Makes the place for a run, with its plan and an empty journal, and returns its directory. After a
 * crash it is there whole or not at all. Errors: `usage`, when it cannot be kept there.
 */
export async function createRun(stateDirectory: string, runId: string, planText: string): Promise<string> {
  const runs = join(stateDirectory, 'runs');
  const directory = join(runs, runId);
  const unfinished = join(runs, `.${runId}`);
  try {
    await mkdir(runs, { recursive: true, mode: 0o700 });
    await needRoom(runs, leastForRun + 2 * Buffer.byteLength(planText));
    await mkdir(unfinished, { mode: 0o700 });
    await writeSynced(join(unfinished, 'plan.json'), planText);
    await writeSynced(journalPath({ directory: unfinished }), '');
    await syncDirectory(unfinished);
    await rename(unfinished, directory);
    await syncDirectory(runs);
    return directory;
  } catch (thrown) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
    if (thrown instanceof AppError) throw thrown;
    throw new AppError('usage', `the run cannot be kept in ${directory}: ${whyUnreadable(thrown)}`, {
      hint: 'set XDG_STATE_HOME to a directory that you may write, with room in it',
      cause: thrown,
    });
  }
}

/**
 * Finds a run by its id, by the beginning of it that no other run has, or the newest one.
 * Errors: `usage`, with the runs that there are.
 */
export async function findRun(stateDirectory: string, wanted: string | undefined): Promise<RunPlace> {
  const runs = await listRuns(stateDirectory);
  const found =
    wanted === undefined ? runs.slice(0, 1) : runs.filter(({ runId }) => wanted !== '' && runId.startsWith(wanted));
  const [run, another] = [found.find(({ runId }) => runId === wanted) ?? found[0], found[1]];
  if (run !== undefined && (another === undefined || run.runId === wanted)) return run;
  if (runs.length === 0)
    throw new AppError('usage', `there is no run in ${join(stateDirectory, 'runs')}`, {
      hint: 'plimsoll apply makes one',
    });
  const name = oneLine(wanted ?? '', 40);
  if (another !== undefined)
    throw new AppError('usage', `${String(found.length)} runs begin with ${name}`, { hint: few(found) });
  throw new AppError('usage', `there is no run ${name}`, { hint: few(runs) });
}

/** The run, found as `findRun` does, with everything that going on with it takes. Errors: `usage`, and `config` when something in it is damaged. */
export async function openRun(stateDirectory: string, wanted: string | undefined): Promise<StoredRun> {
  const place = await findRun(stateDirectory, wanted);
  const path = join(place.directory, 'plan.json');
  const planText = await readFile(path, 'utf8').catch((thrown: unknown) => {
    throw new AppError('config', `${path} could not be read: ${whyUnreadable(thrown)}`, {
      cause: thrown,
      hint: 'a run goes on from its plan: put back a copy of it, or apply the playbook again',
    });
  });
  return { ...place, planText, ...(await readJournal(journalPath(place))) };
}

/** Every run, the newest first. */
export async function listRuns(stateDirectory: string): Promise<readonly RunPlace[]> {
  const runs = join(stateDirectory, 'runs');
  try {
    const names = await readdir(runs);
    const ids = names
      .filter((name) => runIdPattern.test(name))
      .sort()
      .reverse();
    return ids.map((runId) => ({ runId, directory: join(runs, runId) }));
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw new AppError('usage', `the runs in ${runs} cannot be listed: ${whyUnreadable(thrown)}`, { cause: thrown });
  }
}

/** For a list: a run that is damaged does not stand in the way of the others. */
export async function tryReadRun(place: RunPlace): Promise<ListedRun> {
  try {
    return { ...place, journal: await readJournal(journalPath(place)) };
  } catch (thrown) {
    return { ...place, error: toAppError(thrown) };
  }
}

/** The newest of them, for whoever has named none of them. */
function few(runs: readonly RunPlace[]): string {
  const shown = runs
    .slice(0, 5)
    .map(({ runId }) => runId)
    .join(', ');
  return runs.length > 5
    ? `the newest of ${String(runs.length)}: ${shown}; plimsoll runs lists them`
    : `there ${runs.length === 1 ? 'is' : 'are'} ${shown}`;
}
