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
 *
 * `walk_to`, `beside` and what it needs, `write_beside`, `read_beside`: each is described in its file.
 */
export const writeBesideFunctions = shell('shell/write-beside.sh');
