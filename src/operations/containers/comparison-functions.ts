import { everything } from './inspected.ts';
import { shell } from '../../shell/shell.ts';

/**
 * `body` composes what is sent; `different` names the keys that differ, `created` or `started` being what
 * is expected by now. Values are compared where they are and never printed.
 */
export const comparisonFunctions = shell('operations/containers/comparison.sh', { everything });
