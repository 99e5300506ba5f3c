import { setTimeout as wait } from 'node:timers/promises';
import type { ErrorCode } from '../../errors.ts';
import { AppError, toAppError } from '../../errors.ts';
import type { FactRequest } from '../../facts/fact.ts';
import type { Peer } from '../../facts/peer.ts';
import type { ScaledSet } from '../../facts/volumes/scaled-set.ts';
import {
  type Command,
  type Connection,
  type LockAnswer,
  type LockHolder,
  type Outcome,
  type RunOptions,
  ShellEnded,
  type Target,
  type Transport,
} from '../../transport/transport.ts';
import { originOf, secretKey, type SecretReference } from '../../values/secret-reference.ts';
import { oneLine } from '../../values/terminal.ts';
import { byHand } from '../../values/shell.ts';

export interface LinkOptions {
  readonly transport: Transport;
  readonly target: Target;
  readonly signal: AbortSignal;
  readonly onConnected: (connection: Connection) => void;
  /** Why nothing happens for the moment. */
  readonly onWaiting: (reason: string, fact?: string) => void;
  /** How long a lost connection is tried to be made again once work has begun. */
  readonly reconnectMs: number;
  /** The way to another host of the inventory. */
  readonly peer?: (name: string) => Promise<Link>;
  /** Told every fact that is about to be asked of the host; may throw, and it is not asked then. */
  readonly asked?: (request: FactRequest) => void;
  /** What the records say of a scaled volume to this host. */
  readonly scaledSet?: (args: readonly string[]) => Promise<ScaledSet>;
}

export interface LockWish {
  readonly holder: LockHolder;
  /** How long to wait for another run. */
  readonly waitMs: number;
}

/** From one attempt to the next; the last one repeats. */
const backOffSeconds = [0, 1, 2, 4, 8, 15, 30];
/** A connection that was lost after less than this counts as one more attempt to make it. */
const lastingMs = 60_000;
/** What an earlier part of the same run has left on the host ends by itself within this time (its watchdog sees to that), or is work that is followed. */
const ownLeftoverMs = 180_000;

/** A host whose own shell ends so soon, so often in a row, does not lose connections: it will do so again. */
const briefMs = 10_000;
const mostShellEnds = 3;
const lostSaid = 'connection lost, trying again';

/** Another attempt may succeed; with anything else it would not. */
const passing: ReadonlySet<ErrorCode> = new Set(['unreachable', 'connection-refused', 'connection-lost', 'timed-out']);

/** Attempts to make a connection again, and when they began. */
class Patience {
  #attempts = 0;
  #since = performance.now();

