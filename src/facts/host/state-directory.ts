import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Printed } from '../fact.ts';

const notEntered = 4;

/** What state-directory.sh says of something else in the place of plimsoll's own directory. */
export function stateDirectoryRefused({ status, stdout }: Pick<Printed, 'status' | 'stdout'>): AppError | undefined {
  return status === notEntered
    ? new AppError('refused', `plimsoll cannot tell what it has begun here: ${oneLine(stdout)}`, {
        hint: 'look at what that is, and who has put it there; once it is moved away, plimsoll makes a directory in its place',
      })
    : undefined;
}
