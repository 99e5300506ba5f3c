import type { ExecAction } from '../engine/change.ts';
import { shell } from '../../shell/shell.ts';

const restartScript = shell('operations/daemon/restart-with-base-size.sh');

/** A base device that has grown stays so: then the new file stays. */
const returnScript = shell('operations/daemon/go-back-to-base-size.sh');

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
    argv: [
      '/bin/sh',
      '-c',
      restartScript,
      'sh',
      root,
      String(wanted),
      ...running.flatMap(({ id, startedAt }) => [id, startedAt]),
    ],
    ...(backup === undefined
      ? {}
      : { onFailure: [['/bin/sh', '-c', returnScript, 'sh', root, String(before), path, backup]] }),
    timeoutMs: 600_000,
  };
}
