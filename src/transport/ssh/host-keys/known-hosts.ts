import { createHmac, randomBytes } from 'node:crypto';
import { matchesPatterns } from '../../../values/host-patterns.ts';

export interface KnownHost {
  readonly marker: '@revoked' | '@cert-authority' | undefined;
  /** The first field as it stands: patterns separated by commas, or `|1|salt|hash`. */
  readonly hosts: string;
  readonly type: string;
  readonly key: Buffer;
  /** `file:line`, for messages. */
  readonly where: string;
}

export type HostKeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown'; readonly authority: KnownHost | undefined }
  | { readonly kind: 'changed'; readonly old: KnownHost }
  | { readonly kind: 'revoked'; readonly entry: KnownHost };

/** The grammar is that of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. Lines that do not follow it are ignored, as OpenSSH does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split('\n').flatMap((line, index) => parseLine(line.trim(), `${file}:${String(index + 1)}`) ?? []);
}

function parseLine(line: string, where: string): KnownHost | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const fields = line.split(/\s+/);
  const marker = line.startsWith('@') ? fields.shift() : undefined;
  if (marker !== undefined && marker !== '@revoked' && marker !== '@cert-authority') return undefined;
  const [hosts, type, encoded] = fields;
  if (hosts === undefined || type === undefined || encoded === undefined) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return key.length === 0 ? undefined : { marker, hosts, type, key, where };
}

/** How OpenSSH writes a host in known_hosts: with brackets and the port when that is not 22. */
export function knownHostName(address: string, port: number): string {
  const name = address.toLowerCase();
  return port === 22 ? name : `[${name}]:${String(port)}`;
}

/** The same as ssh writes it with HashKnownHosts: whoever reads the file does not learn which hosts there are. */
export function hashedHostName(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${hashOf(salt, name)}`;
}

function hashOf(salt: Buffer, name: string): string {
  return createHmac('sha1', salt).update(name).digest('base64');
}

/** The entries for this host, markers included. */
export function entriesFor(entries: readonly KnownHost[], name: string): KnownHost[] {
  return entries.filter(({ hosts }) =>
    hosts.startsWith('|') ? matchesHash(hosts, name) : matchesPatterns(hosts.toLowerCase().split(','), name),
  );
}

function matchesHash(hosts: string, name: string): boolean {
  const [, scheme, salt, hash] = hosts.split('|');
  if (scheme !== '1' || salt === undefined || hash === undefined) return false;
  return hashOf(Buffer.from(salt, 'base64'), name) === hash;
}

/**
 * The entries without a marker that vouch for a host. As in OpenSSH those without a port count for a host on another
 * port only while there is none for that port, of whatever type: what was pinned there is not overridden.
 */
export function pinnedKeys(
  entries: readonly KnownHost[],
  address: string,
  port: number,
): { readonly keys: readonly KnownHost[]; readonly forThisPort: boolean } {
  const named = (name: string): KnownHost[] => entriesFor(entries, name).filter(({ marker }) => marker === undefined);
  const exact = named(knownHostName(address, port));
  return exact.length > 0 || port === 22
    ? { keys: exact, forThisPort: true }
    : { keys: named(knownHostName(address, 22)), forThisPort: false };
}

/**
 * What is known about a key that `address:port` presents, as OpenSSH has it: a host that is pinned by other keys, be
 * it of other types, has changed; by a name without its port it is only not known. A key that is revoked for the host
 * on any port is refused, which OpenSSH does not when it is pinned for the port.
 */
export function judgeHostKey(
  entries: readonly KnownHost[],
  address: string,
  port: number,
  type: string,
  key: Buffer,
): HostKeyVerdict {
  const marked = [...new Set([port, 22])]
    .flatMap((each) => entriesFor(entries, knownHostName(address, each)))
    .filter(({ marker }) => marker !== undefined);
  const revoked = marked.find((entry) => entry.marker === '@revoked' && entry.key.equals(key));
  if (revoked !== undefined) return { kind: 'revoked', entry: revoked };
  const { keys, forThisPort } = pinnedKeys(entries, address, port);
  if (keys.some((entry) => entry.key.equals(key))) return { kind: 'known' };
  const old = keys.find((entry) => entry.type === type) ?? keys[0];
  if (old !== undefined && forThisPort) return { kind: 'changed', old };
  return { kind: 'unknown', authority: marked.find(({ marker }) => marker === '@cert-authority') };
}
