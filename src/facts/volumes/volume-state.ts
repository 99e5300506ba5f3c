import * as z from 'zod';
import { AppError } from '../../errors.ts';
import { parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { unescapeMount } from '../host/file-system.ts';
import type { ProjectQuota } from '../host/project-quota.ts';
import { parseProjectQuota, printedField } from '../host/project-quota.ts';
import { byHand } from '../../values/shell.ts';
import { shell } from '../../shell/shell.ts';

/** Docker's own record of a local volume's options, `opts.json`: what dockerd reads when it starts. */
export interface VolumeOptions {
  readonly path: string;
  /** To the letter. Empty when the volume has other options than a size: those may hold a password. */
  readonly text: string;
  /** Octal, four digits. */
  readonly mode: string;
  /** 0: none. */
  readonly quotaBytes: number;
  /** Has a type, a device or mount options. */
  readonly mounts: boolean;
  /** Written before the running daemon started, so that the daemon has read it as it is now. */
  readonly readByDaemon: boolean;
  /** Written when the volume was created, so that the daemon knows it from that; undefined where the file system does not say when. */
  readonly asCreated: boolean | undefined;
}

/** One volume's directory. */
export interface VolumeState {
  /** Undefined when the directory does not exist. */
  readonly quota: ProjectQuota | undefined;
  /** Inodes charged to its project; 0 without one. */
  readonly usedInodes: number;
  /** What `df` shows as the size of the directory: of the file system, where there is no quota. */
  readonly shownBytes: number;
  /** A file system of its own is mounted there, of this type. */
  readonly mounted: string | undefined;
  /** Undefined when the volume was created without options. */
  readonly options: VolumeOptions | undefined;
}

const optionsSchema = z.object({
  MountType: z.string().default(''),
  MountOpts: z.string().default(''),
  MountDevice: z.string().default(''),
  Quota: z.object({ Size: z.number().int().nonnegative().default(0) }).nullish(),
});

/** Argument: the volume's mountpoint, `…/volumes/NAME/_data`. */
export const volumeState: Fact<VolumeState> = {
  name: 'volume-state',
  script: shell('facts/volumes/volume-state.sh'),
  parse({ status, stdout, stderr }, [mountpoint = '']) {
    const split = stdout.indexOf('\ntext\n');
    const head = split < 0 ? stdout : stdout.slice(0, split + 1);
    if (status !== 0 || (split < 0 ? !head.endsWith('\nno options\n') : !stdout.endsWith('end')))
      throw unreadable(mountpoint, stderr === '' ? stdout : stderr);
    return {
      quota: parseProjectQuota(head, mountpoint),
      usedInodes: Number((printedField(head, 'inodes') ?? '0').split(/\s+/)[0]),
      shownBytes: Number(printedField(head, 'shown') ?? 0),
      mounted: head
        .split('\n')
        .filter((line) => line.startsWith('mounted '))
        .map((line) => unescapeMount(line.slice('mounted '.length)))
        .at(-1),
      options:
        split < 0 ? undefined : parseOptions(mountpoint, head, stdout.slice(split + '\ntext\n'.length, -'end'.length)),
    };
  },
};

function parseOptions(mountpoint: string, head: string, text: string): VolumeOptions {
  const path = `${mountpoint.slice(0, mountpoint.lastIndexOf('/'))}/opts.json`;
  const parsed = optionsSchema.safeParse(parseJson(text));
  const [, seconds, mode, fraction = ''] =
    /^(\d+) ([0-7]+) \S+ [\d:]+(\.\d+)?/.exec(printedField(head, 'written') ?? '') ?? [];
  const [, now, uptime, ticks, hertz] =
    /^(\d+(?:\.\d+)?)\S* ([\d.]+) (\d+|-) (\d+)$/.exec(printedField(head, 'daemon') ?? '') ?? [];
  if (!parsed.success || seconds === undefined || mode === undefined || now === undefined || uptime === undefined)
    throw unreadable(mountpoint, `${path} is not as Docker writes it`);
  const mounts = parsed.data.MountType !== '' || parsed.data.MountDevice !== '' || parsed.data.MountOpts !== '';
  const born = Number(printedField(head, 'born'));
  const started = ticks === '-' ? Number.NaN : Number(now) - Number(uptime) + Number(ticks) / Number(hertz);
  return {
    path,
    text: mounts ? '' : text,
    mode: mode.padStart(4, '0'),
    quotaBytes: parsed.data.Quota?.Size ?? 0,
    mounts,
    readByDaemon: Number(`${seconds}${fraction}`) < started,
    asCreated: born > 0 ? Math.abs(Number(seconds) - born) <= 2 : undefined,
  };
}

function unreadable(mountpoint: string, why: string): AppError {
  return new AppError(
    'fact-unreadable',
    `the volume's directory ${oneLine(mountpoint)} could not be read: ${oneLine(why)}`,
    {
      hint: `look at it on the host, as root: ${byHand('ls', '-la', oneLine(mountpoint.slice(0, mountpoint.lastIndexOf('/'))))}`,
    },
  );
}

/** The names that a family of volumes has ever had here. A name is never used again: Docker skips the quota then (moby#43891). */
export interface VolumeLedger {
  readonly file: string;
  /** 0: none. */
  readonly highest: number;
  /** Volumes whose copy has been completed, so that they take the place of others; also such as have been removed since. */
  readonly inForce: readonly { readonly name: string; readonly replaces: string }[];
  /** Names that were about to be made, and of which nothing else has been written down since. */
  readonly begun: readonly string[];
}

/** Argument: the family, a name as the local driver takes it. Each line of the file: `made`, `in-force` or `given-up`, the version, the volume's name, and the name of the one that it replaces. */
export const volumeLedger: Fact<VolumeLedger> = {
  name: 'volume-ledger',
  script: shell('facts/volumes/volume-ledger.sh'),
  parse({ status, stdout, stderr }, [family = '']) {
    const [file = '', ...lines] = stdout.split('\n');
    if (status !== 0 || lines.at(-2) !== 'end')
      throw new AppError(
        'fact-unreadable',
        `which versions of the volume ${oneLine(family)} there have been cannot be read: ${oneLine(stderr)}`,
        { hint: 'look at /var/lib/plimsoll/volumes on the host' },
      );
    const entries = lines.flatMap((line) => {
      const [, kind, version, name, replaces] = /^(made|in-force|given-up) (\d+) (\S+) (\S+)$/.exec(line) ?? [];
      return kind === undefined || name === undefined || replaces === undefined
        ? []
        : [{ kind, version: Number(version), name, replaces }];
    });
    const inForce = new Map<string, { readonly name: string; readonly replaces: string }>();
    for (const { kind, name, replaces } of entries) {
      if (kind === 'in-force') inForce.set(name, { name, replaces });
      if (kind === 'given-up') inForce.delete(name);
    }
    const last = new Map(entries.map(({ name, kind }) => [name, kind]));
    return {
      file,
      highest: Math.max(0, ...entries.map(({ version }) => version)),
      inForce: [...inForce.values()],
      begun: [...last].flatMap(([name, kind]) => (kind === 'made' ? [name] : [])),
    };
  },
};
