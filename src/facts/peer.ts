import { AppError } from '../errors.ts';
import { oneLine } from '../values/terminal.ts';
import type { Fact } from './fact.ts';

/** How plimsoll itself reaches a host of the inventory, and what it has found there. */
export interface Peer {
  /** As the inventory calls it. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** The host key that plimsoll's own connection has verified, `TYPE BASE64`. */
  readonly publicKey: string;
  /** `SHA256:…` of the same. */
  readonly hostKey: string;
  /** The server's software version string. */
  readonly server: string;
  /** The user that commands run as. */
  readonly runsAs: string;
}

/** Answered by the runner, from its connection. */
export const peer: Fact<Peer> = {
  name: 'peer',
  script: '',
  parse(_printed, [name = '']) {
    throw new AppError('internal', `how ${oneLine(name)} is reached was asked of the host itself`);
  },
};
