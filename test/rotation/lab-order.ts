import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { choose } from './choice.ts';
import { dueLabFiles, pathOf } from './lab-files.ts';
import { root } from './turn.ts';

/** What the change touches first, then the longest, so that no long one is begun last. */
export class LabOrder extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = dueLabFiles(choose('PLIMSOLL_LAB')).files.map(pathOf);
    const placeOf = ({ moduleId }: TestSpecification): number => order.indexOf(relative(root, moduleId));
    return Promise.resolve(files.toSorted((a, b) => placeOf(a) - placeOf(b)));
  }
}
