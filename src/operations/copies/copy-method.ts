import type { CopyTools } from '../../facts/copies/directory-copy.ts';
import type { Entered } from '../../facts/host/entered-directory.ts';
import { enteredArguments } from '../../facts/host/entered-directory.ts';
import { commandLine } from '../../values/shell.ts';
import { parseBytes } from '../../values/size.ts';
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
/** For `inside`. */
export const cpText = shell('operations/copies/cp.sh');

/** For `inside`. */
export const tarText = shell('operations/copies/tar.sh');

const verification = shell('operations/copies/verify-copy.sh');

/** What is removed from the destination: what rsync has left of files half copied, or whatever the source does not have. */
export type Removal = 'nothing' | 'leftovers' | 'everything else';

export interface CopyOptions {
  readonly bwlimit: string | undefined;
  readonly removes: Removal;
  /** Files that look equal are compared by checksum. */
  readonly checksum: boolean;
  readonly progress: boolean;
  /** Run when the copy turns out to differ. */
  readonly onDifference: readonly string[];
}

/** Copies and verifies. The copy counts only when a comparison by checksum finds no difference. */
export function copyActions(
  method: CopyMethod,
  from: Entered,
  to: Entered,
  options: CopyOptions,
): readonly ExecAction[] {
  // cp does not take from directories the set-group-ID bit that they inherit here. The copy gives this one its mode, too.
  const prepare: readonly ExecAction[] = method.kind === 'cp' ? [changeDirectory(to, 'chmod 00700 .')] : [];
  const sides = [...enteredArguments(from), ...enteredArguments(to)];
  return [
    ...prepare,
    {
      kind: 'exec',
      argv: ['/bin/sh', '-s', '--', ...sides, copyText(method, options)],
      stdin: copyScript,
      timeoutMs: longestCopyMs,
    },
    { kind: 'exec', argv: ['sync', '-f', to.path], timeoutMs: longestCopyMs },
    {
      kind: 'exec',
      argv: ['/bin/sh', '-s', '--', ...comparison(method, 'full', from, to)],
      stdin: verification,
      timeoutMs: longestCopyMs,
      onFailure: [options.onDifference],
    },
  ];
}

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

const copyScript = shell('operations/copies/copy-inside.sh');

/** For `inside`. */
function copyText(method: CopyMethod, { bwlimit, removes, checksum, progress }: CopyOptions): string {
  switch (method.kind) {
    case 'rsync':
      return `exec ${commandLine([
        'rsync',
        ...rsyncOptions,
        ...removalOptions(removes),
        ...(checksum ? ['--checksum'] : []),
        ...(method.nanoseconds ? [timesOption(method)] : []),
        ...(method.nanoseconds && progress ? ['--info=progress2'] : []),
        ...(bwlimit === undefined ? [] : [`--bwlimit=${String(Math.floor(parseBytes(bwlimit) / 1024))}`]),
      ])} "$from/" "$to/"`;
    case 'cp':
      return cpText;
    case 'tar':
      return tarText;
  }
}

/** Whatever appears at the destination during the copy is not deleted: the verification then finds it. */
function removalOptions(removes: Removal): readonly string[] {
  switch (removes) {
    case 'nothing':
      return [];
    case 'leftovers':
      return ['--delete', '--filter=R .*.??????', '--filter=P *'];
    case 'everything else':
      return ['--delete'];
  }
}
