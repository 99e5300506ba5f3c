import type { Backup } from '../../facts/backups/backup-shelf.ts';
import type { Vouched } from '../../facts/backups/backup-vouch.ts';
import { backupVouch } from '../../facts/backups/backup-vouch.ts';
import type { FactRequest } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import type { SealAction } from '../engine/change.ts';
import type { Kept } from './backup-input.ts';
import { directoryOf } from './backup-input.ts';

export function sealOf(directory: string, name: string): string {
  return `${directory}/${name}.seal`;
}

/** In the place where it is kept; what goes to a bucket is sealed on the host that brings it there. */
export function sealing(name: string, spool: string, to: Kept): SealAction {
  const directory = to.bucket === undefined ? directoryOf(to) : spool;
  return {
    kind: 'seal',
    name,
    manifest: `${spool}/${name}.json`,
    to: sealOf(directory, name),
    ...(to.laptop === undefined ? {} : { laptop: true }),
    ...(to.host === undefined ? {} : { host: to.host }),
  };
}

export function vouchedFor({ name, statement, seal }: Backup): FactRequest<Vouched> {
  return ask(backupVouch, name, statement, seal);
}

/** Why a backup is not restored, or what is to be known before it is. */
export function judgeVouched(
  backup: Backup,
  where: string,
  unvouched: 'allow' | undefined,
  vouched: Vouched,
): Refusal | { readonly warnings: readonly string[]; readonly madeBy?: string } {
  switch (vouched.kind) {
    case 'vouched':
      return { warnings: [], madeBy: `made on ${vouched.host} by ${vouched.by}` };
    case 'false':
      return refuse(
        `${backup.name} in ${where} is not the backup that was made: ${vouched.reason}`,
        'restore another one, and find out who may write where it is kept',
      );
    case 'unvouched': {
      const what = `nobody vouches for ${backup.name}: ${vouched.reason}`;
      if (unvouched === 'allow') return { warnings: [`${what}. Whoever may write to ${where} may have put it there`] };
      return refuse(
        what,
        `${vouched.remedy} With unvouched: allow it is restored as it is: whoever may write to ${where} may have put it there`,
      );
    }
  }
}
