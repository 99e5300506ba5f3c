import { readFile } from 'node:fs/promises';

/** Programs of this machine, not simulated ones, that actions call by their names. */
export const programsOfThisMachine = [
  'bash',
  'cat',
  'chmod',
  'chown',
  'cp',
  'dd',
  'env',
  'find',
  'gzip',
  'install',
  'ln',
  'mkdir',
  'mv',
  'rm',
  'rmdir',
  'rsync',
  'sed',
  'sha256sum',
  'sync',
  'tar',
  'timeout',
  'touch',
  'zstd',
];

/** A program that was called. `input`: what it got; `-` when that was no pipe. */
export interface Call {
  readonly argv: readonly string[];
  readonly input: string;
}

/** What a simulated tool was called with. `work`: by which work; `-` when by none. */
export interface ToolCall {
  readonly argv: readonly string[];
  readonly work: string;
}

/** `COUNT INPUT NAME ARGUMENT…`, each ended by NUL (called.sh); what is led below the host's root is taken back. */
export async function callsIn(file: string, untold: (text: string) => string): Promise<readonly Call[]> {
  return Promise.all(
    (await entriesOf(file)).map(async ([input = '-', ...argv]) => ({
      input: input === '-' ? '-' : untold(await readFile(input, 'utf8')),
      argv: argv.map(untold),
    })),
  );
}

/** `COUNT WORK NAME ARGUMENT…` (lab/sim/bin/calls.sh). */
export async function toolCallsIn(file: string, untold: (text: string) => string): Promise<readonly ToolCall[]> {
  return (await entriesOf(file)).map(([work = '-', ...argv]) => ({ work, argv: argv.map(untold) }));
}

async function entriesOf(file: string): Promise<readonly (readonly string[])[]> {
  const words = (await readFile(file, 'utf8').catch(() => '')).split('\0');
  const entries: (readonly string[])[] = [];
  for (let at = 0; at < words.length - 1;) {
    const more = Number(words[at]);
    if (!Number.isInteger(more)) throw new Error(`${file} is damaged at ${String(at)}: ${String(words[at])}`);
    entries.push(words.slice(at + 1, at + 3 + more));
    at += 3 + more;
  }
  return entries;
}

/** Verbs of simulated tools that only read: whatever is not here changes something. */
const reading: Readonly<Record<string, RegExp>> = {
  docker:
    /^(?:(?:container |image |volume )?(?:inspect|ls|list)\b|ps\b|info\b|version\b|images\b|diff\b|events\b|cp \S+ -$|compose\b.* (?:config|ps|ls|version|images)\b|compose (?:ls|version)\b|system (?:df|info)\b|--version$)/,
  // The superblock of a device that is not active is read through a mapping of its own, which cannot be written to.
  dmsetup:
    /^(?:(?:info|table|status|ls|deps|version|targets)\b|create plimsoll-read-\d+ --readonly |remove --retry plimsoll-read-\d+$)/,
  systemctl: /^(?:show|is-active|is-enabled|cat|status)\b/,
  xfs_quota: /^(?!.*\b(?:limit|project -s|timer)\b)/,
  xfs_io: /^(?!.*\b(?:freeze|thaw|chproj|pwrite|truncate)\b)/,
  xfs_growfs: /^-n\b/,
  blockdev: /^--get/,
  losetup: /^(?!.*(?:-c|-d|--set-capacity|--detach)\b)/,
  mount: /^$/,
  ...Object.fromEntries(
    ['lvs', 'vgs', 'pvs', 'lvmconfig', 'df', 'stat', 'lsblk', 'id', 'getent', 'pidof', 'blkid'].map((tool) => [
      tool,
      /^/,
    ]),
  ),
  // What it runs is written down by itself.
  unshare: /^/,
  age: /^--version/,
  'age-keygen': /^(?:-y|--version)/,
  sshd: /^-[TtV]/,
};

export function changes({ argv: [tool = '', ...args] }: ToolCall): boolean {
  return !(reading[tool]?.test(args.join(' ')) ?? false);
}
