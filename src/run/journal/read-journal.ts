import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import * as z from 'zod';
import { whyUnreadable } from '../../config/model/io.ts';
import type { HostStatus } from '../../errors.ts';
import { AppError } from '../../errors.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import type { Shape } from '../../plan/change-schema.ts';
import { changeSchema, jsonSchema } from '../../plan/change-schema.ts';
import { errorCodeSchema } from '../../plan/plan-schema.ts';
import { isObject } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { InSeries, JournalRecord } from './journal.ts';
import type { Claim } from './records.ts';
import { journalVersion } from './journal.ts';

type RecordOf<Type extends JournalRecord['type']> = Extract<JournalRecord, { readonly type: Type }>;

const text = z.string();
const texts = z.array(text);
const count = z.number().int().nonnegative();
export const statusSchema = z.enum({
  ok: 'ok',
  changed: 'changed',
  failed: 'failed',
  unreachable: 'unreachable',
  refused: 'refused',
  drifted: 'drifted',
  locked: 'locked',
  interrupted: 'interrupted',
  'not-started': 'not-started',
} satisfies { readonly [Status in HostStatus]: Status });
const status = statusSchema;
const error = z.exactOptional(z.strictObject({ code: errorCodeSchema, message: text }));
const output = z.strictObject({ status: z.number().int(), stdout: text, stderr: text } satisfies Shape<StepOutput>);
const claim = {
  kind: z.enum(['volume', 'container', 'scaled']),
  name: text.min(1),
  version: count,
} satisfies Shape<Claim>;
const effect = { at: text, host: text.min(1), step: text.min(1), number: count, actions: z.array(count) };

/** A type of record that is added does not compile until it stands here. */
const types = {
  run: z.strictObject({
    type: z.literal('run'),
    version: z.literal(journalVersion),
    runId: text.min(1),
    at: text,
    by: text,
    playbook: text,
    digest: text,
    hosts: texts,
    records: z.exactOptional(text.min(1)),
  } satisfies Shape<RecordOf<'run'>>),
  continued: z.strictObject({
    type: z.literal('continued'),
    at: text,
    by: text,
    mode: z.enum(['resume', 'rollback', 'finalize']),
    hosts: texts,
  } satisfies Shape<RecordOf<'continued'>>),
  intent: z.strictObject({
    type: z.literal('intent'),
    ...effect,
    name: text,
    operation: text.min(1),
    want: jsonSchema,
    change: changeSchema,
    become: z.boolean(),
    work: z.exactOptional(text.min(1)),
    series: z.exactOptional(z.strictObject({ nth: count, mark: text.min(1) } satisfies Shape<InSeries>)),
    records: z.exactOptional(z.array(z.strictObject(claim))),
  } satisfies Shape<RecordOf<'intent'>>),
  outcome: z.strictObject({
    type: z.literal('outcome'),
    ...effect,
    summary: text,
    error,
    output: z.exactOptional(output),
  } satisfies Shape<RecordOf<'outcome'>>),
  recorded: z.strictObject({
    type: z.literal('recorded'),
    at: text,
    host: text.min(1),
    step: text.min(1),
    number: count,
    ...claim,
    state: z.enum(['current', 'abandoned', 'undone', 'removed']),
  } satisfies Shape<RecordOf<'recorded'>>),
  host: z.strictObject({
    type: z.literal('host'),
    at: text,
    host: text.min(1),
    status,
    step: z.exactOptional(text),
    error,
    owed: texts,
  } satisfies Shape<RecordOf<'host'>>),
  end: z.strictObject({ type: z.literal('end'), at: text, status } satisfies Shape<RecordOf<'end'>>),
} satisfies { readonly [Type in JournalRecord['type']]: z.ZodType<RecordOf<Type>> };

const recordSchema: z.ZodType<JournalRecord> = z.discriminatedUnion('type', [
  types.run,
  types.continued,
  types.intent,
  types.outcome,
  types.recorded,
  types.host,
  types.end,
]);

export interface ReadJournal {
  /** At least the `run` record, which is the first one. */
  readonly records: readonly JournalRecord[];
  /** How long the half-written last line is: a record that was never said to be on the disk. */
  readonly tornBytes: number;
}

/** Longer than any record that is written. */
const longestLine = 64 * 1024 ** 2;
const damaged =
  'nothing goes on from a journal that is damaged: put back a copy of it, or look at the hosts and apply the playbook again';
