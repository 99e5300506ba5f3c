import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { AnyAuthMethod, Client, KexAlgorithm, Prompt } from 'ssh2';
import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import { interruptedConnecting } from '../remote-shell/abort.ts';
import { type Deadline, moreTime, type Stage } from '../remote-shell/deadline.ts';
import type { Keepalive, Target } from '../transport.ts';
import { onAuthFailure, serverVersion, type SshClient, whenClosed, writeTogether } from './client.ts';
import type { AttemptRecord } from './connect-error.ts';
import type { Credential, Credentials } from './credentials.ts';
import type { HostKeyVerifier } from './host-keys/host-key.ts';
import { Negotiation } from './negotiation.ts';
import { mustBeChanged } from './password.ts';
import { AnotherAsks, type Asking, type Turn } from './person.ts';

/**
 * No SHA-1. diffie-hellman-group-exchange comes last, for a server that has nothing else: it blocks this process for
 * about a second.
 */
const keyExchanges: KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group-exchange-sha256',
];

/** One attempt to connect, and what it has met. */
export class Attempt {
  readonly #target: Target;
  readonly #credentials: Credentials;
  readonly #hostKey: HostKeyVerifier;
  readonly #keepalive: Keepalive;
  readonly #turn: Turn | undefined;
  readonly #tried: Credential[] = [];
  readonly #negotiation = new Negotiation();
  /** What the server has said last: with what one may go on, and whether what was offered was right. */
  #answer: { readonly accepted: readonly string[] | undefined; readonly partial: boolean } = {
    accepted: undefined,
    partial: false,
  };
  readonly #right: Credential[] = [];
  #server = '';
  #reached = false;
  #beforeAuthentication = true;
  /** What was offered last, and has not been answered yet. */
  #offered: Credential | undefined;
  #refusal: AppError | undefined;

  constructor(
    target: Target,
    credentials: Credentials,
    hostKey: HostKeyVerifier,
    keepalive: Keepalive,
    turn: Turn | undefined,
  ) {
    this.#target = target;
    this.#credentials = credentials;
    this.#hostKey = hostKey;
    this.#keepalive = keepalive;
    this.#turn = turn;
  }

  get record(): AttemptRecord {
    const { problems } = this.#credentials;
    return {
      target: this.#target,
      tried: [...new Set(this.#tried.map(wordsFor))],
      right: this.#right.map(({ title }) => title),
      problems,
      accepted: this.#answer.accepted ?? [],
      beforeAuthentication: this.#beforeAuthentication,
      named: this.#server !== '',
      firstWords: this.#negotiation.firstWords,
      lists: this.#negotiation.last,
    };
  }

  async connect(sock: Duplex | undefined, deadline: Deadline, signal: AbortSignal): Promise<SshClient> {
    const { name, address, port, user } = this.#target;
    const ssh = new NodeSSH();
    const ended = new AbortController();
    const giveUp = (error: AppError): void => {
      this.#refusal ??= error;
      client?.destroy();
    };
    const connecting = ssh.connect({
      host: address,
      port,
      username: user,
      ...(sock === undefined ? {} : { sock }),
      // The deadline is ours.
      readyTimeout: 0,
      keepaliveInterval: this.#keepalive.intervalMs,
      keepaliveCountMax: this.#keepalive.count,
      hostVerifier: this.#hostKey.verify,
      authHandler: this.#nextCredential({ giveUp, ...this.#asking(giveUp, deadline, ended.signal) }),
      algorithms: { kex: keyExchanges, serverHostKey: this.#hostKey.algorithms },
      debug: this.#negotiation.debug,
    });
    const client = ssh.connection;
    if (client === null)
      throw await connecting.then(
        () => new Error('no connection'),
        (error: unknown) => error,
      );
    const closed = whenClosed(client);
    void closed.then(() => {
      ended.abort();
    });
    writeTogether(client);
    this.#negotiation.listen(client);
    onAuthFailure(client, (accepted, partial) => {
      this.#answer = { accepted, partial };
    });
    this.#reached = sock !== undefined;
    client.on('connect', () => {
      this.#reached = true;
      client.setNoDelay(true);
    });
    client.on('handshake', () => {
      this.#beforeAuthentication = false;
    });
    client.on('change password', () => {
      this.#refusal ??= mustBeChanged(this.#target);
      client.destroy();
    });
    try {
      await deadline.wait(this.#stage(client), connecting, signal);
    } catch (error) {
      const version = serverVersion(client);
      this.#server = version === 'unknown' ? '' : version;
      client.destroy();
      if (signal.aborted) throw interruptedConnecting(name, error);
      throw this.#refusal ?? this.#hostKey.refusal ?? error;
    }
    return {
      client,
      hostKey: this.#hostKey.fingerprint,
      publicKey: this.#hostKey.publicKey,
      server: serverVersion(client),
      closed,
    };
  }

  /** How far it has come, for when it comes no further. */
  #stage(client: Client): Stage {
    const { name, address, port } = this.#target;
    const place = `${address}:${String(port)}`;
    return {
      failed: () => {
        if (!this.#reached) return `${place} did not answer`;
        if (serverVersion(client) === 'unknown') return `${place} took the connection, but did not answer`;
        if (this.#beforeAuthentication) return `${place} did not answer in the key exchange`;
        if (this.#offered?.agent !== undefined)
          return `the ssh-agent, or the server, did not answer for ${this.#offered.title}`;
        return `${place} did not answer to the login${this.#offered === undefined ? '' : ` with ${this.#offered.title}`}`;
      },
      hint: () => {
        if (this.#offered?.agent !== undefined)
          return moreTime(`Unlock the ssh-agent or start it anew, or set agent: false for ${name}`);
        return moreTime(
          this.#reached
            ? `Look at sshd's log on ${name}`
            : 'Check that the host is up and that no firewall is in between',
        );
      },
    };
  }

  /** The time of the host stands still while it is a person that is waited for, and the host's own runs. */
  #asking(giveUp: Asking['giveUp'], deadline: Deadline, ended: AbortSignal): Pick<Asking, 'ask'> {
    const turn = this.#turn;
    if (turn === undefined) return {};
    const { name, user } = this.#target;
    const askEach = async (prompts: readonly Prompt[]): Promise<string[]> => {
      if (!turn.tryTake()) throw new AnotherAsks(name);
      const resume = deadline.pause();
      try {
        const answers: string[] = [];
        for (const { prompt, echo } of prompts) {
          const question = `${name} asks ${user}: ${oneLine(prompt, 200)} `;
          const signal = AbortSignal.any([ended, AbortSignal.timeout(patienceMs)]);
          answers.push(await turn.ask(question, { hidden: echo !== true, signal }));
        }
        return answers;
      } finally {
        resume();
      }
    };
    return {
      ask: async (prompts) => {
        try {
          return await askEach(prompts);
        } catch (thrown) {
          giveUp(thrown instanceof AppError ? thrown : unanswered(name, thrown));
          throw thrown;
        }
      },
    };
  }

  /**
   * Offers what the server accepts, each credential once, and again what it has refused when it says that another
   * factor was right: then it may accept that. A password is offered once, by one method.
   */
  #nextCredential(asking: Asking): () => AnyAuthMethod | false {
    const { usable } = this.#credentials;
    const right = this.#right;
    let left = usable;
    return () => {
      const { accepted, partial } = this.#answer;
      this.#answer = { accepted, partial: false };
      if (partial && this.#offered !== undefined) {
        right.push(this.#offered);
        left = usable.filter(
          (each) => !right.some(({ of }) => of === each.of) && (isPassword(each) ? left.includes(each) : true),
        );
      }
      this.#offered = undefined;
      const next = left.find(
        ({ kind, isSecond }) =>
          (accepted === undefined || accepted.includes(kind)) && (isSecond !== true || right.length > 0),
      );
      if (next === undefined) return false;
      // Which of its methods the server takes is asked for first: the password is not sent in vain.
      if (accepted === undefined && isPassword(next)) return { type: 'none', username: this.#target.user };
      left = left.filter((each) => each !== next && !(isPassword(next) && isPassword(each)));
      this.#offered = next;
      this.#tried.push(next);
      return next.method(asking);
    };
  }
}

/** sshd waits for as long (LoginGraceTime), unless it is configured otherwise. */
const patienceMs = 120_000;

function unanswered(name: string, cause: unknown): AppError {
  return new AppError('auth-failed', `${name}: what it asked for was not answered in time`, {
    hint: 'Begin anew, and have the code at hand.',
    cause,
  });
}

function wordsFor({ title, agent }: Credential): string {
  return agent?.failed === true ? `${title} (the ssh-agent did not sign)` : title;
}

function isPassword({ kind }: Credential): boolean {
  return kind !== 'publickey';
}
