import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { ConfigIo } from '../config/io.ts';
import { nodeConfigIo } from '../config/node-io.ts';
import { AppError } from '../errors.ts';
import type { Screen } from '../render/renderer.ts';

/** What a command may use of the process, so that commands can be run in tests. */
export interface World {
  readonly io: ConfigIo;
  readonly out: Screen;
  readonly err: Screen;
  readonly signal: AbortSignal;
  /** The socket of a running ssh-agent. */
  readonly agentSocket: string | undefined;
  /** Where runs are kept: `$XDG_STATE_HOME/plimsoll`. */
  readonly stateDirectory: string;
  /** A person sits in front of it. */
  readonly interactive: boolean;
  ask(question: string): Promise<string>;
}

export function processWorld(signal: AbortSignal): World {
  const { env, stdin, stdout, stderr } = process;
  return {
    io: nodeConfigIo(env, signal),
    out: screen(stdout, env),
    err: screen(stderr, env),
    signal,
    agentSocket: env['SSH_AUTH_SOCK'],
    stateDirectory: join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'plimsoll'),
    interactive: isTerminalOf(stdin) && isTerminalOf(stdout),
    async ask(question) {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question, { signal });
      } catch (thrown) {
        throw signal.aborted ? signal.reason : new AppError('interrupted', 'no answer was given', { cause: thrown });
      } finally {
        lines.close();
      }
    },
  };
}

/** On a pipe it is undefined, whatever Node's types say, and an undefined would let a library choose colours itself. */
function isTerminalOf(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true;
}

function screen(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen {
  const isTerminal = isTerminalOf(stream);
  return {
    write: (text) => {
      stream.write(text);
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
