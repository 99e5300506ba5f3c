import type { Secret } from '../../values/secret.ts';
import type { Become } from '../transport.ts';

export interface PrivilegeWish {
  /** The host's name, for messages. */
  readonly host: string;
  readonly user: string;
  readonly become: Become;
  readonly becomeUser: string;
  readonly becomePassword?: Secret;
}

/** How a program that gives rights has ended before it gave any. */
export interface Ending {
  /** What it and whoever started it have said. */
  readonly text: string;
  readonly status: number;
  /** The password was given to it. */
  readonly answered: boolean;
}
