import { setTimeout as wait } from 'node:timers/promises';
import type { ErrorCode } from '../../errors.ts';
import { AppError, toAppError } from '../../errors.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import type { Command, Outcome } from '../../transport/transport.ts';
import type { Link } from '../reach/link.ts';
import type { Progress } from '../report/progress.ts';
import { Pace } from './pace.ts';
import type { Look, Offsets, Work } from './work.ts';
import { endWork, fromStart, keptBytes, lookAtWork, readLook, readOutput } from './work.ts';

/** How a piece of work on a host has ended. */
export type Ending =
  | { readonly kind: 'none' | 'cut' }
  | { readonly kind: 'ended'; readonly output: StepOutput; readonly stopped?: StopReason };

/** Why it was told to end. */
export type StopReason = 'interrupted' | 'timed-out';

export interface Following {
  readonly link: Link;
  readonly work: Work;
  /**
   * Takes the host's lock, which no other than this run's earlier connections can have. It is given up
   * as soon as `unless` holds, which is asked before each attempt.
   */
  readonly lock: (unless: () => Promise<boolean>) => Promise<void>;
  readonly onOutput: (stream: 'stdout' | 'stderr', text: string) => void;
  readonly onProgress: (progress: Progress) => void;
  /** It may be ended half way: a program of its own, not an atomic change. */
  readonly mayEnd: boolean;
  /** Ends the work, if it may be ended, and otherwise waits for it. */
  readonly stop: AbortSignal;
  /** Leaves the work to itself. */
  readonly detach: AbortSignal;
  /** From when it was begun; may change while it is followed. */
  readonly timeoutMs: number;
  /** All that was handed on, where that has been kept; otherwise it is fetched again. */
  readonly kept?: () => Pick<Outcome, 'stdout' | 'stderr'>;
}

/** With these nothing more is done on the host; others could be passed over, or tried again, beside what still goes on there. */
const final: ReadonlySet<ErrorCode> = new Set([
  'connection-lost',
  'interrupted',
  'locked',
  'internal',
  'outcome-unknown',
]);

/** Work goes on on the host while nobody follows it: its intent stays open, and `resume` asks what became of it. */
export class LeftOnHost extends AppError {
  constructor(reason: AppError) {
    super(
      final.has(reason.code) ? reason.code : 'outcome-unknown',
      reason.code === 'interrupted' ? 'what was begun on the host is left to finish there' : reason.message,
      {
        cause: reason,
        hint: 'plimsoll resume follows it to its end and goes on from there',
      },
    );
    this.name = 'LeftOnHost';
  }
}

/** For what is told to end: to do so. */
const graceMs = 60_000;
/** How often a start is sent that the connection does not survive. */
const mostStarts = 3;
/** For reading the rest of what was printed, once the work has ended: 8 MiB of each stream over a slow connection. */
const restMs = 300_000;
/** As shells report SIGKILL. */
const statusOfKill = 137;

/** Begins a piece of work and follows it to its end. Errors: LeftOnHost, and what the host says against beginning it. */
export async function carryOutWork(following: Following, start: Command): Promise<Ending> {
  return toItsEnd(following, await begin(following, start));
}

/** Follows to its end what an earlier part of the run has begun, or has not. Errors: LeftOnHost. */
export async function takeUp(following: Following): Promise<Ending> {
  return toItsEnd(following, await whatArrived(following));
}

/** Over as many connections as it takes. */
async function toItsEnd(following: Following, first: Look): Promise<Ending> {
  const { onOutput, onProgress, mayEnd, stop, detach, kept } = following;
  const started = performance.now();
  const stopOrDetach = AbortSignal.any([stop, detach]);
  let stopped: { readonly reason: StopReason; readonly told: boolean; readonly at: number } | undefined;
  let look = first;
  let endedAt: number | undefined;
  const handOn = output(onOutput);
  const pace = new Pace(onProgress);
  for (;;) {
    const unread = handOn(look);
    const { state, offsets } = look;
    pace.add(state.kind === 'running' ? look.measured : undefined, performance.now());
    if (state.kind === 'none') return { kind: 'none' };
    if (state.kind !== 'running') endedAt ??= performance.now();
    const more = look.more && unread && (endedAt === undefined || performance.now() - endedAt < restMs);
    if (state.kind !== 'running' && !more) {
      const told = stopped?.told === true ? { stopped: stopped.reason } : {};
      // An atomic script is told to end, never made to.
      if (state.kind === 'cut' && !(mayEnd && 'stopped' in told)) return { kind: 'cut' };
      const status = state.kind === 'ended' ? state.status : statusOfKill;
      const printed =
        kept?.() ?? (look === first ? { stdout: look.out, stderr: look.err } : await printedBy(following));
      return { kind: 'ended', output: { status, ...printed }, ...told };
    }
    if (state.kind === 'running') {
      const at = performance.now();
      const reason =
        mayEnd && stop.aborted ? 'interrupted' : at - started > following.timeoutMs ? 'timed-out' : undefined;
      if (detach.aborted) throw new LeftOnHost(toAppError(detach.reason));
      if (stopped !== undefined && at - stopped.at > graceMs) throw new LeftOnHost(notEnding(following));
      if (stopped === undefined && reason !== undefined) stopped = { reason, told: await end(following), at };
    }
    if (!more)
      await wait(stopped === undefined ? 1000 : 200, undefined, {
        signal: mayEnd && stopped === undefined ? stopOrDetach : detach,
      }).catch(() => undefined);
    look = await lookAt(following, offsets);
  }
}

