import * as z from 'zod';
import { AppError } from '../../errors.ts';
import type { Command, Cut, Outcome } from '../../transport/transport.ts';
import { oneLine } from '../../values/terminal.ts';
import { type Measured, progressWords } from '../report/progress.ts';
import { shell } from '../../shell/shell.ts';

/**
 * A piece of work on a host: one script, detached from the connection that brought it. Its files,
 * `$PLIMSOLL_STATE/runs/RUN/NAME.*`, outlive connection, laptop and host:
 * `script` what it is for, with its undo, and what is run · `status` its processes (standing.sh), and its exit status
 * once it has ended · `out`, `err` what it prints, bounded · `ends`, of a series: the exit status of each that has ended
 * before another was begun · `doing`, `bytes` how it can be measured how far it is (measured.sh).
 */
export interface Work {
  readonly run: string;
  readonly name: string;
}

export type WorkState =
  /** It has never arrived. */
  | { readonly kind: 'none' }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly status: number }
  /** It was begun and is gone without having said how it ended: killed, or the host has restarted. */
  | { readonly kind: 'cut' };

/** A look at a piece of work: its state, and what it has printed from where the look before ended. */
export interface Look {
  readonly state: WorkState;
  readonly out: string;
  readonly err: string;
  /** Where the next look goes on, in bytes. */
  readonly offsets: Offsets;
  /** There is more to be read already. */
  readonly more: boolean;
  /** How far what it does at this moment is, where that can be measured. */
  readonly measured?: Measured;
}

export interface Offsets {
  readonly out: number;
  readonly err: number;
}

export const fromStart: Offsets = { out: 0, err: 0 };

/** So much of each stream is kept, and followed; the rest is read and dropped. */
export const keptBytes = 8 * 1024 * 1024;
/** As `ulimit` counts. */
const keptBlocks = keptBytes / 512;
/** One look carries no more than this of each stream. */
const lookBytes = 262_144;
/** For a host whose disks are busy; none of these commands takes long by itself. */
const patienceMs = 120_000;

/** Outlives the connection; it keeps what the script prints, and how it ends. */
const keeper = shell('run/work/keeper.sh', { kept_blocks: keptBlocks });

const startScript = shell('run/work/start-work.sh', { look_bytes: lookBytes, kept_blocks: keptBlocks });

const lookScript = shell('run/work/look-at-work.sh', { look_bytes: lookBytes });

const outputScript = shell('run/work/read-output.sh');

const endsScript = shell('run/work/read-ends.sh');

const endScript = shell('run/work/end-work.sh');

/** What ends so soon has its end in the answer to its start. */
const enoughMs = 1500;

/**
 * Begins the work, waits a moment for its end, and looks at it. Only whoever has the host's lock may
 * send it, so it is not sent again over another connection as if it only read. `secrets` is what its script takes
 * from descriptor 3 (run/work/feed.ts): as an argument it is in a text that the shell reads, and in no list of a process.
 */
export function startWork({ run, name }: Work, intent: string, script: string, secrets = ''): Command {
  return {
    script: startScript,
    args: [run, name, intent.replaceAll(/^/gm, '# '), script, keeper, secrets],
    forked: { enoughMs },
    timeoutMs: patienceMs,
    maxOutputBytes: 2 * lookBytes,
    prints: { piece: head },
  };
}

export function lookAtWork({ run, name }: Work, { out, err }: Offsets): Command {
  return {
    script: lookScript,
    args: [run, name, String(out), String(err)],
    repeatable: true,
    timeoutMs: patienceMs,
    maxOutputBytes: 2 * lookBytes,
    prints: { piece: head },
  };
}

/** Prints `told` when there was something to be ended. */
export function endWork({ run, name }: Work, whateverItTakes: boolean): Command {
  return {
    script: endScript,
    args: [run, name, whateverItTakes ? 'kill' : ''],
    repeatable: true,
    timeoutMs: patienceMs,
  };
}

/** What it has printed, whole. */
export function readOutput({ run, name }: Work): Command {
  return { script: outputScript, args: [run, name], repeatable: true, timeoutMs: patienceMs };
}

