import { createHmac } from 'node:crypto';

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
  | { readonly kind: 'unknown'; readonly others: readonly KnownHost[] }
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

/** The entries for this host, markers included. */
export function entriesFor(entries: readonly KnownHost[], name: string): KnownHost[] {
  return entries.filter(({ hosts }) => (hosts.startsWith('|') ? matchesHash(hosts, name) : matchesPatterns(hosts, name)));
}

function matchesHash(hosts: string, name: string): boolean {
  const [, scheme, salt, hash] = hosts.split('|');
  if (scheme !== '1' || salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** A negated pattern that matches takes the host out of the whole line. */
function matchesPatterns(hosts: string, name: string): boolean {
  let matched = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (matchesGlob(pattern.slice(1), name)) return false;
    } else if (matchesGlob(pattern, name)) {
      matched = true;
    }
  }
  return matched;
}

function matchesGlob(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const source = pattern.replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`).replaceAll(/\*+/g, '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

/**
 * What is known about a key that `address:port` presents. As in OpenSSH an entry without a port also
 * vouches for the host on another port, and a host that has keys of other types only is unknown.
 */
export function judgeHostKey(entries: readonly KnownHost[], address: string, port: number, type: string, key: Buffer): HostKeyVerdict {
  const exact = entriesFor(entries, knownHostName(address, port));
  const relevant = port === 22 ? exact : [...exact, ...entriesFor(entries, knownHostName(address, 22))];
  const revoked = relevant.find((entry) => entry.marker === '@revoked' && entry.key.equals(key));
  if (revoked !== undefined) return { kind: 'revoked', entry: revoked };
  if (relevant.some((entry) => entry.marker === undefined && entry.key.equals(key))) return { kind: 'known' };
  const old = exact.find((entry) => entry.marker === undefined && entry.type === type);
  return old === undefined ? { kind: 'unknown', others: exact.filter(({ marker }) => marker !== '@revoked') } : { kind: 'changed', old };
}
