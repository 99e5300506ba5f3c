import { shell } from '../../shell/shell.ts';

/**
 * `of CONTAINER TEMPLATE` prints what docker inspect does. It ends with 1 where there is no such container, and with 2 where it
 * could not be read; then docker has said why, on standard error.
 */
export const inspectFunction = shell('operations/containers/inspect.sh');
