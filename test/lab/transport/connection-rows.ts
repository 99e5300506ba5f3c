import type { Target } from '../../../src/transport/transport.ts';

/** What becomes of a situation: `both` are let in, only one of them, or neither, and then what plimsoll says. */
export type Ending = 'both' | { readonly neither: RegExp } | { readonly ssh: RegExp } | { readonly plimsoll: true };

/** The server's own place and keys, for lines of known_hosts. */
export interface Server {
  readonly address: string;
  readonly port: number;
  /** `TYPE BASE64` by type. */
  readonly keys: Readonly<Record<'ed25519' | 'rsa' | 'ecdsa' | 'other', string>>;
}

export interface Situation {
  readonly name: string;
  /** Lines of sshd_config; those with the same share a server. */
  readonly sshd?: readonly string[];
  readonly listen?: string;
  readonly user?: 'plain' | 'expired' | 'old' | 'bash' | 'fish' | 'csh' | 'nologin' | 'denied' | 'root';
  /** Key files, by name. */
  readonly keys?: readonly string[];
  readonly phrase?: 'right' | 'wrong';
  readonly password?: 'right' | 'wrong';
  /** What an agent holds. */
  readonly agent?: readonly string[];
  readonly known?: (server: Server) => readonly string[];
  readonly ssh?: readonly string[];
  readonly target?: Partial<Target>;
  readonly ends: Ending;
}

const both = 'both';
const neither = (said: RegExp): Ending => ({ neither: said });
const onlyPlimsoll: Ending = { plimsoll: true };
const onlySsh = (said: RegExp): Ending => ({ ssh: said });

const plainKeys = [
  'ed25519',
  'rsa2048',
  'rsa4096',
  'ecdsa256',
  'ecdsa384',
  'ecdsa521',
  'rsa2048.pem',
  'rsa2048.pkcs8',
  'ecdsa256.pem',
  'ecdsa384.pkcs8',
];
const lockedKeys = [
  'ed25519.locked',
  'rsa2048.locked',
  'ecdsa521.locked',
  'rsa2048.pem.locked',
  'ecdsa256.pem.locked',
  'rsa2048.pkcs8.locked',
  'ecdsa256.pkcs8.locked',
];

const keyFiles: readonly Situation[] = [
  ...plainKeys.map((key) => ({ name: `key ${key}`, keys: [key], ends: both }) as const),
  ...lockedKeys.map((key) => ({ name: `key ${key}`, keys: [key], phrase: 'right', ends: both }) as const),
  { name: 'key ed25519.gcm', keys: ['ed25519.gcm'], phrase: 'right', ends: both },
  {
    name: 'key ed25519.chacha',
    keys: ['ed25519.chacha'],
    phrase: 'right',
    ends: onlySsh(/chacha20-poly1305.*ssh-keygen -p -Z aes256-ctr -f/),
  },
  { name: 'key ed25519.pkcs8, which ssh 9.2 does not read', keys: ['ed25519.pkcs8'], ends: onlyPlimsoll },
  {
    name: 'a wrong passphrase',
    keys: ['rsa2048.pkcs8.locked'],
    phrase: 'wrong',
    ends: neither(/the passphrase does not open it/),
  },
  { name: 'no passphrase', keys: ['rsa2048.pkcs8.locked'], ends: neither(/it is encrypted and no passphrase is set/) },
  {
    name: 'a key that is not authorised',
    keys: ['stranger'],
    ends: neither(/tried key .*stranger; the server accepts publickey/),
  },
];

const algorithms = (line: string): readonly string[] => [`PubkeyAcceptedAlgorithms ${line}`];
const signatures: readonly Situation[] = [
  { name: 'rsa-sha2-512 alone', sshd: algorithms('rsa-sha2-512'), keys: ['rsa2048'], ends: both },
  {
    name: 'rsa-sha2-256 alone, which ssh does not offer',
    sshd: algorithms('rsa-sha2-256'),
    keys: ['rsa2048'],
    ends: onlyPlimsoll,
  },
  {
    name: 'rsa-sha2-512 alone, the key in the agent',
    sshd: algorithms('rsa-sha2-512'),
    keys: [],
    agent: ['rsa2048'],
    ends: both,
  },
  {
    name: 'rsa-sha2-256 alone, the key in the agent',
    sshd: algorithms('rsa-sha2-256'),
    keys: [],
    agent: ['rsa2048'],
    ends: onlyPlimsoll,
  },
  {
    name: 'ed25519 alone, and only the second key is one',
    sshd: algorithms('ssh-ed25519'),
    keys: ['rsa2048', 'ed25519'],
    ends: both,
  },
  {
    name: 'ed25519 alone, and there is no such key',
    sshd: algorithms('ssh-ed25519'),
    keys: ['rsa2048', 'ecdsa256'],
    ends: neither(/tried key .*rsa2048, key .*ecdsa256; /),
  },
];

