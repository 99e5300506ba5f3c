import { AppError } from '../../errors.ts';
import type { Vouched, Voucher } from '../../facts/backups/backup-vouch.ts';

/** A backup as it says what it is: everything in its manifest. */
export interface Stated {
  readonly name: string;
  /** The manifest as canonical JSON. */
  readonly statement: string;
}

/** Vouches for backups that are made, so that a restore can tell whether it has the same before it. */
export interface Vouchers {
  /**
   * Keeps what it is in the records, and resolves with the text of its seal, which is kept beside it. Errors:
   * `refused`, when the key is not as it must be.
   */
  vouch(backup: Stated, voucher: Pick<Voucher, 'host'>): Promise<{ readonly seal: string; readonly warning?: string }>;
  /** Errors: `refused`, when the key is not as it must be. */
  judge(backup: Stated, seal: string): Promise<Vouched>;
}

/** Where nothing is backed up or restored. */
export const nobody: Vouchers = {
  vouch: ({ name }) => Promise.reject(new AppError('internal', `nobody is there to vouch for ${name}`)),
  judge: ({ name }) => Promise.reject(new AppError('internal', `nobody is there to say who vouches for ${name}`)),
};
