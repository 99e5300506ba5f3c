import { shell } from '../../../shell/shell.ts';

/** The other way round. */
export const undoMain = shell('operations/containers/replace/undo-main.sh');
