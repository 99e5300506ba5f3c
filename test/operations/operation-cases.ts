import type { FaultRow } from '../faults/fault-case.ts';
import type { StepMaker } from '../scenarios/step-maker.ts';
import type { Answers } from './known.ts';

/** An input, with a world in which it has something to do or to read. */
interface Sample {
  /** Told after the operation's name, where there are several. */
  readonly of?: string;
  readonly want: unknown;
  readonly world: Answers;
}

/** What the suites that try every operation know of one: `cases` of NAME.cases.ts, which lies where its tests do. */
export interface OperationCases {
  /** The laws (laws.test.ts) are held to these. */
  readonly law: readonly [Sample, ...Sample[]];
  /** What is mistreated (test/faults): at least one, unless the operation only reads. */
  readonly faults: readonly FaultRow[];
  /** Makes steps of it, at random (test/scenarios). */
  readonly steps: StepMaker;
}
