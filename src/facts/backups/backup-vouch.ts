import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';

/** Who has vouched for a backup when it was made. */
export interface Voucher {
  /** As the inventory names the host on which it was made. */
  readonly host: string;
  /** `user@machine`. */
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Whether a backup is the one that was made: the records of this machine, and the seal beside it, say so. */
export type Vouched =
  | ({ readonly kind: 'vouched' } & Voucher)
  /** Nothing says anything of it that could be verified here. */
  | { readonly kind: 'unvouched'; readonly reason: string; readonly remedy: string }
  /** What was made under this name is something else. */
  | { readonly kind: 'false'; readonly reason: string };

/** Arguments: the backup's name, its manifest as a statement, and its seal. Answered by the runner itself: nothing travels to the host. */
export const backupVouch: Fact<Vouched> = {
  name: 'backup-vouch',
  script: '',
  parse(_printed, [name = '']) {
    throw new AppError(
      'internal',
      `who vouches for ${oneLine(name)} is known on this machine and was asked of the host`,
    );
  },
};
