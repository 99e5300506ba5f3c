import { shell } from '../../shell/shell.ts';

/**
 * What the scripts of a replacement have in common. `all` are the numbers of the containers, `use N` makes
 * N the one that is meant: `old` its id, `name`, `newname`, `oldname`, `restart` its policy, `was` running
 * or not, and what is written down of an attempt: `step` and `new`. Nothing is done that was not written
 * down before, on the disk.
 */
export const replaceFunctions = shell('operations/containers/replace.sh');
