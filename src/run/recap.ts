import type { AppError, HostStatus } from '../errors.ts';

/** How one host ended. */
export interface HostResult {
  readonly host: string;
  readonly status: HostStatus;
  readonly error?: AppError;
  /** The step at which it stopped. */
  readonly step?: string;
  /** Summaries of the changes that were applied, in order. */
  readonly applied: readonly string[];
  /** What is still to be done by hand or by a later run. */
  readonly owed: readonly string[];
  readonly warnings: readonly string[];
}

/** How a run ended. */
export interface RunResult {
  readonly runId: string;
  readonly mode: 'plan' | 'apply';
  readonly hosts: readonly HostResult[];
  readonly status: HostStatus;
  /** Changes that a plan found pending. */
  readonly pending: boolean;
  readonly exitCode: number;
  readonly seconds: number;
}
