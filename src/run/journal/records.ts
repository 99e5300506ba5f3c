import type { ScaledInstance } from '../../facts/volumes/scaled-set.ts';
import type { RecordNote } from '../../operations/engine/change.ts';

/** Who makes a version. */
export interface Claimant {
  /** The run's id. */
  readonly run: string;
  /** `user@machine`. */
  readonly who: string;
  /** ISO 8601: when the change was begun. */
  readonly at: string;
}

/** A version that belongs to a run. */
export interface Claim extends Pick<RecordNote, 'kind' | 'name'> {
  readonly version: number;
}

/** What became of a version that was claimed; `removed`: of an instance of a scaled volume. */
export type Settled = 'current' | 'abandoned' | 'undone' | 'removed';

/** A scaled volume, as the whole fleet has it. */
export interface ScaledVolume {
  /** The number that no instance has ever had. */
  readonly next: number;
  readonly instances: readonly ScaledInstance[];
}

/** Where the versions of volumes' and containers' specifications are kept. A run without such changes never calls it. */
export interface Records {
  /** Rejects with `records-unavailable` when nothing can be recorded there now. */
  check(signal: AbortSignal): Promise<void>;
  /**
   * Reserves a version before it is made. A run that claims again has the same one again. Errors:
   * `records-conflict`, with who has it; `refused`, when no more instances of a scaled volume may be made;
   * `records-unavailable`.
   */
  claim(host: string, note: RecordNote, by: Claimant, signal: AbortSignal): Promise<Claim>;
  /** Says what became of it; saying it again does nothing. Errors: as `claim`, when it is not the run's. */
  settle(host: string, claim: Claim, state: Settled, by: Claimant, signal: AbortSignal): Promise<void>;
  scaled(name: string, signal: AbortSignal): Promise<ScaledVolume>;
}
