import { connect, type Socket } from 'node:net';
import ssh2, { type IdentityCallback, type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';
import type { Target } from '../transport.ts';
import { askForKeys, type HeldKey } from './agent-keys.ts';
import { hashOf } from './signatures.ts';

type GetStream = Parameters<ssh2.OpenSSHAgent['getStream']>[0];

/** An agent that holds keys answers at once; one that has hung never does. */
export const agentAnswerMs = 3000;

/** Who is told, once, that the agent is gone on without. */
export type OnSilentAgent = (warning: string, socketPath: string) => void;

/** The agents that targets name, each asked once, and the one that runs for everything. */
export class Agents {
  readonly #usual: string | undefined;
  readonly #onSilent: OnSilentAgent;
  readonly #bySocket = new Map<string, Agent>();

  constructor(usual: string | undefined, onSilent: OnSilentAgent) {
    this.#usual = usual;
    this.#onSilent = onSilent;
  }

  /** Undefined where the target may use none, or none runs. */
  of({ agent, agentSocket = this.#usual }: Target): Agent | undefined {
    if (!agent || agentSocket === undefined) return undefined;
    const known = this.#bySocket.get(agentSocket) ?? new Agent(agentSocket, this.#onSilent);
    this.#bySocket.set(agentSocket, known);
    return known;
  }

  close(): void {
    for (const agent of this.#bySocket.values()) agent.close();
  }
}

/** The keys that a running ssh-agent holds, asked for once for all hosts. */
export class Agent {
  readonly #sockets: AgentSockets;
  readonly #onSilent: OnSilentAgent;
  #keys: Promise<readonly HeldKey[]> | undefined;

  constructor(socketPath: string, onSilent: OnSilentAgent) {
    this.#sockets = new AgentSockets(socketPath);
    this.#onSilent = onSilent;
  }

  /** Rejects when the agent does not answer within its time. */
  keys(): Promise<readonly HeldKey[]> {
    this.#keys ??= this.#ask();
    return this.#keys;
  }

  /** The same agent, offering only one of its keys, in one way: sshd counts every key offered as an attempt. */
  only(key: ParsedKey, offered: ParsedKey): OneKeyAgent {
    return new OneKeyAgent(this.#sockets, key, offered);
  }

  /** What it has not answered is not waited for any more: an open socket would keep the program from ending. */
  close(): void {
    this.#sockets.close();
  }

  #ask(): Promise<readonly HeldKey[]> {
    return new Promise((resolve, reject) => {
      const socket = this.#sockets.connect();
      const timer = setTimeout(() => {
        this.#onSilent(
          `the ssh-agent did not answer within ${String(agentAnswerMs / 1000)} s: connecting without it`,
          this.#sockets.path,
        );
        reject(new Error('no answer'));
        socket.destroy();
      }, agentAnswerMs);
      void askForKeys(socket)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          socket.destroy();
        });
    });
  }
}

/** The open conversations with the agent, so that all of them can be ended. */
class AgentSockets {
  readonly path: string;
  readonly #open = new Set<Socket>();

  constructor(path: string) {
    this.path = path;
  }

  connect(): Socket {
    const socket = connect(this.path);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

/** ssh2's agent, over sockets that can be given up at any moment. */
class AskedAgent extends ssh2.OpenSSHAgent {
  readonly #sockets: AgentSockets;
  readonly #mine = new Set<Socket>();

  constructor(sockets: AgentSockets) {
    super(sockets.path);
    this.#sockets = sockets;
  }

  override getStream(callback: GetStream): void {
    const socket = this.#sockets.connect();
    this.#mine.add(socket);
    let answered = false;
    const answer = (error: Error | undefined): void => {
      if (answered) return;
      answered = true;
      if (error === undefined) callback(undefined, socket);
      else callback(error);
    };
    socket.once('connect', () => {
      answer(undefined);
    });
    // Whoever has been given the socket has listeners of its own; this one stays, so that no error goes unheard.
    socket.on('error', answer);
    socket.once('close', () => {
      this.#mine.delete(socket);
      answer(new Error('the connection to the ssh-agent was closed'));
    });
  }

  giveUp(): void {
    for (const socket of this.#mine) socket.destroy();
  }
}

export class OneKeyAgent extends AskedAgent {
  readonly #key: ParsedKey;
  readonly #offered: ParsedKey;
  #failed = false;

  constructor(sockets: AgentSockets, key: ParsedKey, offered: ParsedKey) {
    super(sockets);
    this.#key = key;
    this.#offered = offered;
  }

  /** It was asked to sign, and did not. */
  get failed(): boolean {
    return this.#failed;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(undefined, [this.#offered]);
  }

  override sign(
    _offered: ParsedKey | Buffer | string,
    data: Buffer,
    options?: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): boolean {
    const answer = typeof options === 'function' ? options : callback;
    const hash = hashOf(this.#offered) ?? (typeof options === 'function' ? undefined : options?.hash);
    return super.sign(this.#key, data, hash === undefined ? {} : { hash }, (error, signature) => {
      this.#failed = error instanceof Error;
      // An error would end the whole login in ssh2: the server refuses this, and the next way is tried.
      answer?.(undefined, this.#failed ? Buffer.alloc(64) : signature);
    });
  }
}
