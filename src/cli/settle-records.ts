import type { AppError } from '../errors.ts';
import { historyOf, unsettled } from '../run/journal/history.ts';
import type { JournalRecord } from '../run/journal/journal.ts';
import { openJournal } from '../run/journal/journal.ts';
import { repairJournal } from '../run/journal/read-journal.ts';
import type { RunPlace } from '../run/journal/run-store.ts';
import { journalPath } from '../run/journal/run-store.ts';
import type { SessionOptions } from './session.ts';
import { recordsOf } from './session.ts';
import type { World } from './world.ts';

/** What the records could not be told of a run, by host. */
interface Left {
  readonly records: readonly JournalRecord[];
  readonly owed: readonly { readonly host: string; readonly text: string }[];
  readonly errors: readonly AppError[];
}

/**
 * Tells the records what they do not know yet of a run that this process holds, without connecting to
 * any host. Resolves with the journal's records, those of that among them, and with what is still owed.
 */
export async function settleRecords(
  world: World,
  place: RunPlace,
  earlier: readonly JournalRecord[],
  options: Pick<SessionOptions, 'records'>,
): Promise<Left> {
  const history = historyOf(earlier);
  const hosts = history.hosts.filter(({ versions }) => unsettled(versions).length > 0).map(({ host }) => host);
  if (hosts.length === 0) return { records: earlier, owed: [], errors: [] };
  // As an apply: what an earlier part was for is in its own records.
  const keeper = recordsOf(
    world,
    { records: options.records ?? history.recordsAt },
    { runId: place.runId, mode: 'apply', earlier },
  );
  const path = journalPath(place);
  await repairJournal(path);
  const file = await openJournal(path);
  const records = [...earlier];
  const journal = keeper.watching({
    append: async (record) => {
      await file.append(record);
      records.push(record);
    },
    close: () => file.close(),
  });
  try {
    const settled = await Promise.all(hosts.map(async (host) => ({ host, ...(await keeper.settle(host, journal)) })));
    return {
      records,
      owed: settled.flatMap(({ host, owed }) => owed.map((text) => ({ host, text }))),
      errors: settled.flatMap(({ errors }) => errors),
    };
  } finally {
    await journal.close();
  }
}

/** The same, before a run is gone on with: what is still owed afterwards is said, and stays so. */
export async function settleLeft(
  world: World,
  place: RunPlace,
  earlier: readonly JournalRecord[],
  options: Pick<SessionOptions, 'records'>,
): Promise<readonly JournalRecord[]> {
  const { records, owed, errors } = await settleRecords(world, place, earlier, options);
  const [error] = errors;
  if (error !== undefined)
    world.err.write(
      `warning: ${String(owed.length)} of the versions that run ${place.runId} has made are not in the records yet: ${error.message}\n`,
    );
  return records;
}
