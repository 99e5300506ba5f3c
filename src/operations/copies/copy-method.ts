import type { CopyTools } from '../../facts/copies/directory-copy.ts';
import type { Entered } from '../../facts/host/entered-directory.ts';
import { enteredArguments } from '../../facts/host/entered-directory.ts';
import type { ExecAction } from '../engine/change.ts';
import { longestCopyMs } from '../engine/time-limits.ts';
import { shell } from '../../shell/shell.ts';

export type CopyMethod = { readonly kind: 'rsync'; readonly nanoseconds: boolean } | { readonly kind: 'cp' | 'tar' };

/** The first of rsync, cp and tar that keeps everything and whose copy can be verified. */
export function chooseMethod({ rsync, cp, tar, manifest }: CopyTools): CopyMethod | undefined {
  if (rsync !== null) {
    const [major, minor, patch] = rsync;
    // Since 3.1.3; before, a window of -1 made every file differ.
    return { kind: 'rsync', nanoseconds: major * 10_000 + minor * 100 + patch >= 30_103 };
  }
  if (manifest && cp) return { kind: 'cp' };
  return manifest && tar ? { kind: 'tar' } : undefined;
}

/** The arguments of `compareScript` (facts/copies/directory-copy.ts). */
export function comparison(method: CopyMethod, depth: 'quick' | 'full', from: Entered, to: Entered): readonly string[] {
  return [
    method.kind === 'rsync' ? 'rsync' : 'manifest',
    depth,
    timesOption(method),
    ...enteredArguments(from),
    ...enteredArguments(to),
  ];
}

/** rsync's option for times to the nanosecond; empty for those that have none. */
export function timesOption(method: CopyMethod): string {
  return method.kind === 'rsync' && method.nanoseconds ? '--modify-window=-1' : '';
}

/** Everything that a file has, on one file system, sparse where it is. */
export const rsyncOptions: readonly string[] = ['-aHAXSx', '--numeric-ids', '--no-inc-recursive'];

/** Empties a directory, and leaves the directory itself and what is mounted below it. */
export function emptyDirectory(directory: Entered): ExecAction {
  return changeDirectory(directory, 'find . -xdev -mindepth 1 -delete');
}

/** Does something to a directory itself, from inside it. */
export function changeDirectory(directory: Entered, text: string): ExecAction {
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-s', '--', ...enteredArguments(directory), text],
    stdin: changeScript,
    timeoutMs: longestCopyMs,
  };
}

const changeScript = shell('operations/copies/change-directory.sh');
