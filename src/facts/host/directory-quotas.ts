import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { unescapeMount } from './file-system.ts';
import { shell } from '../../shell/shell.ts';

/** The project quota on one directory, as `ProjectQuota` has it, read for many at once. */
export interface DirectoryQuota {
  readonly fileSystem: string;
  readonly mountPoint: string;
  /** The file system is mounted with prjquota, so that limits count. */
  readonly projectQuotas: boolean;
  /** 0: none. */
  readonly project: number;
  /** Bytes of hard limit; 0: none. */
  readonly limitBytes: number;
  /** Of the project; 0 without one. */
  readonly usedBytes: number;
  /** Of a volume: the size in Docker's record `opts.json`, which it puts in force at each first mount; undefined without one. */
  readonly recordedBytes: number | undefined;
  /** The record was changed after the running daemon had read it, so that the daemon still holds another one. */
  readonly recordUnread: boolean;
}

/** One line of the host's mount table; overlays and the like left out. */
interface MountLine {
  readonly mountPoint: string;
  readonly fileSystem: string;
  readonly options: readonly string[];
}

export interface DirectoryQuotas {
  readonly quotaTool: boolean;
  readonly mounts: readonly MountLine[];
  /** In the order of the arguments; null where nothing is mounted that the directory could lie on. */
  readonly directories: readonly (DirectoryQuota | null)[];
}

/** Arguments: Docker's root directory, that of its volumes, and then the directories: volumes and layers. */
export const directoryQuotas: Fact<DirectoryQuotas> = {
  name: 'directory-quotas',
  script: shell('facts/host/directory-quotas.sh'),
  parse({ status, stdout, stderr }, [, , ...directories]) {
    const lines = stdout.split('\n');
    if (status !== 0 || lines.at(-2) !== 'end')
      throw new AppError(
        'fact-unreadable',
        `the quotas could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
        { hint: "look at them by hand, as root: xfs_quota -x -c 'report -p -n -b'" },
      );
    const mounts = lines.flatMap(parseMount);
    const reports = parseReports(lines);
    const [projects, options, written] = ['project', 'options', 'written'].map((key) => indexed(lines, key));
    const described = (directory: string, index: number): DirectoryQuota | null => {
      const mount = mountOf(mounts, directory);
      if (mount === undefined) return null;
      const project = Number(projects?.get(index) ?? 0);
      const quota = reports.get(mount.mountPoint)?.get(project);
      const recorded = /"Quota":\{"Size":(\d+)\}/.exec(options?.get(index) ?? '')?.[1];
      const [changed = 0, born = 0] = (written?.get(index) ?? '').split(' ').map(Number);
      return {
        fileSystem: mount.fileSystem,
        mountPoint: mount.mountPoint,
        projectQuotas: mount.options.some((option) => option === 'prjquota' || option === 'pquota'),
        project,
        limitBytes: project === 0 ? 0 : (quota?.limit ?? 0),
        usedBytes: project === 0 ? 0 : (quota?.used ?? 0),
        recordedBytes: recorded === undefined ? undefined : Number(recorded),
        // Written when the volume was created: then the daemon knows it from that. Where the file system keeps no such time nothing is said.
        recordUnread: changed > 0 && born > 0 && Math.abs(changed - born) > 2,
      };
    };
    return { quotaTool: !lines.includes('tool missing'), mounts, directories: directories.map(described) };
  },
};

function parseMount(line: string): readonly MountLine[] {
  const [, mountPoint, options, fileSystem, more] =
    /^mount \d+ \d+ \S+ \S+ (\S+) (\S+) (?:\S+ )*?- (\S+) \S* ?(\S*)$/.exec(line) ?? [];
  if (mountPoint === undefined || options === undefined || fileSystem === undefined) return [];
  return [
    { mountPoint: unescapeMount(mountPoint), fileSystem, options: [...options.split(','), ...(more ?? '').split(',')] },
  ];
}

/** The one with the longest path; of several on one path the newest. */
function mountOf(mounts: readonly MountLine[], directory: string): MountLine | undefined {
  const holds = ({ mountPoint }: MountLine): boolean =>
    directory === mountPoint || directory.startsWith(mountPoint === '/' ? '/' : `${mountPoint}/`);
  return mounts
    .filter(holds)
    .reduce<MountLine | undefined>(
      (best, mount) => (best === undefined || mount.mountPoint.length >= best.mountPoint.length ? mount : best),
      undefined,
    );
}

/** By mount point and project. `#2  4108 65536 65536 00 [--------]`: KiB used, soft limit, hard limit. */
function parseReports(
  lines: readonly string[],
): ReadonlyMap<string, ReadonlyMap<number, { readonly used: number; readonly limit: number }>> {
  const reports = new Map<string, Map<number, { readonly used: number; readonly limit: number }>>();
  let report: Map<number, { readonly used: number; readonly limit: number }> | undefined;
  for (const line of lines) {
    if (line.startsWith('report ')) {
      report = new Map();
      reports.set(line.slice('report '.length), report);
    }
    const [, project, used, hard] = /^#(\d+) +(\d+) +\d+ +(\d+) /.exec(line) ?? [];
    if (project !== undefined) report?.set(Number(project), { used: Number(used) * 1024, limit: Number(hard) * 1024 });
  }
  return reports;
}

/** `KEY INDEX VALUE` lines. */
function indexed(lines: readonly string[], key: string): ReadonlyMap<number, string> {
  return new Map(
    lines.flatMap((line): readonly [number, string][] => {
      const [, index, value = ''] = new RegExp(`^${key} (\\d+) (.*)$`).exec(line) ?? [];
      return index === undefined ? [] : [[Number(index), value.trim()]];
    }),
  );
}
