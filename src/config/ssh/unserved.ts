import { oneLine } from '../../values/terminal.ts';
import type { Target } from '../../transport/transport.ts';
import type { Configured, SshReply } from './ssh-question.ts';

export type Unserved = NonNullable<Target['unserved']>;

interface Grounds {
  readonly replies: readonly SshReply[];
  readonly configured: Configured;
  /** What of ssh's answer is not understood. */
  readonly troubles: readonly string[];
}

/** What of ssh's configuration changes whom a login trusts, or the way, and plimsoll cannot do. */
export function whyUnserved(name: string, { replies, configured, troubles }: Grounds): Unserved | undefined {
  const [failed] = replies.filter((reply) => reply.failed !== undefined);
  if (failed?.failed !== undefined) return { message: failed.failed, hint: failed.hint ?? withoutIt(name) };
  const [trouble] = troubles;
  if (trouble !== undefined)
    return { message: `ssh's configuration is not understood: ${oneLine(trouble, 200)}`, hint: withoutIt(name) };
  const reasons: readonly (string | false | undefined)[] = [
    configured('certificatefile')?.map((file) => `logs in with the certificate ${file}`)[0],
    goesBy('asks a KnownHostsCommand for host keys', configured('knownhostscommand')),
    goesBy('has RevokedHostKeys', configured('revokedhostkeys')),
    goesBy('binds to the address', configured('bindaddress')),
    goesBy('binds to the interface', configured('bindinterface')),
  ];
  const [reason] = reasons.filter((text) => typeof text === 'string');
  return reason === undefined ? undefined : unserved(name, reason);
}

/** Of a ProxyCommand, which is known only where the whole way is. */
export function byProxyCommand(name: string, command: string): Unserved {
  return unserved(name, `goes by a ProxyCommand (${oneLine(command, 120)})`);
}

/** Of what an inventory says: what it gives must not become more than a name on the way through ssh and its programs. */
export function notAsked(name: string, what: string): Unserved {
  return {
    message: `your ssh is not asked about it, since ${JSON.stringify(oneLine(what, 120))} is no plain name of a host or a user`,
    hint: `Correct it in the inventory, or write the whole way to ${name} there, with ssh_config: none.`,
  };
}

export function inCircle(names: readonly string[]): Unserved {
  return {
    message: `its ProxyJump goes in a circle: ${names.join(' → ')}`,
    hint: 'Leave each bastion out of the Host lines that send others through it: Host * !BASTION.',
  };
}

function unserved(name: string, what: string): Unserved {
  return {
    message: `ssh's configuration for it ${what}, which plimsoll cannot do`,
    hint: withoutIt(name),
  };
}

function withoutIt(name: string): string {
  return `If ${name} can be reached without, write how (address, user, identity_file, proxy_jump) into the inventory, with ssh_config: none.`;
}

function goesBy(what: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : `${what} (${oneLine(value, 120)})`;
}
