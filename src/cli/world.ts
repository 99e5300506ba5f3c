import { homedir, hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { ConfigIo } from '../config/model/io.ts';
import { nodeConfigIo } from '../config/node-io.ts';
import { AppError } from '../errors.ts';
import type { Screen } from '../render/renderer.ts';
import type { Journal } from '../run/journal/journal.ts';
import type { Transport } from '../transport/transport.ts';
import type { Interrupts } from './interrupts.ts';
import { JoinedWrites } from './joined-writes.ts';

/** What a command may use of the process, so that commands can be run in tests. */
export interface World {
  readonly io: ConfigIo;
  readonly out: Screen;
  readonly err: Screen;
  readonly interrupts: Interrupts;
  /** The socket of a running ssh-agent. */
  readonly agentSocket: string | undefined;
  /** Where runs are kept: `$XDG_STATE_HOME/plimsoll`. */
  readonly stateDirectory: string;
  /** `user@machine`, for whoever finds a host locked. */
  readonly who: string;
  /** A person sits in front of it. */
  readonly interactive: boolean;
  /** `hidden`: what is typed is not shown. */
  readonly ask: (
    question: string,
    how?: { readonly hidden?: boolean; readonly signal?: AbortSignal },
  ) => Promise<string>;
  /** What is piped in, up to so many bytes and one; undefined where that would be what somebody types. */
  readonly readInput?: (bytes: number) => Promise<Uint8Array>;
  /** For tests that break things. */
  readonly wrapTransport?: (transport: Transport) => Transport;
  readonly wrapJournal?: (journal: Journal) => Journal;
  /** How long a lost connection is tried to be made again. */
  readonly reconnectMs?: number;
}

/** The process has one of each stream, whoever writes to it. */
const writes = new JoinedWrites(process);

export function processWorld(interrupts: Interrupts): World {
  const { env, stdin, stdout, stderr } = process;
  return {
    // What comes after an interrupted run is interrupted anew.
    get io() {
      return nodeConfigIo(env, interrupts.stop);
    },
    out: screen(stdout, env),
    err: screen(stderr, env),
    interrupts,
    agentSocket: env['SSH_AUTH_SOCK'],
    stateDirectory: join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'plimsoll'),
    who: `${userName(env)}@${hostname()}`,
    interactive: isTerminalOf(stdin) && isTerminalOf(stdout),
    ask: (question, { hidden = false, signal } = {}) => {
      writes.flush();
      const { stop } = interrupts;
      const signals = signal === undefined ? stop : AbortSignal.any([stop, signal]);
      return hidden
        ? askUnseen(interrupts, question, signals)
        : askAt(interrupts, createInterface({ input: stdin, output: stderr }), question, signals);
    },
    ...(isTerminalOf(stdin) ? {} : { readInput: (bytes: number) => readUpTo(stdin, bytes) }),
  };
}

/** What is typed is not shown; undefined where nobody could type it. */
export function askHidden({ ask, readInput }: World): ((question: string) => Promise<string>) | undefined {
  return readInput === undefined ? (question) => ask(question, { hidden: true }) : undefined;
}

async function askUnseen(interrupts: Interrupts, question: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = process;
  const output = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  // From here on the terminal itself shows nothing: only now somebody may begin to type.
  const lines = createInterface({ input: stdin, output, terminal: true, historySize: 0 });
  stderr.write(question);
  try {
    return await askAt(interrupts, lines, '', signal);
  } finally {
    stderr.write('\n');
  }
}

async function askAt({ stop }: Interrupts, lines: Interface, question: string, signal: AbortSignal): Promise<string> {
  // While it reads a line, Ctrl-C reaches it as a key.
  lines.on('SIGINT', () => process.emit('SIGINT'));
  try {
    return await lines.question(question, { signal });
  } catch (thrown) {
    throw stop.aborted ? stop.reason : new AppError('interrupted', 'no answer was given', { cause: thrown });
  } finally {
    lines.close();
  }
}

/** Whoever gets more than he has asked for knows that it is too long, and no more is read. */
async function readUpTo(stream: AsyncIterable<Buffer | string>, bytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const more = Buffer.from(chunk);
    chunks.push(more);
    length += more.length;
    if (length > bytes) break;
  }
  return Buffer.concat(chunks);
}

/** The machine may not know the user's number. */
function userName(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return env['USER'] ?? 'somebody';
  }
}

/** On a pipe it is undefined, whatever Node's types say, and an undefined would let a library choose colours itself. */
function isTerminalOf(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true;
}

function screen(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen {
  const isTerminal = isTerminalOf(stream);
  return {
    write: (text) => {
      writes.write(stream, text);
    },
    isTerminal,
    get columns() {
      return isTerminal ? stream.columns : 80;
    },
    get rows() {
      return isTerminal ? stream.rows : 24;
    },
    // https://no-color.org: any value that is not empty switches colours off.
    colour: isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
  };
}
