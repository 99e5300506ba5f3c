import { shell } from '../../../shell/shell.ts';

/** `of CONTAINER TEMPLATE`, which tells what is not there from what could not be read. */
export const inspectFunction = shell('operations/containers/replace/inspect.sh');
