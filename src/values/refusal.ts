import { unique } from './unique.ts';

/**
 * Why something is not done, and what would make it possible. Whoever judges returns one or nothing; whoever makes
 * something of what may not suit returns that or one.
 */
export interface Refusal {
  readonly refused: true;
  readonly reason: string;
  readonly remedy: string;
}

export function refuse(reason: string, remedy: string): Refusal {
  return { refused: true, reason, remedy };
}

export function isRefused<Result>(result: Result): result is Extract<Result, Refusal> {
  return typeof result === 'object' && result !== null && 'refused' in result;
}

/** Several as one, with what they have in common said once. */
export function refuseForAll(refusals: readonly Refusal[]): Refusal {
  return refuse(
    unique(refusals.map(({ reason }) => reason)).join('; '),
    unique(refusals.map(({ remedy }) => remedy)).join('; '),
  );
}
