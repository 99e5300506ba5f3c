import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Printed } from '../fact.ts';

const notEntered = 4;

/** Throws where state-directory.sh has found something else in the place of plimsoll's own directory. */
export function refuseOtherStateDirectory({ status, stdout }: Pick<Printed, 'status' | 'stdout'>): void {
  if (status !== notEntered) return;
  throw new AppError('refused', `plimsoll cannot tell what it has begun here: ${oneLine(stdout)}`, {
    hint: 'look at what that is, and who has put it there; once it is moved away, plimsoll makes a directory in its place',
  });
}