const crowd = ['a1', 'a2', 'a3', 'a4', 'a5', 'ed25519'];
const agents: readonly Situation[] = [
  { name: 'agent: the key is the sixth of six', keys: [], agent: crowd, ends: both },
  { name: 'agent: seventh, with its public half named', keys: ['ed25519.only'], agent: [...crowd, 'a6'], ends: both },
  {
    name: 'agent: too many keys before it',
    keys: [],
    agent: ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'ed25519'],
    ends: neither(/Too many authentication failures.*no more than 6 attempts.*IdentitiesOnly/s),
  },
  {
    name: 'agent: IdentitiesOnly leaves out what is not named',
    keys: ['ed25519'],
    agent: ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'],
    ssh: ['-o', 'IdentitiesOnly=yes'],
    target: { identitiesOnly: true },
    ends: both,
  },
  {
    name: 'agent: IdentitiesOnly, and the right one is not named',
    keys: ['a1'],
    agent: ['ed25519'],
    ssh: ['-o', 'IdentitiesOnly=yes'],
    target: { identitiesOnly: true },
    ends: neither(/could not log in/),
  },
  { name: 'agent: ecdsa', keys: [], agent: ['ecdsa384'], ends: both },
  {
    name: 'a low MaxAuthTries, the second key is right',
    sshd: ['MaxAuthTries 2'],
    keys: ['stranger', 'ed25519'],
    ends: both,
  },
  {
    name: 'a low MaxAuthTries, the third key is right',
    sshd: ['MaxAuthTries 2'],
    keys: ['stranger', 'a1', 'ed25519'],
    ends: neither(/Too many authentication failures/),
  },
];

const hostKeys = (types: string): readonly string[] => [`HostKeyAlgorithms ${types}`];
const all = ({ keys: { ed25519, rsa, ecdsa } }: Server): readonly string[] => [ed25519, rsa, ecdsa];
const named = ({ address, port }: Server): string => `[${address}]:${String(port)}`;
const hosts: readonly Situation[] = [
  { name: 'host key: rsa-sha2-512 only', sshd: hostKeys('rsa-sha2-512'), ends: both },
  { name: 'host key: rsa-sha2-256 only', sshd: hostKeys('rsa-sha2-256'), ends: both },
  { name: 'host key: ecdsa only', sshd: hostKeys('ecdsa-sha2-nistp256'), ends: both },
  { name: 'host key: ed25519 only', sshd: hostKeys('ssh-ed25519'), ends: both },
  {
    name: 'host key: ssh-rsa with SHA-1 only',
    sshd: hostKeys('ssh-rsa'),
    ends: neither(/host key.*the server has ssh-rsa; plimsoll has ssh-ed25519/),
  },
  { name: 'known by rsa alone', known: (server) => [`${named(server)} ${server.keys.rsa}`], ends: both },
  { name: 'known by ecdsa alone', known: (server) => [`${named(server)} ${server.keys.ecdsa}`], ends: both },
  {
    name: 'known by rsa, has only ed25519',
    sshd: hostKeys('ssh-ed25519'),
    known: (server) => [`${named(server)} ${server.keys.rsa}`],
    ends: neither(/ssh-ed25519 key .* knows it by its ssh-rsa key/),
  },
  { name: 'unknown', known: () => [], ends: neither(/ssh-ed25519 key SHA256:.* is unknown/) },
  {
    name: 'known by another key',
    known: (server) => [`${named(server)} ${server.keys.other}`],
    ends: neither(/has another one/),
  },
  {
    name: 'known on port 22 only',
    known: (server) => all(server).map((key) => `${server.address} ${key}`),
    ends: both,
  },
  {
    name: 'a wildcard',
    known: (server) => all(server).map((key) => `[127.*.0.?]:${String(server.port)} ${key}`),
    ends: both,
  },
  {
    name: 'a wildcard that is negated for it',
    known: (server) => all(server).map((key) => `[127.*]:*,!${named(server)} ${key}`),
    ends: neither(/is unknown/),
  },
  {
    name: 'a negation of another',
    known: (server) => all(server).map((key) => `[127.*]:*,![127.9.9.9]:* ${key}`),
    ends: both,
  },
  {
    name: 'revoked',
    known: (server) => [`${named(server)} ${server.keys.ed25519}`, `@revoked * ${server.keys.ed25519}`],
    ends: neither(/is revoked in/),
  },
  {
    name: 'another key of it is revoked',
    known: (server) => [`${named(server)} ${server.keys.rsa}`, `@revoked * ${server.keys.ed25519}`],
    ends: both,
  },
  {
    name: 'a certificate authority, and a plain key',
    known: (server) => [`@cert-authority * ${server.keys.other}`, `${named(server)} ${server.keys.ed25519}`],
    ends: both,
  },
  {
    name: 'a certificate authority alone',
    known: (server) => [`@cert-authority * ${server.keys.other}`],
    ends: neither(/host certificates are not supported/),
  },
  {
    name: 'an alias',
    known: (server) => [`the-alias ${server.keys.ed25519}`],
    ssh: ['-o', 'HostKeyAlias=the-alias'],
    target: { hostKeyAlias: 'the-alias' },
    ends: both,
  },
  { name: 'IPv6', listen: '::1', ends: both },
];

