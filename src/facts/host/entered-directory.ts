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

/** The two arguments that `enter` takes (enter.sh). */
export function enteredArguments({ path, identity }: Entered): readonly [string, string] {
  return [path, identity];
}
