import { shell } from '../../../shell/shell.ts';

/** From the start, or from where an attempt was cut. */
export const replaceMain = shell('operations/containers/replace/replace-main.sh');
