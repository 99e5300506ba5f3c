import { choose, chosen, moments } from '../rotation/choice.ts';
import type { FaultCase } from './fault-case.ts';

const choice = choose('PLIMSOLL_FAULTS');

/** The cases whose turn it is, those of operations that the change touches, or all of them with PLIMSOLL_FAULTS=all. */
export function dueCases<Case extends Pick<FaultCase, 'operation'>>(cases: readonly Case[]): readonly Case[] {
  return chosen(cases, ({ operation }) => operation, choice);
}

/** So many of a case's points, others in each rotation. */
export function duePoints<Point>(points: readonly Point[], each: number): readonly Point[] {
  return moments(points, each, choice);
}
