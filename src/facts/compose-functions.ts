import { shell } from '../shell/shell.ts';

/** Shell functions for Docker Compose on a host, for containers that it has made: `find_compose`, `compose`, `would`. */
export const composeFunctions = shell('facts/compose.sh');
