import type { FleetHost } from '../../lab/sim/fleet.ts';
import type { HostSpec } from '../../lab/sim/spec.ts';

/** Where a case's own files are. */
export interface Places {
  /** A directory of the host; whatever a step does there is compared. */
  readonly files: string;
  /** Beside the playbook, on the laptop. */
  readonly laptop: string;
}

/** Everything that the faults need to know of a use of an operation: a row of `faults` in NAME.cases.ts. */
export interface FaultRow {
  /** What it is done to. */
  readonly on: string;
  readonly host: HostSpec;
  /** Another host, that the step has to do with too. Only the first one is mistreated. */
  readonly peer?: HostSpec;
  /** Puts files there, before anything is planned. */
  readonly files?: (places: Places) => Promise<void>;
  /** A shell script, run on the host before anything is planned. */
  readonly arrange?: string | ((places: Places) => string);
  /** The steps of the playbook, as YAML's JSON. */
  readonly steps: (places: Places) => readonly object[];
  /** Every change can be taken back, so that a rollback leaves the facts of the start. */
  readonly reversible: boolean;
  /** After a power failure of the host in the middle of it, too, resume leads to the end (what repeats does not: nobody knows whether it was done). */
  readonly powerSafe?: boolean;
  /** False: what it does is known not to outlive a restart (the low-level operations); true when absent. */
  readonly restartSafe?: boolean;
  /** What must hold at every moment at which nothing runs on the host, beyond what holds for every case; what does not, in words. */
  readonly invariants?: (host: FleetHost, places: Places) => Promise<readonly string[]>;
  /** What must hold at the end, beyond that the state is that of an undisturbed run. */
  readonly atEnd?: (host: FleetHost, places: Places, peer: FleetHost | undefined) => Promise<readonly string[]>;
}

export interface FaultCase extends FaultRow {
  /** The key in a playbook's step. */
  readonly operation: string;
}

export const titleOf = ({ operation, on }: FaultCase): string => `${operation} (${on})`;
