import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { ContainerUse } from '../containers/container-uses.ts';
import { containerUses } from '../containers/container-uses.ts';
import { noBinary, noDaemon } from '../daemon/docker-list.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** What a directory holds that not every way of copying can carry over. */
export interface CopySource {
  readonly sockets: number;
  /** Immutable or append-only (chattr +i, +a): no tool copies that. */
  readonly fixed: number;
  /** At most three of these, below the directory. */
  readonly firstFixed: readonly string[];
}

/** Argument: the directory. Of one that does not exist, nothing. Where there is no lsattr, nothing is known to be fixed. */
export const copySource: Fact<CopySource> = {
  name: 'copy-source',
  timeoutMs: 1_800_000,
  script: shell('facts/copies/copy-source.sh'),
  parse({ status, stdout, stderr }, [path = '']) {
    const [, sockets, fixed, first = ''] = /^sockets (\d+)\nfixed (\d+)\n((?:.*\n)*)$/.exec(stdout) ?? [];
    if (status !== 0 || sockets === undefined || fixed === undefined)
      throw new AppError(
        'fact-unreadable',
        `what ${oneLine(path)} holds could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
      );
    return {
      sockets: Number(sockets),
      fixed: Number(fixed),
      firstFixed: first
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replace(/^\.\//, '')),
    };
  },
};

/** What containers use, on a host that need not have Docker: none there, and undefined where the daemon does not answer. */
export const containerUsesIfAny: Fact<readonly ContainerUse[] | null> = {
  ...containerUses,
  name: 'possible-container-uses',
  parse(printed, args) {
    if (printed.status === noBinary) return [];
    return printed.status === noDaemon ? null : containerUses.parse(printed, args);
  },
};
