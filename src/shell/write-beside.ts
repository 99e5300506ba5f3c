import { shell } from './shell.ts';

/**
 * How root writes a file on a host: the one place where a script makes a temporary file, and puts one in its
 * place. The directory may belong to somebody else, who may plant and swap names in it at any moment.
 *
 * A path is entered one directory at a time, each by `cd` and then looked at from inside: what stands there
 * cannot be exchanged any more. A symbolic link is followed where only root, or we, could have put it; one that
 * another user has put leads to that user's own directories or nowhere. From there on every name is relative.
 *
 * What is written lies in a new directory beside its place that only we may enter, until it is whole, with its
 * owner and mode, and on the disk; `rename` then replaces whatever has the name, and follows nothing.
 */

/**
 * `walk_to PATH [own [make]]` makes it the working directory, or says why not; so whoever calls it does so in a
 * subshell; 2 when there is no such directory. With `own` nobody but root and us may have a say in it, nor in what leads to it: then its path can be
 * used as well. With `make` what is missing is made.
 */
export const walkFunction = shell('shell/walk.sh');

/**
 * `clear_beside` removes what a failure of power has left of an earlier one. `beside` enters a new directory of our own in the
 * working directory; what is written to `./.part` there is put in place by `put_in_place NAME MODE [OWNER]`, and `leave_beside`
 * clears away what is left of it.
 *
 * All of it; and `write_beside PATH MODE [OWNER [SHA256]]`, which puts its standard input in place, if it is what it
 * should be. `read_beside PATH` prints a file, and follows links as `walk_to` does, and none in the last place.
 */
export const writeBesideFunctions = shell('shell/write-beside.sh');
