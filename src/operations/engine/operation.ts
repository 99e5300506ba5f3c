import type * as z from 'zod';
import type { FactRequest, Known } from '../../facts/fact.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused } from '../../values/refusal.ts';
import type { Change, ExecAction } from './change.ts';
import type { Reading } from './reading.ts';
import { followReading } from './reading.ts';
import type { NamedSecretFile } from './secret-files.ts';

/**
 * What a step would do on one host. Plain JSON: preview, saved plan, confirmation, journal and
 * report are views of this value.
 */
export type Planned =
  /** Nothing to do. */
  | (Notes & { readonly outcome: 'noop'; readonly reason: string })
  /** These changes, certainly. */
  | (Notes & { readonly outcome: 'change'; readonly changes: readonly Change[] })
  /** It depends on what an earlier step does; `provisional` is what would be done as things are now. */
  | (Notes & {
      readonly outcome: 'maybe';
      readonly dependsOn: readonly string[];
      readonly reason: string;
      readonly provisional: readonly Change[];
    })
  /** Not safe, not possible, or not understood; `provisional` is what would be done otherwise, where a rollback has to know it. */
  | (Notes & {
      readonly outcome: 'refused';
      readonly reason: string;
      readonly remedy: string;
      readonly provisional?: readonly Change[];
    });

/** With what would be done otherwise, where a rollback has to know it. */
export interface RefusedPlan extends Refusal {
  readonly provisional?: readonly Change[];
}

/** What an operation says. A refusal stays what whoever judged has made: only `planned` makes a `Planned` of it. */
export type Decision = Exclude<Planned, { readonly outcome: 'refused' }> | RefusedPlan;

export interface Notes {
  /** What the operator should know before saying yes. */
  readonly warnings?: readonly string[];
  /** What is still to be done, by whom, after this step: said in the preview, in the recap and by the next plan. */
  readonly owed?: readonly string[];
}

/** How it is told, before anything runs, which program of the playbook a step would run in order to be planned. */
interface ReadsProgram<Want> {
  program(want: Want): { readonly action: ExecAction; readonly request: FactRequest } | undefined;
  /** Whether it may be one, where the step's input is not known yet but as the playbook has it. */
  possible(written: Json): boolean;
}

/** A failed verification. */
export interface Finding {
  readonly message: string;
}

