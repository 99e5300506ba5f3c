import { access, readFile } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';
import type { Secret } from '../../values/secret.ts';
import { quote } from '../../values/shell.ts';
import { fromPkcs8 } from './pkcs8.ts';

/** A private key, or in words why its file gives none (and then perhaps the public half, for the agent). */
export type Identity =
  | { readonly file: string; readonly key: ParsedKey; readonly certificate?: string | undefined }
  | {
      readonly file: string;
      readonly problem: string;
      readonly publicKey: Buffer | undefined;
      /** The certificate that lies beside it. */
      readonly certificate?: string | undefined;
    };

/**
 * Reads and decrypts each key file once for all hosts: a passphrase costs about 0.4 s of computing
 * that nothing else can use meanwhile.
 */
export class Identities {
  readonly #byFile = new Map<
    string,
    { readonly passphrase: string | undefined; readonly identity: Promise<Identity> }[]
  >();

  read(file: string, passphrase: Secret | undefined): Promise<Identity> {
    const text = passphrase?.reveal();
    const entries = this.#byFile.get(file) ?? [];
    this.#byFile.set(file, entries);
    const known = entries.find((entry) => entry.passphrase === text);
    if (known !== undefined) return known.identity;
    const identity = readIdentity(file, text);
    entries.push({ passphrase: text, identity });
    return identity;
  }
}

async function readIdentity(file: string, passphrase: string | undefined): Promise<Identity> {
  const certificate = await access(`${file}-cert.pub`).then(
    () => `${file}-cert.pub`,
    () => undefined,
  );
  return { ...(await readKey(file, passphrase)), certificate };
}

async function readKey(file: string, passphrase: string | undefined): Promise<Identity> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { file, problem: `${file}: ${whyUnreadable(error)}`, publicKey: await readPublicKey(file) };
  }
  const parsed = parse(text, passphrase);
  if (!(parsed instanceof Error) && parsed.isPrivateKey()) return { file, key: parsed };
  return { file, problem: `${file}: ${whyUnusable(parsed, file, passphrase)}`, publicKey: await readPublicKey(file) };
}

function parse(text: string, passphrase: string | undefined): ParsedKey | Error {
  try {
    return ssh2.utils.parseKey(fromPkcs8(text, passphrase), passphrase);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The agent may hold the private half of a key of which only `FILE.pub` can be read. */
async function readPublicKey(file: string): Promise<Buffer | undefined> {
  try {
    const [, encoded] = (await readFile(`${file}.pub`, 'utf8')).split(/\s+/);
    return encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
  } catch {
    return undefined;
  }
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EACCES' ? 'it may not be read' : `it cannot be read (${String(code)})`;
}

function whyUnusable(parsed: ParsedKey | Error, file: string, passphrase: string | undefined): string {
  if (!(parsed instanceof Error)) return 'it is a public key, not a private one';
  if (passphrase === undefined && /passphrase/i.test(parsed.message)) return 'it is encrypted and no passphrase is set';
  if (passphrase !== undefined && /passphrase|integrity|decrypt|malformed|asn1/i.test(parsed.message))
    return 'the passphrase does not open it';
  // ssh2 knows the cipher's name, but not how OpenSSH uses it for files.
  if (/initialization vector/i.test(parsed.message))
    return `it is encrypted with chacha20-poly1305, which plimsoll does not read; this encrypts it otherwise: ssh-keygen -p -Z aes256-ctr -f ${quote(file)}`;
  return `it is no private key that can be used (${parsed.message})`;
}
