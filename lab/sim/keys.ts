import ssh2 from 'ssh2';

export interface KeyPair {
  /** OpenSSH's own format. */
  readonly private: string;
  /** `ssh-ed25519 AAAA… comment` */
  readonly public: string;
}

/** A new ed25519 key. About one in two hundred that ssh2 makes is one that it cannot read itself (its padding is wrong): such a key is thrown away. */
export function newKeyPair(): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'plimsoll simulated fleet' });
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
