import type { SelectedPlay } from '../../config/load.ts';
import type { Operation } from '../../operations/engine/operation.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Target, Transport } from '../../transport/transport.ts';
import type { JsonObject } from '../../values/json.ts';
import type { Basis } from '../journal/basis.ts';
import type { RunEvent } from '../report/event.ts';
import type { HostRun } from './host-run.ts';
import type { Journal } from '../journal/journal.ts';
import type { Laptop } from '../reach/laptop.ts';
import type { Link } from '../reach/link.ts';
import type { LockWish } from '../reach/lock-wait.ts';
import type { ProgramGate, ReadProgram } from './read-programs.ts';
import type { RunMode } from '../report/recap.ts';
import type { RunRecords } from '../journal/run-records.ts';

/** Everything a run is given. */
export interface RunRequest {
  readonly runId: string;
  readonly mode: RunMode;
  /** Which part of the run: 0 for what is applied first, then one more for each time it is continued. */
  readonly part: number;
  /** The playbook's file, for people. */
  readonly playbook: string;
  /**
   * Its plays with the hosts that are selected, in the inventory's order. Plays of one number are one
   * stage: they run side by side (in a rollback every host has steps of its own).
   */
  readonly plays: readonly SelectedPlay[];
  readonly extraVars: JsonObject;
  readonly operations: ReadonlyMap<string, Operation>;
  readonly transport: Transport;
  /** How another host of the inventory is reached, for what a step has to do with two; undefined of one that is not there. */
  readonly targetOf?: (name: string) => Promise<Target | undefined>;
  readonly laptop: Laptop;
  /** What the run starts from: a saved plan, an earlier part of itself, or nothing. */
  readonly basis: Basis;
  /** How it calls itself where it has a host's lock, and how long it waits for one. */
  readonly lock: LockWish;
  /** How long a lost connection is tried to be made again while there is work on the host. */
  readonly reconnectMs: number;
  /** Hosts that are worked on at once. */
  readonly forks: number;
  /** Stops at the next safe point. */
  readonly signal: AbortSignal;
  /** Leaves what goes on on the hosts to itself. */
  readonly detach: AbortSignal;
  readonly emit: (event: RunEvent) => void;
  /** Opened when it is asked for first, with the complete plan: only when something is going to be recorded. */
  readonly openJournal: (plan: Plan) => Promise<Journal>;
  /** Where the versions that changes make are recorded. */
  readonly records: RunRecords;
  /** The programs of the playbook that may be run to make the plan: these have been shown, and somebody has consented to them. */
  readonly mayRead: readonly ReadProgram[];
  /** Shown the complete plan; false: nothing is to be changed. */
  readonly review: (plan: Plan) => Promise<boolean>;
  /** What `plan` ends with when there is something to do. */
  readonly exitCodeForPending: number;
  /** Done on a host once all of its steps have been. */
  readonly afterwards?: (link: Link) => Promise<void>;
}

/** A run while it runs. */
export interface RunContext extends RunRequest {
  readonly programs: ProgramGate;
  /** The journal, opened when it is asked for first. */
  readonly journal: () => Promise<Journal>;
}

export interface RunState {
  readonly context: RunContext;
  readonly runs: readonly HostRun[];
  approved: boolean;
  journal: Promise<Journal> | undefined;
}
