import { shell } from '../../../shell/shell.ts';

/** Removes the old ones; never a volume, and nothing that runs or is not as it was left. */
export const finalizeMain = shell('operations/containers/replace/finalize-main.sh');
