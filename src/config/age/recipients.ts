import { dirname, join } from 'node:path';
import { AppError, ConfigError, type ConfigIssue } from '../../errors.ts';
import { whyUnreadable, type ConfigIo } from '../model/io.ts';
import { makeSource, issueAt } from '../yaml/source.ts';

/** The file with the public keys of those who may read; it is kept in git beside what is encrypted to them. */
export const recipientsFile = '.age-recipients';

export interface Recipients {
  readonly keys: readonly string[];
  /** Where they are from, for people. */
  readonly from: string;
}

/** In the directory (an absolute path), or in the nearest one around it within the same repository of git: what lies above that is somebody else's. */
export async function findRecipients(
  directory: string,
  io: Pick<ConfigIo, 'readFile' | 'fileExists'>,
): Promise<Recipients> {
  const inRepository = await repositoryAround(directory, io);
  for (let at = directory; ; at = dirname(at)) {
    const file = join(at, recipientsFile);
    if (await io.fileExists(file)) return { keys: await readRecipients(file, io), from: file };
    if (inRepository === undefined || at === inRepository) break;
  }
  throw new AppError(
    'usage',
    `there is no ${recipientsFile} in ${directory}${inRepository === undefined || inRepository === directory ? '' : ` or above it, up to ${inRepository}`}: it is not known for whom to encrypt`,
    {
      hint: `write the public keys of those who may read into it, one a line (age-keygen -y KEYFILE prints one), and keep it in git; or give --recipient KEY`,
    },
  );
}

async function repositoryAround(directory: string, io: Pick<ConfigIo, 'fileExists'>): Promise<string | undefined> {
  for (let at = directory; ; at = dirname(at)) {
    if (await io.fileExists(join(at, '.git'))) return at;
    if (dirname(at) === at) return undefined;
  }
}

async function readRecipients(file: string, io: Pick<ConfigIo, 'readFile'>): Promise<readonly string[]> {
  let text: string;
  try {
    text = Buffer.from(await io.readFile(file)).toString('utf8');
  } catch (thrown) {
    throw new AppError('usage', `${file} cannot be read: ${whyUnreadable(thrown)}`, { cause: thrown });
  }
  const source = makeSource(file, text);
  const issues: ConfigIssue[] = [];
  const keys: string[] = [];
  for (const start of source.lineStarts) {
    const line = text.slice(start).split(/\r?\n/, 1)[0] ?? '';
    const key = line.trim();
    if (key === '' || key.startsWith('#')) continue;
    const why = await whyNoRecipient(key);
    if (why === undefined) keys.push(key);
    // A secret key is not shown in a message.
    else if (isSecretKey(key)) issues.push({ file, line: source.lineStarts.indexOf(start) + 1, message: why });
    else issues.push(issueAt(source, { start, end: start + line.length }, why));
  }
  if (issues.length > 0) throw new ConfigError(issues);
  if (keys.length === 0)
    throw new AppError('usage', `${file} names no key: it is not known for whom to encrypt`, {
      hint: 'write the public keys of those who may read into it, one a line: age-keygen -y KEYFILE prints one',
    });
  return [...new Set(keys)];
}

/** Given on the command line. */
export async function givenRecipients(keys: readonly string[]): Promise<Recipients> {
  for (const key of keys) {
    const why = await whyNoRecipient(key);
    if (why !== undefined)
      throw new AppError('usage', `--recipient ${isSecretKey(key) ? '' : `${JSON.stringify(key)} `}${why}`);
  }
  return { keys: [...new Set(keys)], from: '--recipient' };
}

function isSecretKey(key: string): boolean {
  return /^age-secret-key-/i.test(key);
}

async function whyNoRecipient(key: string): Promise<string | undefined> {
  if (isSecretKey(key))
    return 'is a secret key: give its public one (age-keygen -y KEYFILE prints it), and make a new pair, since this one has been seen';
  if (key.startsWith('ssh-'))
    return "is a public key of ssh, to which the library for age does not encrypt: give one of age's own (age-keygen makes a pair)";
  const { checkRecipient } = await import('./age.ts');
  try {
    checkRecipient(key);
    return undefined;
  } catch {
    return 'is no public key of age: it must be age1 and more, and its checksum must be right (is it whole?)';
  }
}
