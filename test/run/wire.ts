import { AppError } from '../../src/errors.ts';
import type {
  Command,
  Connection,
  LockHolder,
  Outcome,
  RunOptions,
  Target,
  Transport,
} from '../../src/transport/transport.ts';

export interface WireHooks {
  /** Before a command is sent; it may throw, wait, cut the connection, or change the host. */
  readonly before?: (host: string, command: Command) => void | Promise<void>;
  /** Once it has been answered, and before the answer arrives: when the connection is cut here, it does not. */
  readonly after?: (host: string, command: Command) => void | Promise<void>;
  /** Whatever has become of it. */
  readonly answered?: () => void;
}

const nothing = new Promise<never>(() => undefined);

/** Connections that can be cut at any moment; what runs at their other end goes on. */
export class Wire implements Transport {
  /** Hosts that cannot be reached for the time being. */
  readonly away: Set<string>;
  /** What goes wrong with the next connections. */
  readonly refusals: AppError[] = [];
  /** How many connections were made. */
  connected = 0;
  readonly #inner: Transport;
  readonly #hooks: WireHooks;
  readonly #open = new Map<string, Connection[]>();
  #dead = false;

  constructor(inner: Transport, hooks: WireHooks = {}, away = new Set<string>()) {
    this.#inner = inner;
    this.#hooks = hooks;
    this.away = away;
  }

  isDead(): boolean {
    return this.#dead;
  }

  async connect(target: Target, signal: AbortSignal): Promise<Connection> {
    if (this.isDead()) return nothing;
    const refusal = this.away.has(target.name)
      ? new AppError('unreachable', `${target.name} is away`)
      : this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    const connection = await this.#inner.connect(target, signal);
    this.connected += 1;
    this.#open.set(target.name, [...(this.#open.get(target.name) ?? []), connection]);
    return this.#watched(target.name, connection);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  cut(host: string): void {
    for (const connection of this.#open.get(host)?.splice(0) ?? []) void connection.close();
  }

  /** The laptop is gone: everything is cut, and nothing that is waited for comes any more. */
  die(): void {
    this.#dead = true;
    for (const host of this.#open.keys()) this.cut(host);
  }

  #watched(host: string, connection: Connection): Connection {
    const lost = (): boolean => this.#open.get(host)?.includes(connection) !== true;
    const run = async (command: Command, options?: RunOptions): Promise<Outcome> => {
      if (this.isDead()) return nothing;
      try {
        await this.#hooks.before?.(host, command);
        const outcome = await connection.run(command, options);
        await this.#hooks.after?.(host, command);
        if (lost()) throw new AppError('connection-lost', `${host}: the connection was cut before the answer arrived`);
        return outcome;
      } finally {
        this.#hooks.answered?.();
        if (this.isDead()) await nothing;
      }
    };
    return {
      info: connection.info,
      get ready() {
        return connection.ready;
      },
      closed: connection.closed,
      run,
      lock: (holder: LockHolder, options) => (this.isDead() ? nothing : connection.lock(holder, options)),
      unlock: () => connection.unlock(),
      stream: async (command, io, options) => {
        await this.#hooks.before?.(host, command);
        // A process of this machine knows its status although nobody would have heard of it.
        return await connection.stream(command, io, options).finally(() => {
          if (lost()) throw new AppError('connection-lost', `${host}: the connection was cut`);
        });
      },
      close: () => connection.close(),
    };
  }
}
