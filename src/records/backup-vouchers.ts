import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Vouched, Voucher } from '../facts/backups/backup-vouch.ts';
import { AppError, toAppError } from '../errors.ts';
import type { Stated, Vouchers } from '../run/reach/vouchers.ts';
import { canonicalJson, parseJson } from '../values/json.ts';
import { oneLine } from '../values/terminal.ts';
import { keyOfBackup, prefixOfBackup } from './keys.ts';
import { SealKeys } from './seal-key.ts';
import type { Store } from './store.ts';

const voucher = { host: z.string(), by: z.string(), at: z.string() };

/** What stands beside a backup; one line of JSON. */
const sealSchema = z.object({
  plimsoll: z.literal('seal'),
  version: z.literal(1),
  ...voucher,
  key: z.string(),
  hmac: z.string(),
});

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const mostOthers = 20;

/**
 * What the records keep of a backup. `also`: the statements before it, newest first. Two steps of one playbook that keep
 * a volume in two places give both the same name; so does an attempt that was made again.
 */
const recordSchema = z.object({
  v: z.literal(1),
  backup: z.string(),
  ...voucher,
  statement: digest,
  also: z.array(digest).max(mostOthers).exactOptional(),
});
type BackupRecord = z.infer<typeof recordSchema>;

interface VouchersOptions {
  readonly store: Store;
  readonly keyFile: string;
  /** `user@machine`. */
  readonly who: string;
  readonly signal: AbortSignal;
}

/** How often a write is tried that others come before. */
const mostTries = 10;

/** Keeps what a backup is twice: in the records, and in a seal beside it, which only whoever has the key can make. */
export class BackupVouchers implements Vouchers {
  readonly #options: VouchersOptions;
  readonly #keys: SealKeys;

  constructor(options: VouchersOptions) {
    this.#options = options;
    this.#keys = new SealKeys(options.keyFile);
  }

  async vouch(
    backup: Stated,
    { host }: Pick<Voucher, 'host'>,
  ): Promise<{ readonly seal: string; readonly warning?: string }> {
    const key = await this.#keys.own();
    const said: Voucher = { host, by: this.#options.who, at: new Date().toISOString() };
    const seal = `${JSON.stringify({ plimsoll: 'seal', version: 1, ...said, key: key.id, hmac: key.sign(signed(backup, said)) })}\n`;
    try {
      await this.#record({ v: 1, backup: backup.name, ...said, statement: sha256(backup.statement) });
      return { seal };
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code !== 'records-unavailable') throw error;
      return { seal, warning: `${backup.name} is sealed, but not in the records: ${error.message}` };
    }
  }

  async judge(backup: Stated, seal: string): Promise<Vouched> {
    const { records, why } = await this.#recorded(backup.name);
    const own = sha256(backup.statement);
    const same = records.find(({ statement, also = [] }) => [statement, ...also].includes(own));
    if (same !== undefined) return { kind: 'vouched', host: same.host, by: same.by, at: same.at };
    const [other] = records;
    if (other !== undefined)
      return {
        kind: 'false',
        reason: `the records have another one of that name, made on ${oneLine(other.host, 80)} by ${oneLine(other.by, 80)} at ${oneLine(other.at, 40)}`,
      };
    const without = why === undefined ? 'the records do not know it' : `the records cannot be read (${why})`;
    const unvouched = (why: string, remedy: string): Vouched => ({
      kind: 'unvouched',
      reason: `${without}, and ${why}`,
      remedy,
    });
    if (seal === '')
      return unvouched(
        'there is no seal beside it',
        'was it made by an older plimsoll, or on another machine with records of its own?',
      );
    const parsed = sealSchema.safeParse(parseJson(seal));
    if (!parsed.success)
      return unvouched('its seal cannot be read', 'look at the file beside it whose name ends with .seal.');
    const { key: id, hmac, host, by, at } = parsed.data;
    const key = (await this.#keys.all()).find((one) => one.id === id);
    if (key === undefined)
      return unvouched(
        `its seal was made with a key that is not on this machine (${oneLine(id, 40)})`,
        `bring the key from where it was made${by === '' ? '' : ` (it says: ${oneLine(by, 80)})`} as a further line of ${this.#options.keyFile}.`,
      );
    if (!key.verify(signed(backup, { host, by, at }), hmac))
      return {
        kind: 'false',
        reason: 'its seal is of something else: the manifest, the archive or the seal has been replaced',
      };
    return { kind: 'vouched', host, by, at };
  }

  /** `why` they cannot be relied on; that is no reason to do without the seal. */
  async #recorded(name: string): Promise<{ readonly records: readonly BackupRecord[]; readonly why?: string }> {
    try {
      const stored = await this.#options.store.list(prefixOfBackup(name), this.#options.signal);
      const read = stored.map(({ value }) => recordSchema.safeParse(value));
      const records = read.flatMap(({ data }) => data ?? []);
      return records.length === read.length
        ? { records }
        : { records, why: 'what they say of it is of another plimsoll' };
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code !== 'records-unavailable') throw error;
      return { records: [], why: error.message };
    }
  }

  async #record(record: BackupRecord): Promise<void> {
    const { store, signal } = this.#options;
    const key = keyOfBackup(record.backup, record.host);
    for (let tries = 0; tries < mostTries; tries += 1) {
      const there = await store.get(key, signal);
      if (there === undefined) {
        if (await store.createIfAbsent(key, record, signal)) return;
        continue;
      }
      if (await store.compareAndSwap(key, there.revision, beside(record, there.value), signal)) return;
    }
    throw new AppError(
      'records-conflict',
      `what the records say of ${record.backup} is written again and again by somebody else`,
      { hint: 'run the same again' },
    );
  }
}

/** What is there and cannot be read is no statement of ours. */
function beside(record: BackupRecord, there: unknown): BackupRecord {
  const { data } = recordSchema.safeParse(there);
  const also =
    data === undefined
      ? []
      : [data.statement, ...(data.also ?? [])].filter((one) => one !== record.statement).slice(0, mostOthers);
  return { ...record, ...(also.length === 0 ? {} : { also }) };
}

/** Everything that the seal answers for. */
function signed({ name, statement }: Stated, { host, by, at }: Voucher): string {
  return canonicalJson({ plimsoll: 'seal', version: 1, name, statement, host, by, at });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
