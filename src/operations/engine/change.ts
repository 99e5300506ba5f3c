import type { Crossing } from '../../facts/crossing.ts';
import type { JsonObject } from '../../values/json.ts';
import type { SecretReference } from '../../values/secret-reference.ts';

/** Reads something and compares it with what it must be: a guard around an effect. */
export interface Check {
  readonly argv: readonly string[];
  /** What the command must print, white space around it ignored. */
  readonly equals: string;
}

/** Runs one program. */
export interface ExecAction {
  readonly kind: 'exec';
  readonly argv: readonly string[];
  readonly stdin?: string;
  /** Instead of that a secret, whose value is fetched when it is run, and stands nowhere. */
  readonly secretStdin?: SecretReference;
  /** Beside what is in its environment anyway; secrets as above. */
  readonly env?: Readonly<Record<string, string | SecretReference>>;
  /** Exit statuses that mean success; [0] when absent. */
  readonly success?: readonly number[];
  /** Must hold afterwards; otherwise the action has failed, whatever its exit status. */
  readonly check?: Check;
  /** Run when the action or its check failed, so that nothing half-done is left behind. */
  readonly onFailure?: readonly (readonly string[])[];
  /** Run at the end of the change, whether it succeeded or not, newest first (an unmount). */
  readonly atEnd?: readonly (readonly string[])[];
  readonly timeoutMs?: number;
}

/** A guard on its own: nothing is done, but the change stops unless it holds. */
export interface CheckAction extends Check {
  readonly kind: 'check';
  /** Why the change stops, in words for the operator. */
  readonly otherwise: string;
}

/** Replaces a small text file: dot-named temporary beside it, fsync, rename; keeps owner and mode. */
export interface WriteFileAction {
  readonly kind: 'write-file';
  readonly path: string;
  readonly content: string;
  /** Octal, four digits. */
  readonly mode: string;
  /** What the file must contain now (null: must not exist); otherwise nothing is written. */
  readonly expect: string | null;
  /** Where a copy of the old content is put first. */
  readonly backup?: string;
  /** The file may contain `content` already: of an undo that is begun again. */
  readonly again?: true;
}

/** Copies a file from the laptop, verified by digest, into place by rename. */
export interface UploadAction {
  readonly kind: 'upload';
  readonly from: string;
  /** `from` is a file of this other host of the inventory; it comes by way of the laptop, which keeps nothing of it. */
  readonly host?: string;
  readonly path: string;
  readonly mode: string;
  readonly owner?: string;
  readonly sha256: string;
  readonly bytes: number;
  /** What has arrived is kept when the way is cut, and gone on with. */
  readonly resumes?: boolean;
}

/** Copies a file from the host to the laptop, verified by digest. */
export interface FetchAction {
  readonly kind: 'fetch';
  readonly path: string;
  readonly to: string;
  /** `to` is a file of this other host of the inventory; it goes by way of the laptop, which keeps nothing of it. */
  readonly host?: string;
  /** What the file must be, where that is known when the plan is made. */
  readonly sha256?: string;
  readonly bytes?: number;
  /** Prints `SHA256 BYTES` of it when its turn has come, where an earlier change makes it. */
  readonly described?: readonly string[];
  /** More than this is not taken, whatever the host says that it is. */
  readonly atMostBytes?: number;
  /** What has arrived is kept when the way is cut, and gone on with. */
  readonly resumes?: boolean;
  /** Files beside `to` that it makes superfluous: removed once it is in place. */
  readonly supersedes?: readonly string[];
}

/** Asks again and again until the check holds. Changes nothing. */
export interface WaitUntilAction {
  readonly kind: 'wait-until';
  readonly argv: readonly string[];
  /** Exit status 0 is enough when absent. */
  readonly equals?: string;
  readonly everySeconds: number;
  readonly forSeconds: number;
  readonly what: string;
}

/** Waits on the laptop. */
export interface PauseAction {
  readonly kind: 'pause';
  readonly seconds: number;
}

/**
 * Runs a short script on another host of the inventory, over plimsoll's own connection to it; over
 * another one when that is lost, so it must come to the same however often it is run.
 */
