import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { AppError } from '../errors.ts';
import type { Change } from '../operations/change.ts';
import type { Json } from '../values/json.ts';

/** What is written before and after an effect. `at` is ISO 8601. */
export type JournalRecord =
  | { readonly type: 'run'; readonly version: 1; readonly runId: string; readonly at: string; readonly playbook: string; readonly digest: string; readonly hosts: readonly string[] }
  | { readonly type: 'intent'; readonly at: string; readonly host: string; readonly step: string; readonly want: Json; readonly change: Change; readonly actions: readonly number[] }
  | { readonly type: 'outcome'; readonly at: string; readonly host: string; readonly step: string; readonly summary: string; readonly actions: readonly number[]; readonly error?: string }
  | { readonly type: 'host'; readonly at: string; readonly host: string; readonly status: string; readonly owed: readonly string[] }
  | { readonly type: 'end'; readonly at: string; readonly status: string };

/** The durable record of a run. `append` resolves when the record is on the disk, and not before. */
export interface Journal {
  append(record: JournalRecord): Promise<void>;
  close(): Promise<void>;
}

/**
 * JSON lines, fsynced. Records that arrive while a write is under way share the next one (group
 * commit), so that 300 hosts do not cost 300 fsyncs.
 */
export async function openJournal(path: string): Promise<Journal> {
  return new FileJournal(await open(path, 'a', 0o600));
}

class FileJournal implements Journal {
  readonly #file: FileHandle;
  #lines: string[] = [];
  #next: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  append(record: JournalRecord): Promise<void> {
    this.#lines.push(`${JSON.stringify(record)}\n`);
    // After a write that failed none is tried again: it may have left half a line, which must stay the last one.
    this.#next ??= this.#writing.then(() => this.#commit());
    return this.#next;
  }

  async #commit(): Promise<void> {
    const text = this.#lines.join('');
    this.#lines = [];
    this.#next = undefined;
    this.#writing = this.#write(text);
    await this.#writing;
  }

  async #write(text: string): Promise<void> {
    try {
      await this.#file.appendFile(text);
      await this.#file.datasync();
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      throw new AppError('action-failed', `the journal could not be written: ${why}`, { cause: thrown, hint: 'nothing is done without a record of it; make room for the journal on this machine, then run the same again' });
    }
  }

  async close(): Promise<void> {
    await (this.#next ?? this.#writing).catch(() => undefined);
    await this.#file.close();
  }
}