const newer = 'use the plimsoll that wrote it, or a newer one';

/**
 * Reads a journal. A last line that was cut off (the machine went down, the disk was full) is left
 * out and counted. Errors: `config` with `file:line` for anything else that is not as it was written.
 *
 * @param seen told all bytes of the file, as they are read
 */
export async function readJournal(path: string, seen: (bytes: Buffer) => void = () => undefined): Promise<ReadJournal> {
  const records: JournalRecord[] = [];
  /** What cannot be parsed may only be the last line, so it takes the next one to tell. */
  let unreadable: { readonly where: string; readonly bytes: number } | undefined;
  let number = 0;
  for await (const { bytes, whole } of linesOf(path, seen)) {
    number += 1;
    if (unreadable !== undefined)
      throw new AppError('config', 'this is no record of a journal, and it is not the last line', {
        where: unreadable.where,
        hint: damaged,
      });
    const where = `${path}:${String(number)}`;
    const value = whole ? parseJson(bytes) : undefined;
    if (value === undefined) unreadable = { where, bytes: bytes.length + (whole ? 1 : 0) };
    else records.push(recordOf(value, number, where));
  }
  if (records.length === 0)
    throw new AppError(
      'config',
      `${path} holds no record: the run was cut before it had begun, and has changed nothing`,
      { hint: 'apply the playbook again' },
    );
  return { records, tornBytes: unreadable?.bytes ?? 0 };
}

/**
 * Takes away a last line that was cut off, so that the next record does not become a part of it.
 * Returns how many bytes that were. Errors: those of `readJournal`, before anything is taken away.
 */
export async function repairJournal(path: string): Promise<number> {
  const { tornBytes } = await readJournal(path);
  if (tornBytes === 0) return 0;
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    await file.truncate(size - tornBytes);
    await file.sync();
  } finally {
    await file.close();
  }
  return tornBytes;
}

function recordOf(value: unknown, number: number, where: string): JournalRecord {
  const { type, version } = isObject(value) ? value : {};
  if (number === 1 && type !== 'run')
    throw new AppError('config', 'a journal begins with the record of its run, and this is another one', {
      where,
      hint: damaged,
    });
  if (number > 1 && type === 'run')
    throw new AppError('config', 'the record of a run stands in the middle of its journal', { where, hint: damaged });
  if (type === 'run' && typeof version === 'number' && version > journalVersion) {
    throw new AppError(
      'config',
      `the journal was written by a newer plimsoll: it is of version ${String(version)}, and this plimsoll knows up to ${String(journalVersion)}`,
      { where, hint: newer },
    );
  }
  if (typeof type === 'string' && !Object.hasOwn(types, type))
    throw new AppError('config', `a record "${oneLine(type, 40)}", which this plimsoll does not know`, {
      where,
      hint: newer,
    });
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success)
    throw new AppError(
      'config',
      `this is no record that can be relied on: ${oneLine(z.prettifyError(parsed.error), 300)}`,
      { where, hint: damaged },
    );
  return parsed.data;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

const lineFeed = 0x0a;

/** The lines of a file without their line feeds; `whole` is false for a last one that has none. */
async function* linesOf(
  path: string,
  seen: (bytes: Buffer) => void,
): AsyncGenerator<{ readonly bytes: Buffer; readonly whole: boolean }> {
  let parts: Buffer[] = [];
  let held = 0;
  const hold = (part: Buffer): void => {
    held += part.length;
    if (held > longestLine)
      throw new AppError('config', `${path} has a line of more than 64 MiB: that is no record`, { hint: damaged });
    parts.push(part);
  };
  const take = (): Buffer => {
    const bytes = Buffer.concat(parts);
    parts = [];
    held = 0;
    return bytes;
  };
  for await (const chunk of chunksOf(path)) {
    seen(chunk);
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      hold(chunk.subarray(start, end));
      yield { bytes: take(), whole: true };
      start = end + 1;
    }
    if (start < chunk.length) hold(chunk.subarray(start));
  }
  if (held > 0) yield { bytes: take(), whole: false };
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path)) if (Buffer.isBuffer(chunk)) yield chunk;
  } catch (thrown) {
    throw new AppError('config', `${path} could not be read: ${whyUnreadable(thrown)}`, { cause: thrown });
  }
}
