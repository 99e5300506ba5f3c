import * as z from 'zod';
import { AppError } from '../errors.ts';
import { oneLine } from '../values/terminal.ts';

/**
 * Texts that one host says and that go further: to another host, into a path on this machine or another
 * one, or into a record of the whole fleet. Each has a type of its own that can be had from its grammar only,
 * and what carries them (`RelayAction`, `askOf`) takes no plain string: what a host says is never passed on
 * as it is, whatever the host would like the next one to read in it.
 */
type Crosses<Kind extends string> = z.core.$brand<'crossing' | Kind>;

/** Whatever may cross. */
export type Crossing = string & z.core.$brand<'crossing'>;
export type Address = string & Crosses<'address'>;
export type BackupName = string & Crosses<'backup-name'>;
export type CopyLabel = string & Crosses<'copy-label'>;
export type HostPath = string & Crosses<'host-path'>;
export type ServerCommand = string & Crosses<'server-command'>;

/** No C0, DEL or C1, no line or paragraph separator, no half of a surrogate pair. */
const printable = /^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u;
/** What Linux allows for a path, without its NUL. */
const longestPath = 4095;

/** Words of plimsoll's own, and what comes from a playbook or an inventory and has a schema there. */
export const plainText = z.string().max(longestPath).regex(printable, 'holds control characters').brand<'crossing'>();

/** An IP address without a zone: no name, no pattern, nothing that sshd's `from=` would read otherwise. */
export const address = z.union([z.ipv4(), z.ipv6()], 'is no IP address').brand<'crossing' | 'address'>();

/** `VOLUME@HOST.TIME`: one segment of a path, never hidden. A file's name has 255 bytes, and its endings need some. */
export const backupName = z
  .string()
  .max(230)
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9_.-]+\.\d{8}T\d{6}Z$/,
    'must be the name of a backup, VOLUME@HOST.TIME',
  )
  .brand<'crossing' | 'backup-name'>();

/** Absolute, printable, and without a step upwards. */
export const hostPath = z
  .string()
  .max(longestPath)
  .regex(printable, 'holds control characters')
  .refine(
    (path) => path.startsWith('/') && !path.split('/').some((segment) => segment === '..' || segment === '.'),
    'is no absolute path',
  )
  .brand<'crossing' | 'host-path'>();

/** `HOST:PATH`, the source of a copy as its destination has it written down. */
export const copyLabel = z
  .string()
  .max(2 * longestPath)
  .regex(printable, 'holds control characters')
  .refine((label) => /^[^/]+:\//.test(label), 'is no HOST:PATH')
  .brand<'crossing' | 'copy-label'>();

/** `TYPE BASE64` and perhaps a comment, on one line. */
export const publicKey = z
  .string()
  .max(4096)
  .regex(
    /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) AAAA[A-Za-z0-9+/]+={0,3}(?: [\x21-\x7e]+)?\n?$/,
    'is no public key of SSH',
  )
  .brand<'crossing' | 'public-key'>();

/** A word that a host has made up, for itself. */
export const ticket = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'is no ticket')
  .brand<'crossing' | 'ticket'>();

/** Text that plimsoll's source has: not for what comes from anywhere else. */
export function own<const Text extends string>(text: Text): Text & Crossing {
  return text as Text & Crossing;
}

/** The typed value, or `fact-unreadable`: `what` says whose word it is. */
export function crossing<Schema extends z.ZodType<unknown, string>>(
  schema: Schema,
  text: string,
  what: string,
): z.output<Schema> {
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues[0]?.message ?? 'is not as it must be';
  throw new AppError('fact-unreadable', `${what}, "${oneLine(text, 100)}", ${why}`, {
    hint: 'nothing was done with it on any other host; look at that one: it says what no healthy host says',
  });
}

/** The sets of rsync's options as plimsoll writes them, by the letters and words that they become at rsync's other end. */
const lettersOf: Readonly<Record<string, string>> = {
  '-aHAXSx': 'lHogDtpAXrSx',
  '--checksum': 'c',
  '-n': 'n',
  '--update': 'u',
};
const wordsOf: Readonly<Record<string, RegExp>> = {
  '-i': /^--(?:log|out)-format=%i$/,
  '--delete': /^--delete(?:-(?:before|during|delay|after))?$/,
  '--numeric-ids': /^--numeric-ids$/,
  '--modify-window=-1': /^(?:-@-1|--modify-window=-1)$/,
};
/** Leaves a mark in what the two ends can do, and no option of the server's. */
const silent = '--no-inc-recursive';

/**
 * What rsync runs at its other end for `options`, or undefined when `text` is anything else. Every letter
 * and every word must be one that these options become, each once and none missing, so that it is plimsoll
 * that says what the server does; behind the `e` stands only what the two versions can do (rsync, options.c,
 * `server_options`). It receives, in the directory that it is started in, and nothing else.
 */
export function serverCommand(text: string, options: string): ServerCommand | undefined {
  const [, letters, words = ''] =
    /^rsync --server -([A-Za-z]+)e(?:\d{0,3}\.\d{0,3})[iLsfxCIvu]{0,16}((?: [\x21-\x7e]+)*) \. \.\/$/.exec(text) ?? [];
  if (letters === undefined) return undefined;
  const asked = options.split(' ');
  const expected = asked.map((option) => lettersOf[option] ?? '').join('');
  const left = words.split(' ').filter((word) => word !== '');
  for (const option of asked) {
    if (option === silent || option in lettersOf) continue;
    const rate = /^--bwlimit=[0-9]+$/.test(option);
    const place = left.findIndex((word) => (rate ? word === option : (wordsOf[option]?.test(word) ?? false)));
    if (place !== -1) left.splice(place, 1);
    // A rate, or to the nanosecond or not, some versions settle without the other end.
    else if (!rate && option !== '--modify-window=-1') return undefined;
  }
  const same = [...letters].sort().join('') === [...expected].sort().join('');
  return same && left.length === 0 ? (text as ServerCommand) : undefined;
}
