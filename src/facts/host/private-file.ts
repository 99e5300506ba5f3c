import { shell } from '../../shell/shell.ts';

/** A piece for scripts: `private_file PATH` prints why the file is not the acting account's alone, or nothing. */
export const privateFile = `${shell('facts/host/private-file.sh')}\n`;
