import type { Plan } from '../plan/plan.ts';
import type { RunResult } from '../run/report/recap.ts';
import type { StampedEvent } from '../run/report/event.ts';

/** A way to show a run. Everything it prints from a host has been through `neutralise`. */
export interface Renderer {
  event(event: StampedEvent): void;
  /** The preview is complete. */
  plan(plan: Plan): void;
  /** Draws nothing over a question that is being asked, until what it returns is called; nothing is lost meanwhile. */
  hold(): () => void;
  /** The run is over. */
  recap(result: RunResult): void;
  /** Stops timers and restores the terminal; called once, whatever happened. */
  close(): void;
}

/** Where a renderer writes, so that tests can give it a terminal of any size. */
export interface Screen {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}
