import { shell } from '../../shell/shell.ts';

/**
 * For `inside`. Prints `PART DIGEST` of everything that files in `$1` have, the sockets left out, a line for each part that
 * the host has the tools for. `$scratch` is a directory for it. Fails when anything cannot be read.
 */
export const contentListText = shell('operations/backups/content-list.sh');
