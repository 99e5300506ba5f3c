import type { Change } from '../../operations/engine/change.ts';
import { foldNames } from '../fold-names.ts';
import { placeholdersOf, textOf } from './placeholders.ts';

/** Changes of one step that differ only in what they name as bindings, and whose things they are. */
export interface ChangeGroup {
  readonly change: Change;
  /** How many it stands for, and the names of what they are about; undefined of one that stands for itself. */
  readonly all: { readonly number: number; readonly names: string } | undefined;
}

/** So few are shown one by one. */
const fewChanges = 3;
const mostNames = 40;

/** In the order of the first of each group. */
export function foldChanges(changes: readonly Change[]): readonly ChangeGroup[] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const { subject: _, ...rest } = change;
    const key = textOf({ ...rest, bindings: Object.keys(change.bindings) }, placeholdersOf([change]));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [change]);
    else group.push(change);
  }
  return [...groups.values()].flatMap((group): readonly ChangeGroup[] => {
    const [first] = group;
    if (first === undefined || group.length <= fewChanges) return group.map((change) => ({ change, all: undefined }));
    return [
      {
        change: first,
        all: {
          number: group.length,
          names: foldNames(
            group.map(({ bindings, summary }) => Object.values(bindings)[0] ?? summary),
            mostNames,
          ),
        },
      },
    ];
  });
}
