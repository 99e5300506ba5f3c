import { AppError } from '../../errors.ts';
import type { HostRun } from '../planning/host-run.ts';
import type { Members } from './members.ts';

/** What a host has to do with the others of the run. */
export interface Others {
  readonly stop: PlayStop;
  readonly members: Members;
}

/** With `any_errors_fatal`, the first host that has failed: the others stop at their next step. */
export class PlayStop {
  #failed: HostRun | undefined;

  because(run: HostRun): void {
    this.#failed ??= run;
  }

  check(run: HostRun): void {
    const failed = this.#failed;
    if (failed === undefined || failed === run) return;
    const what = `stopped because ${failed.name} failed (any_errors_fatal)`;
    throw new AppError(run.applied.length === 0 ? 'not-started' : 'interrupted', what, {
      hint: `put right what is wrong on ${failed.name}, then resume the run`,
    });
  }

  get stopped(): boolean {
    return this.#failed !== undefined;
  }
}
