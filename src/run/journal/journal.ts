import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { ErrorCode, HostStatus } from '../../errors.ts';
import { AppError } from '../../errors.ts';
import type { Change } from '../../operations/engine/change.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import type { Json } from '../../values/json.ts';
import type { Claim, Settled } from './records.ts';

/** The version of the journal's records. A reader refuses what is newer. */
export const journalVersion = 1;

/** Which of the effects that one piece of work carries out one after another it is, from 0, and what stands between their outputs. */
export interface InSeries {
  readonly nth: number;
  readonly mark: string;
}

/** Written, and on the disk, before an effect. */
export interface Intent {
  readonly type: 'intent';
  /** ISO 8601. */
  readonly at: string;
  readonly host: string;
  /** The step item's id: `1.3`, `1.3[2]`. */
  readonly step: string;
  readonly name: string;
  readonly operation: string;
  /** What the operation was asked for, with every relative size made absolute. */
  readonly want: Json;
  /** Which of the step's changes, from 0. */
  readonly number: number;
  /** With its undo. */
  readonly change: Change;
  /** Which of the change's actions, from 0. */
  readonly actions: readonly number[];
  /** Whether it was done through sudo. */
  readonly become: boolean;
  /** The work on the host that carries them out, by its name there; absent for what is not a program. */
  readonly work?: string;
  /** Where that is the work of several intents (run/work/series.ts): which of them this is. */
  readonly series?: InSeries;
  /** The versions that have been claimed for the change, as far as the records could be reached. */
  readonly records?: readonly Claim[];
}

/** Written after it. Without an `error` it succeeded. */
export interface RecordedOutcome {
  readonly type: 'outcome';
  readonly at: string;
  readonly host: string;
  readonly step: string;
  readonly number: number;
  readonly summary: string;
  readonly actions: readonly number[];
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  /** What a program printed, for the step's registered result. */
  readonly output?: StepOutput;
}

export type JournalRecord =
  | {
      readonly type: 'run';
      readonly version: typeof journalVersion;
      readonly runId: string;
      readonly at: string;
      readonly by: string;
      readonly playbook: string;
      readonly digest: string;
      readonly hosts: readonly string[];
      /** Where versions are recorded. */ readonly records?: string;
    }
  /** A later part of the same run begins. */
  | {
      readonly type: 'continued';
      readonly at: string;
      readonly by: string;
      readonly mode: 'resume' | 'rollback' | 'finalize';
      readonly hosts: readonly string[];
    }
  | Intent
  | RecordedOutcome
  /** The records have been told what became of a version that the change has made. */
  | (Claim & {
      readonly type: 'recorded';
      readonly at: string;
      readonly host: string;
      readonly step: string;
      readonly number: number;
      readonly state: Settled;
    })
  /** What became of a host in this part of the run. */
  | {
      readonly type: 'host';
      readonly at: string;
      readonly host: string;
      readonly status: HostStatus;
      readonly step?: string;
      readonly error?: { readonly code: ErrorCode; readonly message: string };
      readonly owed: readonly string[];
    }
  | { readonly type: 'end'; readonly at: string; readonly status: HostStatus };

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
      throw new AppError('action-failed', `the journal could not be written: ${why}`, {
        cause: thrown,
        hint: 'nothing is done without a record of it; make room for the journal on this machine, then run the same again',
      });
    }
  }

  async close(): Promise<void> {
    await (this.#next ?? this.#writing).catch(() => undefined);
    await this.#file.close();
  }
}
