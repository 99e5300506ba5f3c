import { isOursFunction, overrideSeal } from '../../../facts/containers/compose-project.ts';
import { specScript } from '../../../facts/containers/container-spec-script.ts';
import { functionOf } from '../../../shell/render.ts';
import { shell } from '../../../shell/shell.ts';

/** What the scripts have in common that have Compose make a container anew. */
export const composeCommon: readonly string[] = [
  isOursFunction,
  functionOf('spec_of', specScript),
  shell('operations/containers/compose/compose-common.sh'),
];

/** From the start, or from where it was cut. */
export const composeMain = shell('operations/containers/compose/compose-main.sh', { override_seal: overrideSeal });

/** Compose makes it as it was. */
export const composeUndoMain = shell('operations/containers/compose/compose-undo-main.sh');

/** What is kept of the old one is removed. */
export const composeFinalizeMain = shell('operations/containers/compose/compose-finalize-main.sh');