export interface RelayAction {
  readonly kind: 'relay';
  readonly host: string;
  /** What it does there, for people. */
  readonly what: string;
  /** Static text; values are `$1`… */
  readonly script: string;
  readonly args: readonly Crossing[];
  /** A file of this host that holds a public key and nothing else, which becomes its standard input. */
  readonly input?: string;
  /**
   * Run there first: prints a word that becomes the script's first argument, and is no longer good once the change was
   * undone. For what must not be done late, when the laptop that has sent it is gone.
   */
  readonly ticket?: { readonly script: string; readonly args: readonly Crossing[] };
  /** Run there by the same rules at the end of the change, whether it succeeded or not, unless it goes on by itself. */
  readonly atEnd?: { readonly script: string; readonly args: readonly Crossing[] };
  readonly timeoutMs?: number;
}

/**
 * Vouches for a backup that was made on this host: what its manifest says is kept in the records, and a seal
 * of it, made on the laptop with a key that no host sees, beside the backup.
 */
export interface SealAction {
  readonly kind: 'seal';
  /** The backup's. */
  readonly name: string;
  /** A file of this host. */
  readonly manifest: string;
  /** The seal's file. */
  readonly to: string;
  /** `to` is a file of the laptop. */
  readonly laptop?: true;
  /** `to` is a file of this other host of the inventory. */
  readonly host?: string;
}

/** One effect, as data. The interpreter has one executor for each kind. */
export type Action =
  | ExecAction
  | CheckAction
  | WriteFileAction
  | UploadAction
  | FetchAction
  | WaitUntilAction
  | PauseAction
  | RelayAction
  | SealAction;

/**
 * A version of a volume's or container's specification that a change makes, or an instance of a scaled
 * volume: claimed in the records before the change begins, confirmed when it is done.
 */
export interface RecordNote {
  readonly kind: 'volume' | 'container' | 'scaled';
  /** The volume's family, the container's name, or the scaled volume's. */
  readonly name: string;
  /** The version that is claimed (`foo-2` is 2 of `foo`); the next that nobody has when absent. Of a scaled volume always the instance. */
  readonly version?: number;
  /** How many instances there may be in the whole fleet; as many as there are when absent. */
  readonly scale?: number;
  /** The change removes the instance. */
  readonly removes?: true;
  /** The volume's or container's own name or id until now. */
  readonly replaces?: string;
  /** What is kept of it: never a secret's value. */
  readonly spec: JsonObject;
  /** What there is until now, and the version that it is where none has been recorded: the one to go back to. */
  readonly before?: { readonly version: number; readonly spec: JsonObject };
}

/** One unit of change: what it is, what it is made of, and how it is taken back. Plain JSON. */
export interface Change {
  /** For people, without the host's name: `app-1: 10 GiB → 20 GiB`. */
  readonly summary: string;
  /** What it is about (`container:ID`), where a step may make several changes: the same in every plan of the step. */
  readonly subject?: string;
  /** The facts that the change rests on, and what they will be: plain JSON for the plan and for drift. */
  readonly before: JsonObject;
  readonly after: JsonObject;
  readonly actions: readonly Action[];
  readonly undo: readonly Action[] | 'irreversible';
  /** What `before` is once it has been undone, where that is something else: what is gone on with is taken back to its beginning. */
  readonly undoneTo?: JsonObject;
  /** Removes what is kept so that the change can be undone; done by `plimsoll finalize`, and irreversible. */
  readonly finalize?: readonly Action[];
  /** The versions that are recorded with it. */
  readonly records?: readonly RecordNote[];
  /**
   * Of what is done only as long as there is a reason for it (nobody uses a volume). `may`: when the reason
   * has gone since it was approved, it is not done, and that is no drift. `has`: the reason has gone, and
   * what plimsoll has kept for it is put away, which needs no approval of its own.
   */
  readonly lapse?: 'may' | 'has';
  /** How long containers are expected to stand still for it, and why: its script says afterwards how long they did. */
  readonly downtime?: string;
  /** One remote script, so that a dropped connection cannot split it. */
  readonly atomic: boolean;
  /** Names for values that differ from host to host (a device's name), for folding equal plans. */
  readonly bindings: Readonly<Record<string, string>>;
}
