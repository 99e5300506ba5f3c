import { AppError } from '../errors.ts';
import type { Command, Cut, Outcome } from '../transport/transport.ts';
import { oneLine } from '../values/terminal.ts';
import { shell } from '../shell/shell.ts';

/**
 * A piece of work on a host: one script, detached from the connection that brought it. Its directory,
 * `$PLIMSOLL_STATE/runs/RUN/NAME`, outlives connection, laptop and host:
 * `intent` what it is for, with its undo · `script` what is run · `pid` its process group · `alive`
 * locked by it while it lives · `out`, `err` what it prints, bounded · `status` its exit status, once
 * it has ended.
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

/**
 * `$1` is the directory, `$2` says whether there are secrets: they come by standard input, and reach the script on
 * descriptor 3, so that they are in no file. Descriptor 7 keeps others from beginning the same until `alive` is there, 8 is
 * `alive`, 9 the host's lock: what is run gets neither of them. The script is begun once it is on the
 * disk that it has been. 6 is locked by those who keep what is printed until they have kept all of it;
 * what the script leaves running keeps its output open: that is not waited for long.
 */
const keeper = shell('run/keeper.sh', { kept_blocks: keptBlocks });

/**
 * Its state is read before what it has printed, so that all of that is there once it has ended. Without
 * the lock file, which was there before any work, nothing is known: the records have been removed.
 */
const look = shell('run/work-look.sh', { look_bytes: lookBytes });

/**
 * Everything that says what it is stands on the disk before it is begun; nothing is begun twice. Status
 * and process group have their room from the start, should the disk be full by then.
 * `$1` run, `$2` name, `$3` intent, `$4` script, `$5` the keeper's text, `$6` whether there are secrets on standard
 * input, `$7` seconds to wait for its end.
 */
const startScript = `d=$PLIMSOLL_STATE/runs/$1/$2
${look}
begin() {
  mkdir -p -- "$d" && exec 7>>"$d/.begin" && flock 7 || return
  [ ! -e "$d/alive" ] || return 0
  printf '%s\\n' "$3" >"$d/intent" && printf '%s\\n' "$4" >"$d/script" && printf '   \\n' >"$d/.status" && printf '          \\n' >"$d/pid" || return
  rm -f "$d/.o" "$d/.e" && mkfifo "$d/.o" "$d/.e" && : >"$d/.kept" || return
  sync "$d/intent" "$d/script" "$d/.status" "$d/pid" "$d" "$d/.." "$d/../.." "$PLIMSOLL_STATE" || return
  exec 8>"$d/.alive" && flock -n 8 || return
  exec 5<&0
  setsid /bin/sh -c "$5" plimsoll "$d" "$6" <&5 5<&- >/dev/null 2>&1 &
}
if [ ! -e "$d/alive" ]; then
  ( begin "$@" ) && flock "$d/.begin" true && [ -e "$d/alive" ] || { echo "$d cannot be written" >&2; exit 71; }
fi
look 0 0 "$7"`;

const lookScript = `d=$PLIMSOLL_STATE/runs/$1/$2
${look}
look "$3" "$4" 0`;

const outputScript = shell('run/work-output.sh');

/**
 * Ends its process group, and says whether there was something to end; the keeper outlives the TERM, to
 * say how it ended. `$3`: whatever it takes. (`kill` as dash, bash and busybox all understand it.)
 */
const endScript = shell('run/work-end.sh');

/**
 * Begins the work, waits a moment for its end, and looks at it. Only whoever has the host's lock may
 * send it, so it is not sent again over another connection as if it only read. `secrets` is what its script takes
 * from descriptor 3 (run/feed.ts).
 */
export function startWork({ run, name }: Work, intent: string, script: string, secrets = ''): Command {
  return { script: startScript, args: [run, name, intent, script, keeper, secrets === '' ? '' : 'secrets', '1.5'], ...(secrets === '' ? {} : { stdin: secrets }), timeoutMs: patienceMs, maxOutputBytes: 2 * lookBytes, prints: { piece: head } };
}

export function lookAtWork({ run, name }: Work, { out, err }: Offsets): Command {
  return { script: lookScript, args: [run, name, String(out), String(err)], repeatable: true, timeoutMs: patienceMs, maxOutputBytes: 2 * lookBytes, prints: { piece: head } };
}

/** Prints `told` when there was something to be ended. */
export function endWork({ run, name }: Work, whateverItTakes: boolean): Command {
  return { script: endScript, args: [run, name, whateverItTakes ? 'kill' : ''], repeatable: true, timeoutMs: patienceMs };
}

/** What it has printed, whole. */
export function readOutput({ run, name }: Work): Command {
  return { script: outputScript, args: [run, name], repeatable: true, timeoutMs: patienceMs };
}

/** The state, and how much of both streams comes with it, and is there. */
const head = /^(none|running|ended|cut) +(\d+) (\d+) (\d+) (\d+) (\d+)\n/;

/** Errors: `refused` when the host's state directory cannot be written: then nothing was begun. */
export function readLook({ status, stdout, stderr, cuts }: Outcome, before: Offsets): Look {
  if (status === 71) {
    throw new AppError('refused', `what is to be done cannot be recorded on the host: ${oneLine(stderr)}`, { hint: 'nothing is done without a record of it; make room for /var/lib/plimsoll on the host, then run the same again' });
  }
  const [first = '', kind, exit, outBytes, errBytes, outTotal, errTotal] = head.exec(stdout) ?? [];
  if (status !== 0 || kind === undefined) throw new AppError('fact-unreadable', `the state of the work on the host cannot be read: ${oneLine(stderr === '' ? stdout : stderr)}`, { hint: 'look at /var/lib/plimsoll/runs on the host' });
  const [outEnd, errEnd] = [before.out + Number(outBytes), before.err + Number(errBytes)];
  const more = outEnd < Number(outTotal) || errEnd < Number(errTotal);
  const goesOn = kind === 'running' || more;
  const out = shown(stdout.slice(first.length), Number(outBytes), goesOn ? cuts?.stdout : undefined);
  const err = shown(stderr, Number(errBytes), goesOn ? cuts?.stderr : undefined);
  return { state: stateOf(kind, Number(exit)), out: out.text, err: err.text, offsets: { out: before.out + out.bytes, err: before.err + err.bytes }, more };
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
