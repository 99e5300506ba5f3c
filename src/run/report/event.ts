import type { HostStatus } from '../../errors.ts';
import type { Action } from '../../operations/engine/change.ts';
import type { JsonObject } from '../../values/json.ts';
import type { Downtime } from './downtime.ts';
import type { Progress } from './progress.ts';
import type { ProgramsRun, RunMode } from './recap.ts';

/** A change as it is shown: the plan's own value without what only the interpreter needs. */
export interface ShownChange {
  readonly summary: string;
  readonly before: JsonObject;
  readonly after: JsonObject;
  /** How long containers are expected to stand still for it, and why. */
  readonly downtime?: string;
  /** When there is no reason for it any more (a volume is used again), it is passed over, and that is no drift. */
  readonly lapse?: 'may';
  readonly actions: readonly ShownAction[];
  readonly undo: readonly ShownAction[] | 'irreversible';
}

/** `command` is the exact text that runs on the host, or a sentence for what is no command. */
export type ShownAction = Action & { readonly command: string };

export interface ShownError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** What happened, in order. The JSON output is exactly these, one a line. */
export type RunEvent =
  | {
      readonly type: 'run.started';
      readonly runId: string;
      readonly mode: RunMode;
      readonly playbook: string;
      readonly hosts: readonly string[];
    }
  /** A program has been run on the laptop because a secret is to come from it; `where` is who says so. */
  | { readonly type: 'secret.command'; readonly command: string; readonly where: string }
  /** A program that ssh has run on the laptop to tell how these hosts are reached: its configuration says so (`Match exec`). */
  | { readonly type: 'ssh.command'; readonly command: string; readonly hosts: readonly string[] }
  /** A file, or a variable of the environment, that is read on the laptop because an inventory or a playbook names it: `key` is what for. */
  | {
      readonly type: 'laptop.reads';
      readonly key: string;
      readonly file?: string;
      readonly env?: string;
      readonly where: string;
    }
  /** A file on these hosts that programs there read a secret from; plimsoll does not. */
  | {
      readonly type: 'host.reads';
      readonly hosts: readonly string[];
      readonly key: string;
      readonly file: string;
      readonly where: string;
    }
  | { readonly type: 'host.connected'; readonly host: string; readonly hostKey: string; readonly runsAs: string }
  /** What the operator should know of the way to the host before anything is done there. */
  | { readonly type: 'host.warned'; readonly host: string; readonly message: string }
  | { readonly type: 'facts.read'; readonly host: string; readonly step: string; readonly facts: readonly string[] }
  | {
      readonly type: 'step.planned';
      readonly host: string;
      readonly step: string;
      readonly operation: string;
      readonly outcome: 'noop' | 'change' | 'maybe' | 'refused';
      readonly changes: readonly ShownChange[];
      readonly reason?: string;
      readonly remedy?: string;
      readonly dependsOn?: readonly string[];
      readonly warnings?: readonly string[];
      readonly owed?: readonly string[];
    }
  /** Why nothing happens on the host at this moment: another run has its lock, the connection is being made again, or `fact` takes its time. */
  | { readonly type: 'host.waiting'; readonly host: string; readonly reason: string; readonly fact?: string }
  | { readonly type: 'change.started'; readonly host: string; readonly step: string; readonly summary: string }
  | {
      readonly type: 'action.output';
      readonly host: string;
      readonly step: string;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    }
  /** About once a second, as long as it can be measured how far a change is; the last one of each part of it says `ended`. */
  | ({ readonly type: 'action.progress'; readonly host: string; readonly step: string } & Progress)
  | {
      readonly type: 'change.applied';
      readonly host: string;
      readonly step: string;
      readonly summary: string;
      readonly seconds: number;
      /** Of containers that stood still for it, where their host has measured that. */
      readonly downtime?: readonly Downtime[];
    }
  | { readonly type: 'step.verified'; readonly host: string; readonly step: string; readonly operation: string }
  /** A step of a block has failed, and its rescue is done now. */
  | { readonly type: 'rescue.started'; readonly host: string; readonly step: string; readonly reason: string }
  /** What was done on the host is taken back from here on. */
  | { readonly type: 'rollback.started'; readonly host: string; readonly step: string; readonly reason: string }
  | {
      readonly type: 'host.finished';
      readonly host: string;
      readonly status: HostStatus;
      readonly error?: ShownError;
      readonly owed?: readonly string[];
      /** The step at which the host stopped, when it did. */
      readonly step?: string;
    }
  /** `programs`: of the playbook, run in order to make plans; absent when there were none. */
  | {
      readonly type: 'run.finished';
      readonly runId: string;
      readonly status: HostStatus;
      readonly hosts: Readonly<Record<string, HostStatus>>;
      readonly exitCode: number;
      readonly programs?: ProgramsRun;
    };

/** Every line carries these three. `at` is ISO 8601, `seq` counts from 1 without a gap. */
export type StampedEvent = { readonly v: 1; readonly seq: number; readonly at: string } & RunEvent;
