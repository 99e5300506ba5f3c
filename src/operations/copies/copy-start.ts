import type { BegunCopy, CopyMarker } from '../../facts/copies/begun-copy.ts';
import type { CopyDirectory, DirectoryDifference } from '../../facts/copies/directory-copy.ts';
import type { Entered } from '../../facts/host/entered-directory.ts';
import { afterRestarts } from '../../facts/host/entered-directory.ts';
import type { JsonObject } from '../../values/json.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { commandLine } from '../../values/shell.ts';
import { oneLine } from '../../values/terminal.ts';
import type { ExecAction } from '../engine/change.ts';
import type { CopyMethod } from './copy-method.ts';
import { changeDirectory } from './copy-method.ts';

export type Directory = Extract<CopyDirectory, { readonly kind: 'directory' }>;

/** Where a copy starts from: the beginning, or what one that was cut has left. */
export interface CopyStart {
  /** Undefined of a copy that is begun now. */
  readonly begun: BegunCopy | undefined;
  /** How the destination was when the copy began. */
  readonly marker: CopyMarker;
  /** The destination held nothing, so that emptying it takes the copy back. */
  readonly reversible: boolean;
}

/** The unverified copy, of whatever, whose destination this very directory is. */
export function unfinishedInto(target: Directory, copies: readonly BegunCopy[]): BegunCopy | undefined {
  return copies.find(({ to, inode, born }) => to === target.path && inode === inodeOf(target) && born === target.born);
}

/** Those that were begun into other directories at the same path: it has been made again, or what was mounted there is not. */
export function intoOthersAt(target: Directory, copies: readonly BegunCopy[]): readonly BegunCopy[] {
  const own = unfinishedInto(target, copies);
  return copies.filter((copy) => copy.to === target.path && copy !== own);
}

/** The copy that would be gone on with. What replaces something else is gone on with only if that is still wanted. */
export function copyToGoOnWith(
  source: Directory,
  target: Directory,
  copies: readonly BegunCopy[],
  replaces: boolean,
): BegunCopy | undefined {
  const unfinished = unfinishedInto(target, copies);
  return unfinished?.from === source.path && (unfinished.found !== 'else' || replaces) ? unfinished : undefined;
}

/** Goes on with `begun`. `strangers` is what it cannot have left at the destination. */
export function goOn(
  begun: BegunCopy,
  method: CopyMethod,
  target: Directory,
  replaces: boolean,
  strangers: readonly string[],
): CopyStart | Refusal {
  const foreign = begun.found === 'else' || strangers.length > 0;
  if (foreign && !replaces) {
    return refuse(
      `a copy to ${target.path} was begun and cut, and what is there now is not all of it: ${strangers
        .slice(0, 3)
        .map((path) => oneLine(path, 80))
        .join(' | ')} is not in the source, or is newer than there`,
      'stop what writes to the destination, look at it, and remove what is not to be kept; or say delete: true, and it is replaced and removed',
    );
  }
  if (method.kind !== 'rsync' && (foreign || begun.found !== 'nothing'))
    return refuse(
      `a copy to ${target.path} was begun and cut, and only rsync can go on with it`,
      'install rsync on the host, or empty the destination',
    );
  return {
    begun,
    marker: begun,
    reversible: begun.found === 'nothing' && !foreign,
  };
}

/** Begins. Whatever is at the destination is either part of the same copy already, or said to be replaceable. */
export function begin(
  source: Directory,
  method: CopyMethod,
  target: Directory,
  replaces: boolean,
  differs: DirectoryDifference | undefined,
  unfinished: BegunCopy | undefined,
): CopyStart | Refusal {
  const part = method.kind === 'rsync' && differs?.destructive === 0;
  const found = target.entries === 0 ? 'nothing' : part ? 'part' : 'else';
  if (found === 'else') {
    if (!replaces) {
      const left =
        unfinished === undefined ? '' : ` (a copy of ${unfinished.from} was begun there and never completed)`;
      return refuse(
        `${target.path} holds something else${left}: ${String(differs?.total ?? target.entries)} differences, first ${(differs?.first ?? []).slice(0, 3).join(' | ')}`,
        'choose an empty destination; or say delete: true, and what is there is replaced and removed',
      );
    }
    if (method.kind !== 'rsync')
      return refuse(
        `${target.path} is not empty, and without rsync nothing can be removed from it safely`,
        'install rsync on the host, or empty the destination',
      );
  }
  const marker: CopyMarker = {
    from: source.path,
    to: target.path,
    inode: inodeOf(target),
    born: target.born,
    found,
    owner: target.owner,
    mode: target.mode,
  };
  return {
    begun: undefined,
    marker,
    reversible: found === 'nothing',
  };
}

function inodeOf({ identity }: Directory): string {
  return identity.slice(identity.indexOf(':') + 1);
}

/** The blocks of an empty directory are not counted: it keeps them once it has held much. */
export function contentOf({ entries, allocatedBytes, owner, mode }: Directory): JsonObject {
  return { entries, bytes: entries === 0 ? 0 : allocatedBytes, owner, mode };
}

/** Five digits, because with fewer chmod leaves a directory its set-group-ID bit. */
export function restoreDirectory(
  directory: Entered,
  { owner, mode }: Pick<Directory, 'owner' | 'mode'>,
): readonly ExecAction[] {
  return [
    ['chown', owner, '.'],
    ['chmod', `0${mode}`, '.'],
  ].map((argv) => changeDirectory(directory, commandLine(argv)));
}

/** Which directories these are: not the same on any two hosts, although the plan is. */
export function sidesBound(sides: Readonly<Record<string, Directory>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(sides).flatMap(([name, directory]) => [
      [`${name} directory`, directory.identity],
      [`${name} directory and its birth`, afterRestarts(directory).identity],
    ]),
  );
}
