import { shell } from '../shell/shell.ts';

/** A directory, and which one its path has to lead to when it is worked in. */
export interface Entered {
  readonly path: string;
  /**
   * `device:inode`; with `:born` after it of what has to be found again after a restart, when a device may have another
   * number. Empty of one that did not exist when this was planned: an earlier change of the same plan makes it, in a
   * directory of Docker's or plimsoll's own, where nobody but root can put something else in its place.
   */
  readonly identity: string;
}

/** A directory that does not exist yet. */
export function toBeMade(path: string): Entered {
  return { path, identity: '' };
}

/** The same directory also when the host has been restarted since. */
export function afterRestarts({ path, identity, born }: Entered & { readonly born: number }): Entered {
  return { path, identity: `${identity}:${String(born)}` };
}

/** The two arguments that `enter` takes. */
export function enteredArguments({ path, identity }: Entered): readonly [string, string] {
  return [path, identity];
}

/**
 * `enter PATH IDENTITY` goes into a directory, and fails when it is not the one that was planned for. From there on a script
 * says `.`: what a container puts at the path is of no meaning any more. A path that is used a second time leads to
 * wherever somebody who may write to a directory above it has let it lead meanwhile.
 */
export const enterFunction = `${shell('facts/enter.sh')}\n`;

/**
 * `inside WAY TEXT ARGUMENT…` runs a shell's text where nothing can be reached but the host's programs, the directory `$from`
 * (read only), the directory `$to` (WAY: `rw` or `ro`) and `$scratch`, each left out where it is empty. They are the
 * ones that `$from_is` and `$to_is` identify (as for `enter`) and have their own paths there, so that messages name those.
 *
 * rsync, cp and tar open `a/b/c` by its name: a container that puts a symbolic link in the place of `a/b` between their
 * look at it and that would have root copy any file of the host to where the container can read it, or write to
 * any. Here a link out of the two directories leads nowhere.
 *
 * Without CAP_SYS_ADMIN there are no such namespaces; but whoever lacks that cannot run containers either, and cannot be
 * led to more than it may. Then both directories are held open meanwhile, and no path of theirs is used again.
 */
export const insideFunctions = `${shell('facts/inside.sh')}\n`;
