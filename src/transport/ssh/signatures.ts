import type { ParsedKey } from 'ssh2';

/**
 * How a key may be offered, by preference. For an RSA key ssh2 takes SHA-256 wherever the server knows of it, though it
 * accept SHA-512 only (sshd tells what it knows, not what PubkeyAcceptedAlgorithms leaves of that). OpenSSH's own ssh
 * offers SHA-512; what ssh2 would take comes after all else, since a server counts every offer.
 */
export function offersOf(key: ParsedKey): { readonly first: ParsedKey; readonly last: ParsedKey | undefined } {
  return key.type === 'ssh-rsa' ? { first: withSha512(key), last: key } : { first: key, last: undefined };
}

const sha512 = 'rsa-sha2-512';

/** ssh2 signs by, and names to the server, the type of the key that it is given. */
function withSha512(key: ParsedKey): ParsedKey {
  const other: unknown = Object.create(key, {
    type: { value: sha512, enumerable: true },
    sign: { value: (data: Buffer | string) => key.sign(data, 'sha512') },
  });
  return other as ParsedKey;
}

/** For the agent, which is asked by the key that it holds. */
export function hashOf({ type }: { readonly type: string }): 'sha512' | undefined {
  return type === sha512 ? 'sha512' : undefined;
}