  /** Seconds until the next attempt. */
  next(): number {
    const seconds = backOffSeconds[Math.min(this.#attempts, backOffSeconds.length - 1)] ?? 0;
    this.#attempts += 1;
    return seconds;
  }

  /** The first attempt is always made. */
  isOver(forMs: number): boolean {
    return this.#attempts > 0 && performance.now() - this.#since >= forMs;
  }
}

/**
 * The way to one host, for one way of becoming root: a connection that is made when it is needed and
 * made again when it is lost, and the host's lock that goes with it.
 */
export class Link {
  readonly #options: LinkOptions;
  #connection: Promise<Connection> | undefined;
  /** The last one that was made. */
  #latest: Connection | undefined;
  #locked: Connection | undefined;
  #persistent = false;
  /** When a connection was made, until its end has been counted. */
  readonly #since = new WeakMap<Connection, number>();
  /** How often in a row the host's shell has ended within a moment. */
  #shellEnds = 0;
  /** Those whose loss has been said, or is to be said by whoever makes another one. */
  readonly #said = new WeakSet<Connection>();
  #unsaid: Connection | undefined;
  /** Another one each time the connection is made: what was known over an earlier one may be out of date. */
  generation = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.target.name;
  }

  get become(): boolean {
    return this.#options.target.become !== 'none';
  }

  get commandTimeoutMs(): number {
    return this.#options.target.commandTimeoutMs;
  }

  /** The way to another host of the inventory, for what a step has to do with two. */
  async peer(name: string): Promise<Link> {
    const { peer } = this.#options;
    if (name === this.name)
      throw new AppError('refused', `${name} is the host of the step itself`, {
        hint: 'name another host; on one host, copy_volume copies',
      });
    if (peer === undefined) throw new AppError('internal', `${this.name} has no way to ${name}`);
    return peer(name);
  }

  /** The value of a secret variable, for the moment in which it is sent to the host. */
  secret(reference: SecretReference): string {
    const secret = this.#options.target.secretVars?.get(secretKey(reference));
    if (secret === undefined)
      throw new AppError(
        'refused',
        `${this.name} is not to be given a secret from ${originOf(reference)}: no variable of the playbook or the inventory that the step reads says so`,
        { hint: 'plan again' },
      );
    return secret.reveal();
  }

  /** What the records say of a scaled volume to this host. */
  async scaledSet(args: readonly string[]): Promise<ScaledSet> {
    const { scaledSet } = this.#options;
    if (scaledSet === undefined) throw new AppError('internal', `${this.name} has no way to the records`);
    return scaledSet(args);
  }

  asked(request: FactRequest): void {
    const { asked } = this.#options;
    if (asked === undefined && request.fact.runsPrograms === true)
      throw new AppError(
        'internal',
        `${this.name} is asked to run a program of the playbook, where they have no place`,
      );
    asked?.(request);
  }

  /** What the host is waited for, when that takes long. */
  stillReading(fact: string, reason: string): void {
    this.#options.onWaiting(reason, fact);
  }

  /** How the host is reached, and what was found there. */
  async endpoint(): Promise<Peer> {
    const { name, address, port, user } = this.#options.target;
    const { publicKey, hostKey, server, runsAs } = (await this.#open()).info;
    return { name, address, port, user, publicKey, hostKey, server, runsAs };
  }

  /** Connects unless it is connected. */
  async open(): Promise<void> {
    await this.#open();
  }

  /** A command that may be run twice is run again over a new connection, once work has begun. */
  async run(command: Command, options?: RunOptions): Promise<Outcome> {
    const once = (connection: Connection): Promise<Outcome> => connection.run(command, options);
    if (command.repeatable === true) return await this.again(once, options?.signal);
    const connection = await this.#open(options?.signal);
    return await once(connection).catch((thrown: unknown) => {
      throw this.#counted(connection, thrown);
    });
  }

  /**
   * Does something again over a new connection for as long as the old one was lost on it, once work has
   * begun: until the signal, or until it has been tried in vain for too long.
   */
  async again<Value>(work: (connection: Connection) => Promise<Value>, signal = this.#options.signal): Promise<Value> {
    let patience = new Patience();
    for (;;) {
      const connection = await this.#open(signal);
      const began = performance.now();
      try {
        return await work(connection);
      } catch (thrown) {
        const error = this.#counted(connection, thrown);
        if (!this.#persistent || error.code !== 'connection-lost' || signal.aborted || this.#shellEnds >= mostShellEnds)
          throw error;
        if (performance.now() - began >= lastingMs) patience = new Patience();
        await this.#reopen(connection, error, patience, signal);
      }
    }
  }

  /** From here on a lost connection is made again, because there is something to be lost on the host. */
  persist(): void {
    this.#persistent = true;
  }

  /**
   * Has the host's lock, or takes it: before every effect. Does not go on once `unless` holds, which is
   * asked before each attempt. Errors: `locked`, with who has it, since when and why.
   */
  async lock(
    { holder, waitMs }: LockWish,
    unless: () => Promise<boolean> = () => Promise.resolve(false),
  ): Promise<void> {
    const { signal, onWaiting } = this.#options;
    const started = performance.now();
    let said = '';
    while (!(await unless())) {
      const answer = await this.again((connection) => this.#tryLock(connection, holder));
      if (answer.held) return;
      const mine = answer.holder?.run === holder.run;
      const who = describe(answer.holder);
      if (performance.now() - started >= (mine ? Math.max(ownLeftoverMs, waitMs) : waitMs))
        throw locked(who, answer.holder);
      if (who !== said)
        onWaiting(mine ? 'waiting for what this run has left on the host to end' : `waiting for the lock: ${who}`);
      said = who;
      await wait(1000, undefined, { signal });
    }
  }

  /** While nothing is done there, others may have the host. */
  async unlock(): Promise<void> {
    const locked = this.#locked;
    this.#locked = undefined;
    await locked?.unlock();
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    if (connection === undefined) return;
    this.#connection = undefined;
    if (this.#locked === connection) await connection.unlock().catch(() => undefined);
    this.#locked = undefined;
    await connection.close();
  }

  async #tryLock(connection: Connection, holder: LockHolder): Promise<LockAnswer> {
    if (this.#locked === connection) return { held: true };
    const answer = await connection.lock(holder, { signal: this.#options.signal });
    if (answer.held) this.#locked = connection;
    return answer;
  }

  #open(signal = this.#options.signal): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection;
    if (this.#shellEnds >= mostShellEnds) return Promise.reject(shellKeepsEnding());
    if (this.#unsaid !== undefined) this.#sayLost(this.#unsaid);
    const again = this.#persistent && this.generation > 0;
    return this.#keep(again ? this.#connectPatiently(new Patience(), signal) : this.#connect(signal));
  }

  /** Until it fails, or is lost: one that is lost while the operator reads the plan is made again when it is needed. */
  #keep(opening: Promise<Connection>): Promise<Connection> {
    const forget = (): void => {
      if (this.#connection === opening) this.#connection = undefined;
    };
    opening.then(async (connection) => {
      const error = await connection.closed;
      forget();
      if (error === undefined) return;
      this.#counted(connection, error);
      if (!this.#said.has(connection)) this.#unsaid = connection;
    }, forget);
    this.#connection = opening;
    return opening;
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { transport, target, onConnected } = this.#options;
    const connection = await transport.connect(target, signal);
    this.generation += 1;
    this.#latest = connection;
    this.#since.set(connection, performance.now());
    onConnected(connection);
    return connection;
  }

  /** Many callers may have lost the same connection: the first one makes a new one for all of them. */
  async #reopen(lost: Connection, why: AppError, patience: Patience, signal: AbortSignal): Promise<void> {
    if (this.#latest === lost) {
      this.#latest = undefined;
      this.#sayLost(lost);
      void lost.close().catch(() => undefined);
      void this.#keep(this.#connectPatiently(patience, signal, why));
    }
    await this.#open(signal);
  }

  #sayLost(connection: Connection): void {
    this.#unsaid = undefined;
    if (this.#said.has(connection)) return;
    this.#said.add(connection);
    this.#options.onWaiting(lostSaid);
  }

  /** What a connection has met, once it is known whether the host's shell keeps ending. */
  #counted(connection: Connection, thrown: unknown): AppError {
    const error = toAppError(thrown);
    const since = this.#since.get(connection);
    if (error.code !== 'connection-lost') return error;
    // Many may be told of the end of one connection.
    if (since !== undefined)
      this.#shellEnds = hasShellEnded(error) && performance.now() - since < briefMs ? this.#shellEnds + 1 : 0;
    this.#since.delete(connection);
    return this.#shellEnds >= mostShellEnds ? shellKeepsEnding(error) : error;
  }

  async #connectPatiently(patience: Patience, signal: AbortSignal, lost?: AppError): Promise<Connection> {
    const { reconnectMs, onWaiting } = this.#options;
    for (let error = lost; ;) {
      if (patience.isOver(reconnectMs)) throw givenUp(reconnectMs, error);
      await wait(patience.next() * 1000, undefined, { signal });
      try {
        return await this.#connect(signal);
      } catch (thrown) {
        error = toAppError(thrown);
        if (hasShellEnded(error)) this.#shellEnds += 1;
        if (this.#shellEnds >= mostShellEnds) throw shellKeepsEnding(error);
        if (!passing.has(error.code)) throw error;
        onWaiting(`the connection was lost; trying again: ${oneLine(error.message, 120)}`);
      }
    }
  }
}

/** By itself, whoever was told of it first. */
function hasShellEnded(error: unknown): boolean {
  return error instanceof ShellEnded || (error instanceof Error && hasShellEnded(error.cause));
}

function shellKeepsEnding(error?: AppError): AppError {
  const hint =
    'this is no lost connection: look at what the login does on the host; plimsoll resume goes on once it is put right';
  return new AppError(
    'connection-lost',
    `the host's shell has ended ${String(mostShellEnds)} times in a row, each time within ${String(briefMs / 1000)} s: it is not connected to again`,
    { cause: error, hint },
  );
}

function givenUp(reconnectMs: number, error?: AppError): AppError {
  const message = `the connection was lost and could not be made again within ${String(Math.round(reconnectMs / 1000))} s${error === undefined ? '' : `: ${error.message}`}`;
  return new AppError('connection-lost', message, {
    cause: error,
    hint: 'what was begun on the host goes on there; plimsoll resume follows it',
  });
}

function describe(holder: LockHolder | undefined): string {
  return holder === undefined
    ? 'somebody whose name cannot be read'
    : `run ${holder.run}, by ${holder.by} since ${holder.since}: ${holder.reason}`;
}

function locked(who: string, holder: LockHolder | undefined): AppError {
  const run =
    holder === undefined
      ? ''
      : `; if its laptop is gone and its work is to be followed: ${byHand('plimsoll', 'resume', holder.run)}`;
  return new AppError('locked', `another run has the host: ${who}`, {
    hint: `wait for it with --lock-wait 10m; the lock goes when its holder does, nothing has to be removed by hand${run}`,
  });
}
