import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Shape } from '../../plan/change-schema.ts';
import { parseJson } from '../../values/json.ts';
import { replaceFile } from '../reach/beside.ts';
import type { HostState } from './history.ts';
import { historyOf } from './history.ts';
import { readJournal, statusSchema } from './read-journal.ts';
import type { RunPlace } from './run-store.ts';
import { journalPath } from './run-store.ts';
import type { RunTotals } from './run-summary.ts';
import { totalsOf } from './run-summary.ts';

const count = z.number().int().nonnegative();
const states = {
  done: count,
  'rolled-back': count,
  finalized: count,
  failed: count,
  unreachable: count,
  refused: count,
  drifted: count,
  locked: count,
  interrupted: count,
  'not-started': count,
} satisfies Record<HostState, z.ZodType<number>>;
const totals: z.ZodType<RunTotals> = z.strictObject({
  playbook: z.string(),
  at: z.string(),
  by: z.string(),
  mode: z.enum(['apply', 'resume', 'rollback', 'finalize']),
  status: z.exactOptional(statusSchema),
  states: z.strictObject(states).partial() as z.ZodType<RunTotals['states']>,
  cut: count,
  owed: count,
  next: z.array(z.string()),
} satisfies Shape<RunTotals>);
/** Another number whenever other things are told of the same journal (or `RunTotals` is another). */
const telling = 1;
const kept = z.strictObject({ v: z.literal(telling), sha256: z.string(), totals });

const pieceBytes = 1024 ** 2;

/**
 * The totals of a run are kept beside its journal with the digest of that, and with what has made them: of the very
 * same bytes they need not be computed again, and of any others they are, so that what was changed, cut or damaged is
 * met as if nothing had been kept. Undefined: what is kept, if anything, is not of this journal.
 */
export async function keptTotals(place: RunPlace): Promise<RunTotals | undefined> {
  const text = await readFile(totalsPath(place), 'utf8').catch(() => undefined);
  const found = text === undefined ? undefined : kept.safeParse(parseJson(text)).data;
  if (found === undefined) return undefined;
  return found.sha256 === (await digestOf(journalPath(place))) ? found.totals : undefined;
}

/** Reads the journal, and keeps what it comes to; where that cannot be kept it is computed again the next time. Errors: those of `readJournal`. */
export async function makeTotals(place: RunPlace): Promise<RunTotals> {
  const hash = createHash('sha256');
  const { records } = await readJournal(journalPath(place), (bytes) => hash.update(bytes));
  const made = totalsOf(historyOf(records));
  await replaceFile(
    totalsPath(place),
    `${JSON.stringify({ v: telling, sha256: hash.digest('hex'), totals: made })}\n`,
  ).catch(() => undefined);
  return made;
}

/** A larger journal takes longer to read than whoever has just ended a run is to wait. */
const mostAtEnd = 4 * 1024 ** 2;

/** At the end of a run, so that a list of many need not read them. Of what cannot be read the list says so. */
export async function totalsAtEnd(place: RunPlace): Promise<void> {
  try {
    if ((await stat(journalPath(place))).size <= mostAtEnd) await makeTotals(place);
  } catch {
    // It is computed whenever somebody asks for it.
  }
}

function totalsPath({ directory }: RunPlace): string {
  return join(directory, 'totals.json');
}

/** Undefined: it cannot be read. */
async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path, { highWaterMark: pieceBytes })) hash.update(piece as Buffer);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}
