import { operationCases } from '../operations/cases.ts';
import type { FaultCase } from './fault-case.ts';

/** The rows of all operations. */
export const cases: readonly FaultCase[] = [...operationCases].flatMap(([operation, { faults }]) =>
  faults.map((row) => ({ operation, ...row })),
);
