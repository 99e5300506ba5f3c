import { type AppError, toAppError } from '../../errors.ts';
import type { Change } from '../../operations/engine/change.ts';
import type { HostHistory } from './history.ts';
import { historyOf, owedRecords, unsettled } from './history.ts';
import type { Journal, JournalRecord } from './journal.ts';
import type { RunMode } from '../report/recap.ts';
import type { ScaledSet } from '../../facts/volumes/scaled-set.ts';
import type { Claim, Claimant, Records } from './records.ts';
import { ScaledPlaces } from './scaled-places.ts';

export interface RunRecordsOptions {
  readonly records: Records;
  readonly runId: string;
  /** `user@machine`. */
  readonly who: string;
  readonly mode: RunMode;
  /** What the journal says of the parts before this one. */
  readonly earlier: readonly JournalRecord[];
  /** Leaves the records to a later part of the run. */
  readonly signal: AbortSignal;
}

/**
 * Keeps the records in step with one run's journal. Versions are claimed before a change is begun; what
 * became of them is computed from the journal, whenever there is something new in it, and told to the
 * records. What they could not be told is owed, and told by a later part of the run. Of changes that
 * make no versions nothing is kept here, and nobody is asked.
 */
export class RunRecords {
  readonly #options: RunRecordsOptions;
  /** Of hosts with changes that make versions: what the journal says of them. */
  readonly #told = new Map<string, JournalRecord[]>();
  readonly #places: ScaledPlaces;

  constructor(options: RunRecordsOptions) {
    this.#options = options;
    this.#places = new ScaledPlaces(options.records, options.signal);
    for (const record of options.earlier) this.#observe(record);
    if (options.mode === 'plan' || options.mode === 'apply') return;
    for (const [host, records] of this.#told)
      records.push({ type: 'continued', at: '', by: options.who, mode: options.mode, hosts: [host] });
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#options.records.check(signal);
  }

  /** What a host is told of a scaled volume. */
  scaledSet(host: string, args: readonly string[]): Promise<ScaledSet> {
    return this.#places.setFor(host, args);
  }

  /** The same journal, read along: the one that `claim` and `settle` take. */
  watching(journal: Journal): Journal {
    return {
      append: async (record) => {
        await journal.append(record);
        this.#observe(record);
      },
      close: () => journal.close(),
    };
  }

  /**
   * Reserves the versions that a change makes. When the records are away the run goes on, and they are
   * claimed once it is done. Errors: `records-conflict`, with who has one of them; nothing is claimed then.
   */
  async claim(
    host: string,
    { records: notes = [] }: Change,
    journal: Journal,
    signal: AbortSignal,
  ): Promise<readonly Claim[]> {
    if (notes.length === 0) return [];
    // A version of an earlier attempt that has come to its end is not to be taken for one that may be used again.
    await this.settle(host, journal);
    const by = this.#by(new Date().toISOString());
    const claims: Claim[] = [];
    for (const note of notes) {
      try {
        claims.push(await this.#options.records.claim(host, note, by, signal));
      } catch (thrown) {
        const error = toAppError(thrown);
        // Only what is claimed for the whole fleet cannot be claimed afterwards.
        if (error.code === 'records-unavailable' && (note.kind !== 'scaled' || note.removes === true)) continue;
        await Promise.allSettled(
          claims.map((claim) => this.#options.records.settle(host, claim, 'abandoned', by, this.#options.signal)),
        );
        throw error;
      }
    }
    return claims;
  }

  /** Tells the records what they do not know yet of a host. Resolves with what is owed then, and why. */
  async settle(
    host: string,
    journal: Journal,
  ): Promise<{ readonly owed: readonly string[]; readonly errors: readonly AppError[] }> {
    const { records, runId, signal } = this.#options;
    const errors: AppError[] = [];
    for (const { note, version, intent, is } of unsettled(this.#versions(host))) {
      const by = this.#by(intent.at);
      try {
        const claim =
          version === undefined
            ? await records.claim(host, note, by, signal)
            : { kind: note.kind, name: note.name, version };
        await records.settle(host, claim, is, by, signal);
        const { step, number } = intent;
        await journal.append({
          type: 'recorded',
          at: new Date().toISOString(),
          host,
          step,
          number,
          ...claim,
          state: is,
        });
      } catch (thrown) {
        // Whatever it is, it stays owed, and does not touch what the run is for.
        errors.push(toAppError(thrown));
      }
    }
    return { owed: owedRecords(runId, this.#versions(host)), errors };
  }

  #by(at: string): Claimant {
    return { run: this.#options.runId, who: this.#options.who, at };
  }

  #versions(host: string): HostHistory['versions'] {
    const records = this.#told.get(host);
    if (records === undefined) return [];
    const { runId, who } = this.#options;
    const history = historyOf([
      { type: 'run', version: 1, runId, at: '', by: who, playbook: '', digest: '', hosts: [host] },
      ...records,
    ]);
    return history.hosts.find((one) => one.host === host)?.versions ?? [];
  }

  #observe(record: JournalRecord): void {
    if (record.type === 'continued') for (const records of this.#told.values()) records.push(record);
    if (!('host' in record)) return;
    const makes = record.type === 'intent' && (record.change.records ?? []).length > 0;
    const records = this.#told.get(record.host) ?? (makes ? [] : undefined);
    if (records === undefined) return;
    this.#told.set(record.host, records);
    // What programs have printed says nothing about it, and may be long.
    if (record.type === 'outcome' && 'output' in record) {
      const { output: _, ...rest } = record;
      records.push(rest);
    } else records.push(record);
  }
}
