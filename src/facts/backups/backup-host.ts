import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** A host as one on which backups are made and restored. */
export interface BackupHost {
  /** UTC, for the names of backups: `20261128T140533Z`. */
  readonly now: string;
  readonly node: string;
  /** Tells it from other hosts of the same name. */
  readonly label: string;
  /** The better of those that are there. */
  readonly compression: 'zstd' | 'gzip' | undefined;
  /** Both, whatever is made now. */
  readonly decompresses: readonly ('zstd' | 'gzip')[];
  /** Whether it can encrypt and decrypt. */
  readonly age: boolean;
  readonly state: string;
  /** The backups that were made here, and not taken back; `place`: for where, absent where an older plimsoll has noted it. */
  readonly made: readonly { readonly name: string; readonly place?: string }[];
  /** Volumes that were restored here: from which backup, and whether to the end. */
  readonly restored: readonly { readonly volume: string; readonly backup: string; readonly done: boolean }[];
}

export const backupHost: Fact<BackupHost> = {
  name: 'backup-host',
  script: shell('facts/backups/backup-host.sh'),
  parse({ status, stdout, stderr }) {
    const lines = stdout.split('\n');
    const all = (name: string): readonly string[] =>
      lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
    const [now] = all('now');
    const [node] = all('node');
    const [label] = all('label');
    const [state] = all('state');
    if (
      status !== 0 ||
      lines.at(-2) !== 'end' ||
      now === undefined ||
      !/^\d{8}T\d{6}Z$/.test(now) ||
      node === undefined ||
      label === undefined ||
      state === undefined
    ) {
      throw new AppError(
        'fact-unreadable',
        `what the host has for backups could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
      );
    }
    const packs = (['zstd', 'gzip'] as const).filter((tool) => all('packs').includes(tool));
    const restored = all('restored').map((line) => {
      const [, volume, kind, backup] = /^(\S+) (begun|done) (\S+)$/.exec(line) ?? [];
      if (volume === undefined || backup === undefined)
        throw new AppError('fact-unreadable', `what was restored is not as plimsoll has written it: ${oneLine(line)}`, {
          hint: `look at ${state}/restored on the host`,
        });
      return { volume, backup, done: kind === 'done' };
    });
    return {
      now,
      node,
      label,
      compression: packs[0],
      decompresses: packs,
      age: all('packs').includes('age'),
      state,
      made: all('made').map(madeIn),
      restored,
    };
  },
};

function madeIn(line: string): BackupHost['made'][number] {
  const [name = '', ...place] = line.split(' ');
  return { name, ...(place.length === 0 ? {} : { place: place.join(' ') }) };
}
