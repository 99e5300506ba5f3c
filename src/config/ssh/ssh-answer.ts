import * as z from 'zod';
import { oneLine } from '../../values/terminal.ts';

const word = z.string().regex(/^[^\s-]\S*$/);
const port = z.coerce.number().int().min(1).max(65_535);
const path = z.string().min(1).max(4096);
const count = z.coerce.number().int().min(0).max(1_000_000);
const yes = z.enum(['yes', 'no', 'true', 'false']).transform((value) => value === 'yes' || value === 'true');
const none = (value: string | undefined): string | undefined => (value?.toLowerCase() === 'none' ? undefined : value);
const optionalWord = z.string().max(4096).optional().transform(none);

/** What `ssh -G` says about the way to a host. What an older release does not know of is as if it were not set. */
const schema = z.object({
  user: word,
  hostname: word,
  port,
  identityfile: z.array(path).max(100).default([]),
  certificatefile: z
    .array(path)
    .max(100)
    .default([])
    .transform((files) => files.filter((file) => none(file) !== undefined)),
  identitiesonly: yes.default(false),
  /** `none` means something. */
  identityagent: path.optional(),
  userknownhostsfile: path.optional(),
  globalknownhostsfile: path.optional(),
  hostkeyalias: optionalWord,
  proxyjump: optionalWord,
  proxycommand: optionalWord,
  connecttimeout: z.union([z.literal('none').transform(() => undefined), count]).optional(),
  serveraliveinterval: count.default(0),
  serveralivecountmax: count.default(3),
  hashknownhosts: yes.default(false),
  knownhostscommand: optionalWord,
  revokedhostkeys: optionalWord,
  bindaddress: optionalWord,
  bindinterface: optionalWord,
  canonicalizehostname: z.string().default('no'),
  canonicalizepermittedcnames: z.string().default('none'),
});

export type SshWay = z.output<typeof schema>;

const many = new Set(['identityfile', 'certificatefile']);

/** The lines of `ssh -G` by keyword, as they are. */
export type SshValues = ReadonlyMap<string, readonly string[]>;

export function valuesOf(stdout: string): SshValues {
  const values = new Map<string, string[]>();
  for (const raw of stdout.split('\n')) {
    const text = raw.replace(/\r$/, '');
    const end = text.indexOf(' ');
    if (end <= 0) continue;
    const key = text.slice(0, end).toLowerCase();
    const list = values.get(key);
    if (list === undefined) values.set(key, [text.slice(end + 1)]);
    else list.push(text.slice(end + 1));
  }
  return values;
}

/** Throws an Error that says which value cannot be what ssh says. */
export function wayOf(values: SshValues): SshWay {
  const known = Object.keys(schema.shape).flatMap((key) => {
    const list = values.get(key);
    return list === undefined ? [] : [[key, many.has(key) ? list : list[0]] as const];
  });
  const parsed = schema.safeParse(Object.fromEntries(known));
  if (parsed.success) return parsed.data;
  const key = String(parsed.error.issues[0]?.path[0] ?? '');
  throw new Error(`its ${key} is ${oneLine(JSON.stringify(values.get(key) ?? 'missing'), 200)}`);
}
