import { connect, type Socket } from 'node:net';
import ssh2, { type IdentityCallback, type ParsedKey } from 'ssh2';
import type { Target } from '../transport.ts';

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
  #keys: Promise<readonly ParsedKey[]> | undefined;

  constructor(socketPath: string, onSilent: OnSilentAgent) {
    this.#sockets = new AgentSockets(socketPath);
    this.#onSilent = onSilent;
  }

  /** Rejects when the agent does not answer within its time. */
  keys(): Promise<readonly ParsedKey[]> {
    this.#keys ??= this.#ask();
    return this.#keys;
  }

  /** The same agent, offering only one of its keys: sshd counts every key offered as an attempt. */
  only(key: ParsedKey): OneKeyAgent {
    return new OneKeyAgent(this.#sockets, key);
  }

  /** What it has not answered is not waited for any more: an open socket would keep the program from ending. */
  close(): void {
    this.#sockets.close();
  }

  #ask(): Promise<readonly ParsedKey[]> {
    return new Promise((resolve, reject) => {
      const agent = new AskedAgent(this.#sockets);
      const timer = setTimeout(() => {
        this.#onSilent(
          `the ssh-agent did not answer within ${String(agentAnswerMs / 1000)} s: connecting without it`,
          this.#sockets.path,
        );
        reject(new Error('no answer'));
        agent.giveUp();
      }, agentAnswerMs);
      agent.getIdentities((error, keys = []) => {
        clearTimeout(timer);
        if (error instanceof Error) reject(error);
        else resolve(keys.filter((key): key is ParsedKey => 'getPublicSSH' in key));
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

  constructor(sockets: AgentSockets, key: ParsedKey) {
    super(sockets);
    this.#key = key;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(undefined, [this.#key]);
  }
}
