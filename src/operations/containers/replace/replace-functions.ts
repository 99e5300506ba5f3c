import { shell } from '../../../shell/shell.ts';

/** What the scripts of a replacement have in common. */
export const replaceFunctions = shell('operations/containers/replace/replace.sh');