/** How those of a series have ended that have: `endsOf` reads the answer. */
export function readEnds({ run, name }: Work): Command {
  return { script: endsScript, args: [run, name], repeatable: true, timeoutMs: patienceMs };
}

/** A line that was cut short by a failure of power says nothing. */
export function endsOf({ stdout }: Outcome): readonly number[] {
  const ends = stdout.split('\n').slice(0, -1);
  const odd = ends.findIndex((line) => !/^\d{1,3}$/.test(line));
  return ends.slice(0, odd === -1 ? ends.length : odd).map(Number);
}

/**
 * The state, and how much of both streams comes with it, and is there; where that is not said, all of it that comes, up to
 * `lookBytes`; and how far it is.
 */
const head =
  /^(none|running|ended|cut) +(\d+) (\d+|-) (\d+|-) (\d+|-) (\d+|-)(?: ([a-z]{1,20}) (\d{1,20}) (\d{1,20}))?\n/;

const measuredSchema = z
  .object({ what: z.enum(progressWords), bytes: z.coerce.number().int(), total: z.coerce.number().int().positive() })
  // What is copied may have grown since it was asked how much it is.
  .transform(({ bytes, total, ...what }): Measured => ({ ...what, bytes: Math.min(bytes, total), total }));

/** Errors: `refused` when the host's state directory cannot be written: then nothing was begun. */
export function readLook({ status, stdout, stderr, cuts, bytes }: Outcome, before: Offsets): Look {
  if (status === 71) {
    throw new AppError('refused', `what is to be done cannot be recorded on the host: ${oneLine(stderr)}`, {
      hint: 'nothing is done without a record of it; make room for /var/lib/plimsoll on the host, then run the same again',
    });
  }
  const [first = '', kind, exit, saidOut, saidErr, outTotal, errTotal, what, done, total] = head.exec(stdout) ?? [];
  if (status !== 0 || kind === undefined)
    throw new AppError(
      'fact-unreadable',
      `the state of the work on the host cannot be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
      { hint: 'look at /var/lib/plimsoll/runs on the host' },
    );
  const outBytes = saidOut === '-' ? (bytes?.stdout ?? Buffer.byteLength(stdout)) - first.length : Number(saidOut);
  const errBytes = saidErr === '-' ? (bytes?.stderr ?? Buffer.byteLength(stderr)) : Number(saidErr);
  const isCut = (came: number, from: number, total = '-'): boolean =>
    total === '-' ? came >= lookBytes : from + came < Number(total);
  const more = isCut(outBytes, before.out, outTotal) || isCut(errBytes, before.err, errTotal);
  const goesOn = kind === 'running' || more;
  const out = shown(stdout.slice(first.length), outBytes, goesOn ? cuts?.stdout : undefined);
  const err = shown(stderr, errBytes, goesOn ? cuts?.stderr : undefined);
  const measured = measuredSchema.safeParse({ what, bytes: done, total }).data;
  return {
    state: stateOf(kind, Number(exit)),
    out: out.text,
    err: err.text,
    offsets: { out: before.out + out.bytes, err: before.err + err.bytes },
    more,
    ...(measured === undefined ? {} : { measured }),
  };
}

interface Shown {
  readonly text: string;
  readonly bytes: number;
}

/** A look may end in the middle of a line, and of a character: the next one then begins with that line. */
function shown(text: string, bytes: number, { characters = text.length, bytes: before, left = 0 }: Cut = {}): Shown {
  const upTo = before ?? bytes - left;
  // Something else has come with it (a warning of the shell): then it does not tell where to go on.
  return upTo > bytes || upTo < 0 ? { text, bytes } : { text: text.slice(0, characters), bytes: upTo };
}

function stateOf(kind: string, status: number): WorkState {
  switch (kind) {
    case 'none':
      return { kind: 'none' };
    case 'running':
      return { kind: 'running' };
    case 'ended':
      return { kind: 'ended', status };
    default:
      return { kind: 'cut' };
  }
}
