import { everything } from './inspected.ts';
import { shell } from '../../../shell/shell.ts';

/** What compares the new one with the old one, where they are. */
export const comparisonFunctions = shell('operations/containers/replace/comparison.sh', { everything });
