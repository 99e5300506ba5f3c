import { shell } from '../../shell/shell.ts';

/** The other way round. What the new ones have written must be nothing, or be known to be worthless: `undo_guard` and the layers say so while they are stopped. */
export const undoMain = shell('operations/containers/undo-main.sh');
