import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { AppError } from '../../../errors.ts';
import { quote } from '../../../values/shell.ts';
import type { Target } from '../../transport.ts';
import {
  hashedHostName,
  judgeHostKey,
  type KnownHost,
  knownHostName,
  parseKnownHosts,
  pinnedKeys,
} from './known-hosts.ts';

/** Signature algorithms by preference, with the key type that known_hosts calls them by. */
const algorithms: readonly (readonly [ServerHostKeyAlgorithm, string])[] = [
  ['ssh-ed25519', 'ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256'],
  ['ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384'],
  ['ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'ssh-rsa'],
  ['rsa-sha2-256', 'ssh-rsa'],
];

/** Reads each known_hosts file once. A file that does not exist knows no host. */
export class KnownHostsFiles {
  readonly #files = new Map<string, Promise<readonly KnownHost[]>>();

  async entries(files: readonly string[]): Promise<readonly KnownHost[]> {
    return (await Promise.all(files.map((file) => this.#read(file)))).flat();
  }

  #read(file: string): Promise<readonly KnownHost[]> {
    const known = this.#files.get(file) ?? readKnownHosts(file);
    this.#files.set(file, known);
    return known;
  }
}

async function readKnownHosts(file: string): Promise<readonly KnownHost[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new AppError('config', `the known_hosts file ${file} cannot be read`, {
      hint: 'Correct known_hosts_file or the permissions of the file.',
      cause: error,
    });
  }
}

/** What an attempt to connect does with the key that it is presented. */
export interface HostKeyVerifier {
  /** What the server is asked for, by preference. */
  readonly algorithms: ServerHostKeyAlgorithm[];
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly refusal: AppError | undefined;
  readonly verify: (key: Buffer) => boolean;
}

/** The types known for this host come first, otherwise the server would present a key of another type. */
export function algorithmsFor(target: Target, known: readonly KnownHost[]): ServerHostKeyAlgorithm[] {
  const { address, port } = knownAs(target);
  const types = new Set(pinnedKeys(known, address, port).keys.map(({ type }) => type));
  const isKnown = ([, type]: readonly [ServerHostKeyAlgorithm, string]): boolean => types.has(type);
  return [...algorithms.filter(isKnown), ...algorithms.filter((each) => !isKnown(each))].map(
    ([algorithm]) => algorithm,
  );
}

export function typeOf(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

/** `SHA256:…`, as ssh-keygen -l has it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The line of known_hosts that pins a key to a target. */
export function knownHostsLine(target: Target, key: Buffer): string {
  const { address, port } = knownAs(target);
  const name = knownHostName(address, port);
  return `${target.hashKnownHosts === true ? hashedHostName(name) : name} ${typeOf(key)} ${key.toString('base64')}`;
}

/** Checks the key of one connection, and remembers what it found. */
export class HostKeyCheck implements HostKeyVerifier {
  readonly #target: Target;
  readonly #known: readonly KnownHost[];
  #fingerprint = '';
  #publicKey = '';
  #refusal: AppError | undefined;

  constructor(target: Target, known: readonly KnownHost[]) {
    this.#target = target;
    this.#known = known;
  }

  /** `SHA256:…` of the key that the server presented. */
  get fingerprint(): string {
    return this.#fingerprint;
  }

  /** `TYPE BASE64` of the same. */
  get publicKey(): string {
    return this.#publicKey;
  }

  get refusal(): AppError | undefined {
    return this.#refusal;
  }

  get algorithms(): ServerHostKeyAlgorithm[] {
    return algorithmsFor(this.#target, this.#known);
  }

  /**
   * For ssh2, which takes anything but a literal `false` (a promise, 0, undefined) as consent: this
   * function is synchronous, returns a real boolean and turns every exception into a refusal.
   */
  readonly verify = (key: Buffer): boolean => {
    try {
      this.#refusal = this.#judge(key);
    } catch (error) {
      this.#refusal = new AppError('host-key-unknown', `${this.#target.name}: its host key could not be checked`, {
        cause: error,
      });
    }
    return this.#refusal === undefined;
  };

  #judge(key: Buffer): AppError | undefined {
    const { name, address, port, knownHostsFiles } = this.#target;
    const type = typeOf(key);
    this.#fingerprint = fingerprintOf(key);
    this.#publicKey = `${type} ${key.toString('base64')}`;
    const shown = `${type} key ${this.#fingerprint}`;
    const as = knownAs(this.#target);
    const verdict = judgeHostKey(this.#known, as.address, as.port, type, key);
    const file = knownHostsFiles.find((each) => each !== '/dev/null') ?? '~/.ssh/known_hosts';
    const line = knownHostsLine(this.#target, key);
    switch (verdict.kind) {
      case 'known':
        return undefined;
      case 'revoked':
        return new AppError(
          'host-key-revoked',
          `${name}: the ${shown} of ${address}:${String(port)} is revoked in ${verdict.entry.where}`,
          {
            hint: 'Do not connect: the key is marked as compromised. Give the host a new key.',
          },
        );
      case 'changed':
        if (verdict.old.type !== type) {
          return new AppError(
            'host-key-changed',
            `${name}: ${address}:${String(port)} presents the ${shown}, but ${verdict.old.where} knows it by its ${verdict.old.type} key, which it did not present`,
            {
              hint: `Somebody may be in between. ${comparison(type)}, then run: echo ${quote(line)} >> ${quote(file)}`,
            },
          );
        }
        return new AppError(
          'host-key-changed',
          `${name}: ${address}:${String(port)} presents the ${shown}, but ${verdict.old.where} has another one`,
          {
            hint: `Somebody may be in between. If the host was installed anew, compare the fingerprint on its console, then remove ${verdict.old.where} and run: echo ${quote(line)} >> ${quote(file)}`,
          },
        );
      case 'unknown':
        return new AppError(
          'host-key-unknown',
          `${name}: the ${shown} of ${address}:${String(port)} is unknown${aboutAuthority(verdict.authority)}`,
          {
            hint: `plimsoll trust shows the keys of all hosts, and writes them. Or ${lowerCase(comparison(type))}, then run: echo ${quote(line)} >> ${quote(file)}`,
          },
        );
    }
  }
}

/** What its keys are filed under: as ssh has it, an alias has no port. */
export function knownAs({ address, port, hostKeyAlias }: Target): Pick<Target, 'address' | 'port'> {
  return hostKeyAlias === undefined ? { address, port } : { address: hostKeyAlias, port: 22 };
}

function aboutAuthority(authority: KnownHost | undefined): string {
  return authority === undefined
    ? ''
    : `; ${authority.where} trusts a certificate authority for it, but host certificates are not supported by this transport`;
}

function comparison(type: string): string {
  return `Compare the fingerprint with that on the host (ssh-keygen -lf /etc/ssh/ssh_host_${keyFileName(type)}_key.pub)`;
}

function lowerCase(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

function keyFileName(type: string): string {
  if (type.startsWith('ecdsa')) return 'ecdsa';
  return type === 'ssh-rsa' ? 'rsa' : 'ed25519';
}
