import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import type { FactRequest } from '../../facts/fact.ts';
import type { Peer } from '../../facts/peer.ts';
import type { ScaledSet } from '../../facts/volumes/scaled-set.ts';
import type {
  Command,
  Connection,
  LockAnswer,
  LockHolder,
  Outcome,
  RunOptions,
  Target,
  Transport,
} from '../../transport/transport.ts';
import { originOf, secretKey, type SecretReference } from '../../values/secret-reference.ts';
import { oneLine } from '../../values/terminal.ts';
import { type LockWish, waitForLock } from './lock-wait.ts';
import { givenUp, isPassing, Patience } from './patience.ts';
import { ShellEnds, shellKeepsEnding } from './shell-ends.ts';

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

/** A connection that was lost after less than this counts as one more attempt to make it. */
const lastingMs = 60_000;
const lostSaid = 'connection lost, trying again';

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
  readonly #locking = new WeakMap<Connection, Promise<LockAnswer>>();
  #persistent = false;
  readonly #shellEnds = new ShellEnds();
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
        {
          hint:
            'age' in reference.secret
              ? 'it was encrypted anew since this was planned (plimsoll secret edit, or rekey): plan again; or go on with the inventory as it was then'
              : 'plan again',
        },
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

  /** Perhaps nothing was asked of the host yet: that it answers at all is known after this. */
  async answers(): Promise<void> {
    const connection = await this.#connection;
    await connection?.ready;
  }

  /** A command that may be run twice is run again over a new connection, once work has begun. */
  async run(command: Command, options?: RunOptions): Promise<Outcome> {
    const once = (connection: Connection): Promise<Outcome> => connection.run(command, options);
    if (command.repeatable === true) return await this.again(once, options?.signal);
    const connection = await this.#open(options?.signal);
    return await once(connection).catch((thrown: unknown) => {
      throw this.#shellEnds.counted(connection, thrown);
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
        const error = this.#shellEnds.counted(connection, thrown);
        if (!this.#persistent || error.code !== 'connection-lost' || signal.aborted || this.#shellEnds.areTooMany)
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
   * Has the host's lock, or takes it: before every effect. Does not go on once `unless` holds, as
   * `waitForLock` has it.
   */
  async lock(wish: LockWish, unless: () => Promise<boolean> = () => Promise.resolve(false)): Promise<void> {
    const tryLock = (): Promise<LockAnswer> => this.again((connection) => this.#tryLock(connection, wish.holder));
    await waitForLock(wish, tryLock, unless, this.#options);
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

  /** Those who ask at the same time ask once. */
  async #tryLock(connection: Connection, holder: LockHolder): Promise<LockAnswer> {
    if (this.#locked === connection) return { held: true };
    const asked = this.#locking.get(connection) ?? connection.lock(holder, { signal: this.#options.signal });
    this.#locking.set(connection, asked);
    try {
      const answer = await asked;
      if (answer.held) this.#locked = connection;
      return answer;
    } finally {
      this.#locking.delete(connection);
    }
  }

  #open(signal = this.#options.signal): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection;
    if (this.#shellEnds.areTooMany) return Promise.reject(shellKeepsEnding());
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
      this.#shellEnds.counted(connection, error);
      if (!this.#said.has(connection)) this.#unsaid = connection;
    }, forget);
    this.#connection = opening;
    return opening;
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { transport, target, onConnected } = this.#options;
    const connection = await transport.connect(target, signal);
    // Of a host that was lost before it is known here whether it is back.
    if (this.generation > 0) await connection.ready;
    this.generation += 1;
    this.#latest = connection;
    this.#shellEnds.made(connection);
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

  async #connectPatiently(patience: Patience, signal: AbortSignal, lost?: AppError): Promise<Connection> {
    const { reconnectMs, onWaiting } = this.#options;
    for (let error = lost; ;) {
      if (patience.isOver(reconnectMs)) throw givenUp(reconnectMs, error);
      await wait(patience.next() * 1000, undefined, { signal });
      try {
        return await this.#connect(signal);
      } catch (thrown) {
        error = this.#shellEnds.countedUnmade(thrown);
        if (this.#shellEnds.areTooMany || !isPassing(error)) throw error;
        onWaiting(`the connection was lost; trying again: ${oneLine(error.message, 120)}`);
      }
    }
  }
}
