import { shell } from '../shell/shell.ts';

/**
 * A piece for scripts: `private_file PATH` prints why the file is not the acting account's alone, and nothing when it
 * is. A file of credentials says more than who one is (curl's may say where to write), so whoever could change it, or
 * put another one in its place, could do so as root. A link is followed when nobody else can turn it.
 */
export const privateFile = `${shell('facts/private-file.sh')}\n`;
