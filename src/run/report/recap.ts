import type { AppError, HostStatus } from '../../errors.ts';
import type { Downtime } from './downtime.ts';

/** How many programs of the playbook have been run in order to make plans, and on how many hosts. */
export interface ProgramsRun {
  readonly programs: number;
  readonly hosts: number;
}

/** How one host ended. */
export interface HostResult {
  readonly host: string;
  readonly status: HostStatus;
  readonly error?: AppError;
  /** The step at which it stopped. */
  readonly step?: string;
  /** Summaries of the changes that were applied, in order. */
  readonly applied: readonly string[];
  /** Summaries of the changes of an earlier part of the run that were undone, newest first. */
  readonly undone: readonly string[];
  /** What is still to be done by hand or by a later run. */
  readonly owed: readonly string[];
  readonly warnings: readonly string[];
  /** Of containers that stood still, in order; absent when there are none. */
  readonly downtimes?: readonly Downtime[];
}

/** What a run is for. `plan` changes nothing; the last three go on from an earlier run's journal. */
export type RunMode = 'plan' | 'apply' | 'resume' | 'rollback' | 'finalize';

/** How a run ended. */
export interface RunResult {
  readonly runId: string;
  readonly mode: RunMode;
  readonly hosts: readonly HostResult[];
  readonly status: HostStatus;
  /** Changes that a plan found pending. */
  readonly pending: boolean;
  readonly exitCode: number;
  readonly seconds: number;
  /** Of the playbook, run in order to make plans. */
  readonly programs: ProgramsRun;
  /** The directory of its journal; absent when nothing has been written. */
  readonly journal?: string;
}
