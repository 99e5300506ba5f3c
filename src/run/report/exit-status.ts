import type { ErrorCode, HostStatus } from '../../errors.ts';
import { hostStatusOf } from '../../errors.ts';

/** The most severe first: it decides how the run ended. */
const bySeverity: readonly HostStatus[] = [
  'failed',
  'drifted',
  'locked',
  'refused',
  'unreachable',
  'interrupted',
  'not-started',
  'changed',
  'ok',
];

const exitByStatus: Readonly<Record<HostStatus, number>> = {
  ok: 0,
  changed: 0,
  failed: 1,
  unreachable: 3,
  refused: 4,
  drifted: 5,
  locked: 6,
  interrupted: 130,
  'not-started': 1,
};

/** The exit status of `plan --detailed-exitcode` when there is something to do. */
export const changesPending = 10;

export function worst(statuses: readonly HostStatus[]): HostStatus {
  return bySeverity.find((status) => statuses.includes(status)) ?? 'ok';
}

export function exitCodeOf(status: HostStatus): number {
  return exitByStatus[status];
}

/** For an error that ended the whole program. */
export function exitCodeOfError(code: ErrorCode): number {
  if (code === 'usage' || code === 'config') return 2;
  if (code === 'internal') return 7;
  return exitCodeOf(hostStatusOf(code));
}
