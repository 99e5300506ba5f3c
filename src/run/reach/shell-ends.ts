import { AppError, toAppError } from '../../errors.ts';
import { type Connection, ShellEnded } from '../../transport/transport.ts';

const briefMs = 10_000;
const mostInARow = 3;

/** How often in a row the host's own shell has ended within a moment: such a host does not lose connections, it will do so again. */
export class ShellEnds {
  #inARow = 0;
  /** When a connection was made, until its end has been counted. */
  readonly #since = new WeakMap<Connection, number>();

  get areTooMany(): boolean {
    return this.#inARow >= mostInARow;
  }

  made(connection: Connection): void {
    this.#since.set(connection, performance.now());
  }

  /** What a connection has met, once it is known whether the host's shell keeps ending. */
  counted(connection: Connection, thrown: unknown): AppError {
    const error = toAppError(thrown);
    const since = this.#since.get(connection);
    if (error.code !== 'connection-lost') return error;
    // Many may be told of the end of one connection.
    if (since !== undefined)
      this.#inARow = hasShellEnded(error) && performance.now() - since < briefMs ? this.#inARow + 1 : 0;
    this.#since.delete(connection);
    return this.areTooMany ? shellKeepsEnding(error) : error;
  }

  /** What an attempt has met that has made no connection. */
  countedUnmade(thrown: unknown): AppError {
    const error = toAppError(thrown);
    if (hasShellEnded(error)) this.#inARow += 1;
    return this.areTooMany ? shellKeepsEnding(error) : error;
  }
}

/** By itself, whoever was told of it first. */
function hasShellEnded(error: unknown): boolean {
  return error instanceof ShellEnded || (error instanceof Error && hasShellEnded(error.cause));
}

export function shellKeepsEnding(error?: AppError): AppError {
  const hint =
    'this is no lost connection: look at what the login does on the host; plimsoll resume goes on once it is put right';
  return new AppError(
    'connection-lost',
    `the host's shell has ended ${String(mostInARow)} times in a row, each time within ${String(briefMs / 1000)} s: it is not connected to again`,
    { cause: error, hint },
  );
}
