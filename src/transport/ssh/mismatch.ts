import { oneLine } from '../../values/terminal.ts';
import type { Kind, Lists } from './negotiation.ts';

/** What of sshd's configuration decides, and what is best allowed there. */
const remedies: Readonly<Record<Kind, readonly [string, string]>> = {
  'key exchange': ['KexAlgorithms', 'curve25519-sha256'],
  'host key': ['HostKeyAlgorithms', 'ssh-ed25519'],
  cipher: ['Ciphers', 'aes256-gcm@openssh.com'],
  MAC: ['MACs', 'hmac-sha2-256-etm@openssh.com'],
};

/** Two sides that agree on no algorithm: of what kind, what each of them has, and what to do. */
export function mismatch(
  lists: Lists | undefined,
  said: string,
  host: string,
): { readonly message: string; readonly hint: string } {
  if (lists === undefined)
    return {
      message: `and plimsoll have no algorithm in common: ${oneLine(said)}`,
      hint: `Compare what sshd has on ${host}: sshd -T | grep -i algorithms`,
    };
  const { kind, server, own } = lists;
  const [keyword, best] = remedies[kind];
  const theirs = server.length === 0 ? 'none' : oneLine(server.join(', '), 300);
  return {
    message: `and plimsoll have no ${kind} in common: the server has ${theirs}; plimsoll has ${own.join(', ')}`,
    hint: `Allow one of plimsoll's in the sshd_config of ${host}: ${keyword} +${best}`,
  };
}