/** What a step's actions printed, for its registered result. */
export interface StepOutput {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Desired-state logic: from what is wanted and the facts to the changes that lead there.
 * Pure: no effect, no clock, no randomness, no environment.
 *
 * The laws, held by tests over every operation in the registry:
 * - planning changes nothing;
 * - after the changes have been applied the plan is `noop` (unless `repeats`);
 * - do and then undo restores the facts (unless the change says `irreversible`).
 */
export interface Operation<Want = unknown> {
  /** The key in a playbook's step. */
  readonly name: string;
  /**
   * Older keys of it, which playbooks, plans and journals may still name (by-key.ts): each with the schema of its own
   * input, which makes an input of today of it, and whose description says what it stands for.
   */
  readonly aliases?: Readonly<Record<string, z.ZodType<Want>>>;
  /** One line, for the documents and the schema. */
  readonly summary: string;
  /** The step's input. Its output type is what `needs` and `plan` receive; it must survive JSON. */
  readonly schema: z.ZodType<Want>;
  /** The keys of the input that name files of this machine: a host's word in them leads out of nothing. */
  readonly laptopPaths?: readonly (readonly string[])[];
  /** The files of the host that its input, resolved or not, names for a secret in them: said before they are used. */
  readonly secretFiles?: (input: unknown) => readonly NamedSecretFile[];
  /** Where in the step's input a secret variable may stand: only where it reaches no argument list, path, plan or log. */
  readonly mayHoldSecret?: (path: readonly (string | number)[]) => boolean;
  /** Only reads: runs in the preview too, so that what it registers is known there. */
  readonly readOnly: boolean | ((want: Want) => boolean);
  /** The program of the playbook that planning runs, as it is shown beforehand: absent where an operation runs its own only. */
  readonly reads?: ReadsProgram<Want>;
  /** Has no desired state of its own (a bare command): applying it again would do it again. */
  readonly repeats: boolean;
  /**
   * The facts that all the others here are answered from, given what is known so far. Called until nothing new is
   * asked, so a fact may depend on an earlier one; all that one call names travels in one flight.
   */
  needs(want: Want, known: Known): readonly FactRequest[];
  /** Throws an AppError when a fact could not be read. */
  plan(want: Want, known: Known): Planned;
  /** Makes what is relative to now (`+5GiB`, `150%`) absolute. Called whenever a plan is made; what is absolute already stays. */
  pin?(want: Want, known: Known): Want;
  /**
   * What a saved plan has made absolute is kept: of `saved`, its input, exactly the values that `pin` has filled in for what
   * `want`, the playbook's, leaves open or says relative to now. Everything else is of `fresh`, which is `want` pinned now. A
   * plan file may come from anybody: a value that is no answer to the playbook's question is not taken.
   */
  repin?(want: Want, fresh: Want, saved: Want): Want;
  /**
   * The resources (`container:ID`, `device:NAME`, `path:/x`, or `*` for anything) that the step reads
   * and changes on this host: a later step that reads what an earlier one will change is `maybe`.
   */
  touches(want: Want, known: Known): { readonly reads: readonly string[]; readonly changes: readonly string[] };
  /** The input to verify with, where it says something that is so only until it has been applied. */
  onceApplied?(want: Want): Want;
  /** Verified after the change, beyond the law that the plan must be `noop` now. */
  verify?(want: Want, known: Known): readonly Finding[];
  /**
   * What the subject of a change is now, in the terms of its `before` and `after`: for a rollback, where a
   * plan of the step says nothing of it although it may have been changed (a volume that is used again), or says more
   * than the change was about (containers that the daemon has started since).
   */
  standing?(want: Want, change: Change, known: Known): JsonObject | undefined;
  /** What `register` gets. `output` is of the step's last exec action, absent when nothing ran. */
  result?(want: Want, known: Known, output: StepOutput | undefined): Json;
}

type Answered = 'needs' | 'plan' | 'pin' | 'touches' | 'verify' | 'standing' | 'result';
type Resources = ReturnType<Operation['touches']>;

/** An operation as it is written: what it reads is told once, and all that it computes is given what was seen. */
export interface Definition<Want, Seen> extends Omit<Operation<Want>, Answered> {
  /** What is wanted may turn out not to be there, or not to suit: a refusal is what the plan is then. */
  readonly read: (want: NoInfer<Want>) => Reading<Seen | Refusal>;
  readonly plan: (want: Want, seen: Seen) => Decision;
  readonly pin?: (want: Want, seen: Seen) => Want;
  readonly touches: (want: Want, seen: Seen) => Resources;
  /** What a step touches that was refused while it read; it reads everything when this is left out. */
  readonly touchesRefused?: Resources;
  readonly verify?: (want: Want, seen: Seen) => readonly Finding[];
  readonly standing?: (want: Want, change: Change, seen: Seen) => JsonObject | undefined;
  readonly result?: (want: Want, seen: Seen, output: StepOutput | undefined) => Json;
}

/** Keeps `Want` inferred from the schema, and checked. */
export function defineOperation<Want, Seen>(definition: Definition<Want, Seen>): Operation<Want> {
  const {
    read,
    plan,
    pin,
    touches,
    touchesRefused = { reads: ['*'], changes: [] },
    verify,
    standing,
    result,
    ...rest
  } = definition;
  const seenBy = (want: Want, known: Known): Seen | Refusal => {
    const { asked, seen } = followReading(read(want), known);
    if (seen === undefined)
      throw new Error(`${rest.name} is planned before all is known: ${asked.map(({ key }) => key).join(', ')}`);
    return seen.value;
  };
  return {
    ...rest,
    needs: (want, known) => followReading(read(want), known).asked,
    plan: (want, known) => {
      const seen = seenBy(want, known);
      return planned(isRefused(seen) ? seen : plan(want, seen));
    },
    touches: (want, known) => {
      const seen = seenBy(want, known);
      return isRefused(seen) ? touchesRefused : touches(want, seen);
    },
    ...(pin === undefined
      ? {}
      : { pin: (want, known) => whenSeen(seenBy(want, known), want, (seen) => pin(want, seen)) }),
    ...(verify === undefined
      ? {}
      : { verify: (want, known) => whenSeen(seenBy(want, known), [], (seen) => verify(want, seen)) }),
    ...(standing === undefined
      ? {}
      : {
          standing: (want, change, known) =>
            whenSeen(seenBy(want, known), undefined, (seen) => standing(want, change, seen)),
        }),
    ...(result === undefined
      ? {}
      : {
          result: (want, known, output) => whenSeen(seenBy(want, known), null, (seen) => result(want, seen, output)),
        }),
  };
}

function whenSeen<Seen, Result>(seen: Seen | Refusal, otherwise: Result, use: (seen: Seen) => Result): Result {
  return isRefused(seen) ? otherwise : use(seen);
}

/** A refusal stays what whoever judged has made, until here. */
export function planned(decision: Decision): Planned {
  if (!isRefused(decision)) return decision;
  const { refused: _, ...why } = decision;
  return { outcome: 'refused', ...why };
}