const kexes = (line: string): readonly string[] => [`KexAlgorithms ${line}`];
const offered = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group-exchange-sha256',
];
const ciphers = [
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
];
const macs = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
  'hmac-sha1',
  'hmac-sha1-etm@openssh.com',
];
const negotiation: readonly Situation[] = [
  ...offered.map((kex) => ({ name: `key exchange: ${kex}`, sshd: kexes(kex), ends: both }) as const),
  {
    name: 'key exchange: sntrup761 only',
    sshd: kexes('sntrup761x25519-sha512@openssh.com'),
    ends: onlySsh(/key exchange.*the server has sntrup761x25519-sha512@openssh\.com; plimsoll has curve25519-sha256, /),
  },
  {
    name: 'key exchange: SHA-1 only',
    sshd: kexes('diffie-hellman-group14-sha1'),
    ends: neither(/key exchange.*the server has diffie-hellman-group14-sha1/),
  },
  ...ciphers.map((cipher) => ({ name: `cipher: ${cipher}`, sshd: [`Ciphers ${cipher}`], ends: both }) as const),
  {
    name: 'cipher: CBC only',
    sshd: ['Ciphers aes256-cbc'],
    ends: neither(/cipher.*the server has aes256-cbc; plimsoll has aes128-gcm/),
  },
  ...macs.map((mac) => ({ name: `MAC: ${mac}`, sshd: ['Ciphers aes128-ctr', `MACs ${mac}`], ends: both }) as const),
  {
    name: 'MAC: umac only',
    sshd: ['Ciphers aes128-ctr', 'MACs umac-128-etm@openssh.com'],
    ends: onlySsh(/MAC.*the server has umac-128-etm@openssh\.com; plimsoll has hmac-sha2-256-etm/),
  },
  { name: 'MAC: umac only, beside ciphers that need none', sshd: ['MACs umac-128-etm@openssh.com'], ends: both },
  { name: 'compression', sshd: ['Compression yes'], ends: both },
];

