import { shell } from '../../shell/shell.ts';

/** The other way round. */
export const undoMain = shell('operations/containers/undo-main.sh');
