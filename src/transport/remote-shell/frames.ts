import { commandLine, quote } from '../../values/shell.ts';
import { assignments } from '../../shell/render.ts';
import { shell } from '../../shell/shell.ts';
import type { Command } from '../transport.ts';
import { markerFormat } from './marker-reader.ts';

/**
 * The texts that the remote shell reads from its standard input. Each is one compound command, so a
 * stream that is cut off anywhere executes nothing of the frame it was cut in. The remote shell only
 * starts things in the background, so it always answers: an end request works while a command runs.
 */

/** Seconds from the request to end a process group to the last resort, and from there to giving up. */
const secondsToTerminate = 5;
const secondsToKill = 10;

/**
 * The state directory as a word of shell. Whoever is not root has one below the home directory, whose
 * place only the host knows.
 */
export function stateDirectory(runsAs: string, directoryOfRoot: string): string {
  return runsAs === 'root' ? quote(directoryOfRoot) : '"${XDG_STATE_HOME:-$HOME/.local/state}/plimsoll"';
}

/** Says where the state directory is and what markers begin with, defines what frames call, and says that it is ready. */
export function preamble(nonce: string, state: string): string {
  return ['{', environment(state), assignments({ plimsoll_mark: markerFormat(nonce) }), functions, '}', ''].join('\n');
}

const functions = shell('transport/remote-shell/preamble.sh', {
  plimsoll_terminate_tenths: secondsToTerminate * 10,
  plimsoll_kill_tenths: secondsToKill * 10,
});

function environment(state: string): string {
  return `PLIMSOLL_STATE=${state}; export PLIMSOLL_STATE`;
}

/** After this long without a report the connection itself is given up. */
export const endReportMs = (secondsToTerminate + secondsToKill + 5) * 1000;

export interface IndexedCommand {
  readonly index: number;
  readonly command: Command;
}

/** Several commands as one frame: executed in order, in the background, each reported with its status. */
export function flightFrame(nonce: string, commands: readonly IndexedCommand[]): string {
  const calls = sessionsOf(commands).map(([first, ...more]) =>
    more.length === 0
      ? `plimsoll_run ${String(first.index)} ${quote(program(startMarker(nonce, first.index), first.command))}`
      : `plimsoll_share ${quote([first, ...more].map(({ index }) => String(index)).join(' '))} ${quote(sharedProgram(nonce, [first, ...more]))}`,
  );
  return ['{', collect, inBackground(calls), 'plimsoll_flight=$! plimsoll_copy=', '}', ''].join('\n');
}

/** Collects the process of the flight before, which has ended: its last marker was read. */
const collect = 'if [ -n "$plimsoll_flight" ]; then wait "$plimsoll_flight"; fi';

function inBackground(calls: readonly string[]): string {
  return ['{', "trap 'plimsoll_stop=1' TERM", ...calls, '} </dev/null &'].join('\n');
}

/**
 * One command as a flight, in a copy of the shell. The copy begins with USR1 ignored, so that it is not ended by one that
 * comes early.
 */
export function forkedFrame({ index, command: { script, args = [] } }: IndexedCommand): string {
  const call = `plimsoll_forked ${String(index)} ${quote(script)} ${commandLine(args)}`;
  return [
    '{',
    collect,
    "trap '' USR1",
    inBackground([call]),
    'plimsoll_flight=$! plimsoll_copy=$!',
    'trap - USR1',
    '}',
    '',
  ].join('\n');
}

/** What runs in a copy of the shell has waited long enough. */
export function enoughFrame(): string {
  return '{ plimsoll_enough; } 2>/dev/null\n';
}

type Session = readonly [IndexedCommand, ...IndexedCommand[]];

/** Neighbours that are repeatable share a session; any other command has its own. */
function sessionsOf(commands: readonly IndexedCommand[]): readonly Session[] {
  const sessions: [IndexedCommand, ...IndexedCommand[]][] = [];
  for (const one of commands) {
    const last = sessions.at(-1);
    if (last?.[0].command.repeatable === true && one.command.repeatable === true) last.push(one);
    else sessions.push([one]);
  }
  return sessions;
}

/** The shell of a shared session outlives the TERM that ends the command it waits for, and starts none after it. */
function sharedProgram(nonce: string, session: Session): string {
  const mark = markerFormat(nonce);
  const calls = session.flatMap(({ index, command }) => [
    `if [ -z "$plimsoll_stop" ]; then ${startMarker(nonce, index)}`,
    '( trap - TERM',
    `set -- ${commandLine(command.args ?? [])}`,
    withInput(command),
    ')',
    `printf '${mark}end ${String(index)} %s\\n' "$?"; printf '${mark}end ${String(index)}\\n' >&2`,
    'fi',
  ]);
  return ["{ plimsoll_stop=; trap 'plimsoll_stop=1' TERM", ...calls, '}', ''].join('\n');
}

/** Commands of the flight that have not started yet are skipped, and reported so. */
export function stopFlightFrame(): string {
  return '{ kill -s TERM "$plimsoll_flight" 2>/dev/null; }\n';
}

export function endGroupFrame(group: number): string {
  return `{ plimsoll_end ${String(group)}; }\n`;
}

/** When the marker cannot be written the connection is gone: then nothing is started. */
function startMarker(nonce: string, index: number): string {
  return `printf '${markerFormat(nonce)}start ${String(index)} %s\\n' "$$" || exit 125`;
}

/** The text that a fresh shell reads for one command; its standard input is that of the command only. */
function program(first: string, command: Command): string {
  return wholeProgram(first, command, withInput(command));
}

function withInput(command: Command): string {
  const { stdin = '' } = command;
  const input = stdin === '' ? ['', ' </dev/null'] : [`printf '%s' ${quote(stdin)} 2>/dev/null | `, ''];
  return input.join(evaluation(command));
}

/** The same for a command that has the rest of its channel as standard input. */
export function streamProgram(nonce: string, state: string, command: Command): string {
  const start = `exec 3<&-; ${environment(state)}; printf '${markerFormat(nonce)}start %s\\n' "$$" >&2 || exit 125`;
  return wholeProgram(start, command, evaluation(command));
}

/** `eval` keeps a syntax error of the script inside the script. */
function evaluation({ script }: Command): string {
  return `eval ${quote(script)}`;
}

/** The braces keep half a text from being executed. */
function wholeProgram(first: string, { args = [] }: Command, body: string): string {
  return `{ ${first}\nset -- ${commandLine(args)}\n${body}\n}\n`;
}
