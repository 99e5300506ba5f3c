import type { Address, CopyLabel, Crossing, HostPath, ServerCommand } from '../../../facts/crossing.ts';
import { own } from '../../../facts/crossing.ts';
import { privilegedEnvironment } from '../../../values/privileged-environment.ts';
import type { RelayAction } from '../../engine/change.ts';
import { shell } from '../../../shell/shell.ts';

/** Takes away what was allowed; nothing to do is success. */
const revoke = shell('operations/copies/send/revoke.sh');

const handOut = shell('operations/copies/send/hand-out.sh');

/** What is done at the destination only as long as nobody has ended the copy: what is late does nothing. */
export function ticketFor(id: Crossing): RelayAction['ticket'] & object {
  return { script: handOut, args: [id] };
}

/** The one forced command of the source's key is gate.sh; on the destination it lies beside revoke.sh. */
const grant = shell('operations/copies/send/grant.sh', { environment: privilegedEnvironment });

/** Who may come in, from where, and for what. */
export interface Access {
  readonly host: string;
  /** The copy's own name on both hosts. */
  readonly id: Crossing;
  readonly user: Crossing;
  readonly keysFile: HostPath;
  /** The source's address, as the destination sees it. */
  readonly address: Address;
  readonly isRoot: boolean;
  /** sshd takes expiry-time (OpenSSH 8.2). */
  readonly expires: boolean;
  readonly to: HostPath;
  /** Which directory that is; empty of one that is made for the copy. */
  readonly identity: Crossing;
  /** The source, in what is written down at the destination. */
  readonly label: CopyLabel;
  readonly trust: 'own' | 'anything';
  /** The first two write. */
  readonly commands: readonly ServerCommand[];
}

const shortly = 60_000;

/** Lets the key of the source in; at the end of the change, whatever has become of it, no more. */
export function grantAccess(access: Access, publicKey: string): RelayAction {
  const { host, id, user, keysFile, address, isRoot, expires, to, identity, label, trust, commands } = access;
  return {
    kind: 'relay',
    host,
    what: `let ${address} in as ${user}, by a key that is for this copy only`,
    script: grant,
    args: [
      id,
      user,
      keysFile,
      address,
      own(isRoot ? '' : 'sudo -n '),
      own(expires ? 'yes' : ''),
      to,
      label,
      own(trust),
      ...commands,
      identity,
    ],
    input: publicKey,
    ticket: ticketFor(id),
    atEnd: { script: revoke, args: [id, user, keysFile] },
    timeoutMs: shortly,
  };
}

/** Nothing to take away is success. */
export function revokeAccess({
  host,
  id,
  user,
  keysFile,
}: Pick<Access, 'host' | 'id' | 'user' | 'keysFile'>): RelayAction {
  return {
    kind: 'relay',
    host,
    what: `let nobody in for this copy any more`,
    script: revoke,
    args: [id, user, keysFile],
    timeoutMs: shortly,
  };
}