const pam = ['UsePAM yes', 'KbdInteractiveAuthentication yes'];
const methods = (line: string): readonly string[] => [...pam, `AuthenticationMethods ${line}`];
const factors: readonly Situation[] = [
  { name: 'a password', keys: [], password: 'right', ends: both },
  { name: 'a wrong password', keys: [], password: 'wrong', ends: neither(/tried password; the server accepts/) },
  {
    name: 'questions only',
    sshd: [...pam, 'PasswordAuthentication no'],
    keys: [],
    password: 'right',
    ends: both,
  },
  {
    name: 'questions only, a wrong password',
    sshd: [...pam, 'PasswordAuthentication no'],
    keys: [],
    password: 'wrong',
    ends: neither(/tried password \(keyboard-interactive\); the server accepts/),
  },
  {
    name: 'no passwords at all',
    sshd: ['PasswordAuthentication no'],
    keys: [],
    password: 'right',
    ends: neither(/the server accepts publickey/),
  },
  ...[
    'publickey,password',
    'publickey,keyboard-interactive',
    'password,publickey',
    'keyboard-interactive,publickey',
    'keyboard-interactive',
    'password',
    'publickey,password password,publickey',
  ].map((line) => ({ name: `factors: ${line}`, sshd: methods(line), password: 'right', ends: both }) as const),
  {
    name: 'factors: publickey,publickey',
    sshd: methods('publickey,publickey'),
    keys: ['ed25519', 'ecdsa256'],
    ends: both,
  },
  {
    name: 'factors: publickey,publickey, there is one',
    sshd: methods('publickey,publickey'),
    ends: neither(/key .*ed25519 was right, and the server wants publickey as well.*another key \(identity_file\)/s),
  },
  {
    name: 'factors: publickey,publickey, of the agent, with strangers',
    sshd: methods('publickey,publickey'),
    keys: [],
    agent: ['a1', 'ed25519', 'a2', 'rsa2048'],
    ends: both,
  },
  {
    name: 'factors: password,publickey,publickey',
    sshd: methods('password,publickey,publickey'),
    keys: ['stranger', 'ed25519', 'rsa2048'],
    password: 'right',
    ends: both,
  },
  {
    name: 'factors: publickey,password,publickey, of the agent',
    sshd: methods('publickey,password,publickey'),
    keys: [],
    agent: ['ed25519', 'rsa2048'],
    password: 'right',
    ends: both,
  },
  {
    name: 'factors: publickey,password, there is no password',
    sshd: methods('publickey,password'),
    ends: neither(/key .*ed25519 was right, and the server wants password as well.*give it password, too/s),
  },
];

const accounts: readonly Situation[] = [
  {
    name: 'PermitRootLogin no',
    sshd: ['PermitRootLogin no'],
    user: 'root',
    ends: neither(/tried key .*ed25519; the server accepts publickey/),
  },
  {
    name: 'PermitRootLogin prohibit-password, a key',
    sshd: ['PermitRootLogin prohibit-password'],
    user: 'root',
    ends: both,
  },
  {
    name: 'PermitRootLogin forced-commands-only',
    sshd: ['PermitRootLogin forced-commands-only'],
    user: 'root',
    ends: neither(/a channel could not be opened/),
  },
  {
    name: 'AllowUsers, another',
    sshd: ['AllowUsers nobody'],
    ends: neither(/tried key .*ed25519; the server accepts publickey/),
  },
  { name: 'DenyUsers, another', sshd: ['DenyUsers nobody'], ends: both },
  {
    name: 'an expired account, without PAM',
    user: 'expired',
    ends: neither(/could not log in/),
  },
  {
    name: 'an expired account, with PAM',
    sshd: pam,
    user: 'expired',
    ends: neither(/could not log in|closed the connection|account has expired/),
  },
  {
    name: 'a password that has to be changed, a key',
    sshd: pam,
    user: 'old',
    ends: neither(/expired|changed/),
  },
  { name: 'shell nologin', user: 'nologin', ends: neither(/not available/) },
  {
    name: 'ForceCommand',
    sshd: ['ForceCommand echo this host does backups'],
    ends: neither(/this host does backups/),
  },
  { name: 'noisy bash', user: 'bash', ends: both },
  { name: 'noisy fish', user: 'fish', ends: both },
  { name: 'noisy csh', user: 'csh', ends: both },
  { name: 'a banner', sshd: ['Banner BANNER'], ends: both },
  { name: 'LoginGraceTime 5', sshd: ['LoginGraceTime 5'], ends: both },
  { name: 'MaxSessions 1', sshd: ['MaxSessions 1'], ends: both },
  { name: 'MaxStartups 1', sshd: ['MaxStartups 1'], ends: both },
  { name: 'no terminal, no forwarding', sshd: ['PermitTTY no', 'AllowTcpForwarding no'], ends: both },
  { name: 'ChannelTimeout', sshd: ['ChannelTimeout session:*=60'], ends: both },
];

export const situations: readonly Situation[] = [
  ...keyFiles,
  ...signatures,
  ...agents,
  ...hosts,
  ...negotiation,
  ...factors,
  ...accounts,
];
