import type { Crossing } from '../../src/facts/crossing.ts';

/** A text in a test as if it had come through its grammar. */
export function crossed<Kind extends Crossing = Crossing>(text: string): Kind {
  return text as Kind;
}
