import type { AppError } from '../../errors.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import type { Laptop } from '../reach/laptop.ts';
import type { Link } from '../reach/link.ts';
import type { Progress } from '../report/progress.ts';
import type { SecretReference } from '../../values/secret-reference.ts';
import type { Ending, Following } from './follow.ts';
import type { Work } from './work.ts';

/** What an effect needs: the host, the laptop, and where output goes. */
export interface Interpreter {
  readonly link: Link;
  readonly laptop: Laptop;
  readonly onOutput: (stream: 'stdout' | 'stderr', text: string) => void;
  readonly onProgress: (progress: Progress) => void;
  /** Stops before the next effect, and ends one that may be ended half way; never an atomic one. */
  readonly signal: AbortSignal;
  /** The step's own, for a program that has none; otherwise the host's command_timeout holds. */
  readonly stepTimeoutMs?: number | undefined;
  /** Leaves what has been begun on the host to itself. */
  readonly detach: AbortSignal;
  /** Before every effect: the host's lock is held, unless there is no need for it any more. */
  readonly lock: (unless?: () => Promise<boolean>) => Promise<void>;
  readonly journal: EffectJournal;
  /** Begins a program as work on the host, and follows it to its end. */
  readonly carryOut: (following: Following, program: Program) => Promise<Ending>;
}

/** What a piece of work is made of. */
export interface Program {
  /** What it is for, for whoever looks at the host. */
  readonly intent: string;
  readonly script: string;
  readonly secrets: readonly SecretReference[];
  /** The exit statuses with which it has done what it was to do. */
  readonly success: readonly number[];
}

/** Each is on the disk before what comes after it. */
export interface EffectJournal {
  /** `program`: the effect is one, and becomes work on the host, named here. */
  intent(actions: readonly number[], program: boolean): Promise<{ readonly work: Work; readonly text: string }>;
  outcome(
    actions: readonly number[],
    ended: { readonly error: AppError } | { readonly output: StepOutput | undefined },
  ): Promise<void>;
}
