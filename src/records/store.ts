import { AppError } from '../errors.ts';
import type { JsonObject } from '../values/json.ts';

/** A value as it is kept. `revision` is another one after each write to its key. */
export interface Stored {
  readonly key: string;
  readonly value: JsonObject;
  readonly revision: string;
}

/**
 * Small JSON values under keys, with compare-and-swap: of several writers exactly one wins. Nothing is
 * ever removed.
 *
 * Contract, held by `test/records/conformance.ts` for every implementation:
 * - What a write has answered is on a disk, and seen by every reader from then on.
 * - `createIfAbsent` and `compareAndSwap` resolve with whether this writer has won. A write whose answer
 *   was lost may have happened: it is then found by reading, and not by the answer of a second try.
 * - Every call ends within a bounded time. It rejects with an AppError: `records-unavailable` (it names
 *   the place and the remedy), `refused` (a value that is too large), `interrupted` (the signal).
 */
export interface Store {
  /** For people, without any secret: `file:/home/ann/.local/state/plimsoll/records`, `etcds://a:2379,b:2379`. */
  readonly place: string;
  /** Changes nothing, and rejects when nothing could be written there, as far as that can be told. */
  check(signal: AbortSignal): Promise<void>;
  get(key: string, signal: AbortSignal): Promise<Stored | undefined>;
  /** All whose key begins so, in the order of their keys. */
  list(prefix: string, signal: AbortSignal): Promise<readonly Stored[]>;
  /** Of those below a directory (`plimsoll/`), whatever the next segment is, the ones that go on so: `/volume/data/`. */
  listEach(directory: string, rest: string, signal: AbortSignal): Promise<readonly Stored[]>;
  createIfAbsent(key: string, value: JsonObject, signal: AbortSignal): Promise<boolean>;
  compareAndSwap(key: string, revision: string, value: JsonObject, signal: AbortSignal): Promise<boolean>;
}

/** etcd takes 1.5 MiB in one request, and a value travels in base64. */
const mostBytes = 512 * 1024;

/** The value's text. Errors: `refused`, when it is too large to be kept. */
export function textOf(key: string, value: JsonObject): string {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes)
    throw new AppError(
      'refused',
      `${key} is too large to be recorded: ${String(bytes)} bytes, and ${String(mostBytes)} is the most`,
    );
  return text;
}

/** What cannot be relied on is as good as away. */
export function unavailable(
  place: string,
  why: string,
  details: { readonly hint: string; readonly cause?: unknown },
): AppError {
  return new AppError('records-unavailable', `the records in ${place} cannot be used: ${why}`, details);
}
