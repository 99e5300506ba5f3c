import { AppError } from '../../errors.ts';
import { sudoersFile } from '../../values/sudoers.ts';
import { oneLine } from '../../values/terminal.ts';
import type { PrivilegeWish } from './wish.ts';

/** Behind a message: the program's own words. */
export function said(text: string): string {
  const line = oneLine(text);
  return line === '' ? '' : `: ${line}`;
}

export function denied({ host }: PrivilegeWish, why: string, text: string, hint: string): AppError {
  return new AppError('privilege-denied', `${host}: ${why}${said(text)}`, { hint });
}

/** Where a line of sudoers is written: visudo refuses what would lock everybody out. */
export function inSudoers(host: string, line: string): string {
  return `As root on ${host}, visudo -f ${sudoersFile} takes this line: ${line}`;
}
