import type { OperationCases } from '../operation-cases.ts';
import { growing } from './growing-cases.ts';

export const cases: OperationCases = growing('resize2fs', 'ext4', 409_600);
