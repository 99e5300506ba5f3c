import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { byHand } from '../../values/shell.ts';
import { shell } from '../../shell/shell.ts';

/** What stands at a path on the host; symbolic links are not followed. */
export type HostFile =
  | { readonly exists: false }
  | {
      readonly exists: true;
      readonly kind: 'file' | 'directory' | 'symlink' | 'other';
      readonly bytes: number;
      /** Octal, four digits. */
      readonly mode: string;
      /** `uid:gid` */
      readonly owner: string;
      /** `user:group`; UNKNOWN where there is no such name. */
      readonly ownerNames: string;
      /** Of regular files only; empty otherwise. */
      readonly sha256: string;
    };

/** Argument: the path. */
export const hostFile: Fact<HostFile> = {
  name: 'file',
  // For the digest of a large file.
  timeoutMs: 600_000,
  script: shell('facts/host/file.sh'),
  parse({ status, stdout, stderr }, [path = '']) {
    if (status !== 0 && /(No such file or directory|Not a directory)\s*$/.test(stderr)) return { exists: false };
    const [, type, bytes, mode, owner, ownerNames] =
      /^([0-9a-f]+) (\d+) ([0-7]{1,4}) (\d+:\d+) (.+)$/m.exec(stdout) ?? [];
    const [, sha256 = ''] = /^([0-9a-f]{64}) /m.exec(stdout) ?? [];
    const kind = kindOf(type);
    if (
      status !== 0 ||
      mode === undefined ||
      owner === undefined ||
      ownerNames === undefined ||
      (kind === 'file' && sha256 === '')
    ) {
      throw new AppError(
        'fact-unreadable',
        `${oneLine(path)} could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
        {
          hint: `run "${byHand('stat', oneLine(path))}" on the host: is the directory readable, and is sha256sum installed?`,
        },
      );
    }
    return { exists: true, kind, bytes: Number(bytes), mode: mode.padStart(4, '0'), owner, ownerNames, sha256 };
  },
};

/** From `st_mode` in hexadecimal: the upper four bits are the file's type. */
function kindOf(mode = ''): 'file' | 'directory' | 'symlink' | 'other' {
  switch (Number.parseInt(mode, 16) >> 12) {
    case 0o10:
      return 'file';
    case 0o4:
      return 'directory';
    case 0o12:
      return 'symlink';
    default:
      return 'other';
  }
}

/** A file on the laptop. `bytes` is 0 and `sha256` empty when it does not exist. */
export interface LaptopFile {
  readonly exists: boolean;
  readonly bytes: number;
  readonly sha256: string;
}

/** Argument: the path. Asked like any other fact, but answered by the runner itself: nothing travels to the host. */
export const laptopFile: Fact<LaptopFile> = {
  name: 'laptop-file',
  script: '',
  parse(_printed, [path = '']) {
    throw new AppError('internal', `${oneLine(path)} is a file on this machine and was asked of the host`);
  },
};