/**
 * Hands on what a look has brought, and says whether more is to be asked for. The host keeps its output within a limit;
 * that it does is its word only, so it is counted here as well, and a look that brings nothing has nothing more.
 */
function output(onOutput: Following['onOutput']): (look: Look) => boolean {
  const room = { stdout: keptBytes, stderr: keptBytes };
  const handOn = (stream: 'stdout' | 'stderr', text: string): boolean => {
    const left = room[stream];
    if (text === '' || left === 0) return false;
    room[stream] = Math.max(left - text.length, 0);
    onOutput(stream, text.slice(0, left));
    if (room[stream] === 0)
      onOutput('stderr', `plimsoll: of what it prints on ${stream} no more than ${String(keptBytes)} bytes are read\n`);
    return room[stream] > 0;
  };
  return ({ out, err }) => [handOn('stdout', out), handOn('stderr', err)].includes(true);
}

/** It is begun once, whatever becomes of the connection. */
async function begin(following: Following, start: Command): Promise<Look> {
  const { link, detach } = following;
  for (let number = 1; ; number += 1) {
    const sent = await link.run(start, { signal: detach }).catch(toAppError);
    if (!(sent instanceof AppError)) return answerTo(sent);
    if (sent.code !== 'connection-lost' && sent.code !== 'timed-out') throw new LeftOnHost(sent);
    const look = await whatArrived(following);
    if (look.state.kind !== 'none' || number === mostStarts) return look;
  }
}

/** Only a host that says so has not begun it. */
function answerTo(sent: Outcome): Look {
  try {
    return readLook(sent, fromStart);
  } catch (thrown) {
    const error = toAppError(thrown);
    throw error.code === 'refused' ? error : new LeftOnHost(error);
  }
}

/**
 * What there is of the work. That there is none is certain only with the host's lock: as long as an
 * earlier connection's end on the host has it, what was sent there may still arrive.
 */
async function whatArrived(following: Following): Promise<Look> {
  const arrived = await lookAt(following, fromStart);
  if (arrived.state.kind !== 'none') return arrived;
  const begun = async (): Promise<boolean> => (await lookAt(following, fromStart)).state.kind !== 'none';
  await asking(following.lock(begun));
  return lookAt(following, fromStart);
}

async function lookAt({ link, work, detach }: Following, offsets: Offsets): Promise<Look> {
  return asking(link.run(lookAtWork(work, offsets), { signal: detach }).then((outcome) => readLook(outcome, offsets)));
}

/** Resolves with whether there was something to end. In an atomic script only the program that hangs is: the script then cleans up, and says what it was. */
async function end({ link, work, detach, mayEnd }: Following): Promise<boolean> {
  const { stdout } = await asking(link.run(endWork(work, mayEnd), { signal: detach }));
  return stdout !== '';
}

async function printedBy({ link, work, detach }: Following): Promise<Pick<Outcome, 'stdout' | 'stderr'>> {
  const { stdout, stderr } = await asking(link.run(readOutput(work), { signal: detach }));
  return { stdout, stderr };
}

/** Whatever keeps us from asking says nothing about the work. */
export async function asking<Answer>(question: Promise<Answer>): Promise<Answer> {
  try {
    return await question;
  } catch (thrown) {
    throw thrown instanceof LeftOnHost ? thrown : new LeftOnHost(toAppError(thrown));
  }
}

function notEnding({ link, work }: Following): AppError {
  return new AppError(
    'timed-out',
    `it was told to end, and did not: it goes on on the host (${link.name}, runs/${work.run}/${work.name})`,
  );
}
