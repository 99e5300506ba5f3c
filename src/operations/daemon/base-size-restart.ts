import type { ExecAction } from '../change.ts';
import { shell } from '../../shell/shell.ts';

/** Arguments: Docker's root, the wanted bytes, then each running container: its id and its start. */
const restartScript = shell('operations/daemon/restart.sh');

/**
 * Arguments: Docker's root, the bytes of the base device before, the file, and the copy of the old one or an
 * empty text. A base device that has grown stays so, and with the old size in the file the daemon would not
 * start: then the new file stays.
 */
const returnScript = shell('operations/daemon/base-size-restart-return.sh');

export interface BaseSizeRestart {
  readonly root: string;
  readonly path: string;
  readonly before: number;
  readonly wanted: number;
  /** The copy of the file as it was; empty when there was none, undefined when the file is not changed. */
  readonly backup: string | undefined;
  readonly running: readonly { readonly id: string; readonly startedAt: string }[];
}

/** Restarts the daemon, and holds it to what is wanted; on any failure it goes back to the old file. */
export function restartForBaseSize({ root, path, before, wanted, backup, running }: BaseSizeRestart): ExecAction {
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-c', restartScript, 'sh', root, String(wanted), ...running.flatMap(({ id, startedAt }) => [id, startedAt])],
    ...(backup === undefined ? {} : { onFailure: [['/bin/sh', '-c', returnScript, 'sh', root, String(before), path, backup]] }),
    timeoutMs: 600_000,
  };
}
