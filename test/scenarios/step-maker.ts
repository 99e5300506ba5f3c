import type { Ground, Theme } from './ground.ts';
import type { Pick } from './pick.ts';
import type { Places } from './places.ts';

/** Another host, which a step may have to do with. */
export const peerName = 'there';

interface Given {
  /** Of the step, from 1. */
  readonly number: number;
  readonly pick: Pick;
  readonly ground: Ground;
  readonly places: Places;
}

/** What a step says of an operation; `needs`: a step that registers what it reads, before it. */
interface Made {
  readonly input: unknown;
  readonly needs?: readonly object[];
  /** Applied again it would do something again: its size is relative to now, or each time there is a new one. */
  readonly again?: boolean;
}

/** Makes steps of one operation. */
export interface StepMaker {
  /** What hosts are about on which most steps may be such steps; on others few are. */
  readonly themes: readonly Theme[];
  /** There is another host, `peerName`, that they have to do with. */
  readonly peer?: true;
  /** Random, and mostly such as make sense on the ground. */
  readonly make: (given: Given) => Made;
}

export const runningIn = ({ spec }: Ground): readonly string[] =>
  (spec.containers ?? []).filter(({ running }) => running === true).map(({ name }) => name);
export const gate = { gate: { seconds: 0.1 } };
export const aContainer = ({ pick, ground }: Given): string => pick.among(ground.containers, 'c9');
export const aVolume = ({ pick, ground }: Given): string => pick.among(ground.volumes, 'none');
