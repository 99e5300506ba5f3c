import type { OperationCases } from '../operation-cases.ts';
import { growing } from './growing-cases.ts';

export const cases: OperationCases = growing('xfs_growfs', 'xfs', 1_048_576);
