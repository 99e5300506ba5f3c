import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { AnyAuthMethod, Client, KexAlgorithm } from 'ssh2';
import type { AppError } from '../../errors.ts';
import { interruptedConnecting } from '../remote-shell/abort.ts';
import { type Deadline, moreTime, type Stage } from '../remote-shell/deadline.ts';
import type { Keepalive, Target } from '../transport.ts';
import { serverVersion, type SshClient, whenClosed, writeTogether } from './client.ts';
import type { AttemptRecord } from './connect-error.ts';
import type { Credential, Credentials } from './credentials.ts';
import type { HostKeyCheck } from './host-key.ts';
import { mustBeChanged } from './password.ts';

/** No SHA-1. diffie-hellman-group-exchange is left out: it blocks this process for more than a second per host. */
const keyExchanges: KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
];

/** One attempt to connect, and what it has met. */
export class Attempt {
  readonly #target: Target;
  readonly #credentials: Credentials;
  readonly #hostKey: HostKeyCheck;
  readonly #keepalive: Keepalive;
  readonly #tried: string[] = [];
  #accepted: readonly string[] = [];
  #reached = false;
  #beforeAuthentication = true;
  /** What was offered last, and has not been answered yet. */
  #offered: Credential | undefined;
  #refusal: AppError | undefined;

  constructor(target: Target, credentials: Credentials, hostKey: HostKeyCheck, keepalive: Keepalive) {
    this.#target = target;
    this.#credentials = credentials;
    this.#hostKey = hostKey;
    this.#keepalive = keepalive;
  }

  get record(): AttemptRecord {
    const { problems } = this.#credentials;
    return {
      target: this.#target,
      tried: this.#tried,
      problems,
      accepted: this.#accepted,
      beforeAuthentication: this.#beforeAuthentication,
    };
  }

  async connect(sock: Duplex | undefined, deadline: Deadline, signal: AbortSignal): Promise<SshClient> {
    const { name, address, port, user } = this.#target;
    const ssh = new NodeSSH();
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
      authHandler: this.#nextCredential((error) => {
        this.#refusal ??= error;
        client?.destroy();
      }),
      algorithms: { kex: keyExchanges, serverHostKey: this.#hostKey.algorithms },
    });
    const client = ssh.connection;
    if (client === null)
      throw await connecting.then(
        () => new Error('no connection'),
        (error: unknown) => error,
      );
    const closed = whenClosed(client);
    writeTogether(client);
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

  /**
   * Offers what the server accepts, each credential once, and again what it has refused when it says that another
   * factor was right: then it may accept that. A password is offered once, by one method.
   */
  #nextCredential(
    giveUp: (error: AppError) => void,
  ): (accepted: readonly string[] | null, partial: boolean) => AnyAuthMethod | false {
    const { usable } = this.#credentials;
    const right = new Set<Credential>();
    let left = usable;
    return (accepted, partial) => {
      if (accepted !== null) this.#accepted = accepted;
      if (partial && this.#offered !== undefined) {
        right.add(this.#offered);
        left = usable.filter((each) => !right.has(each) && (isPassword(each) ? left.includes(each) : true));
      }
      this.#offered = undefined;
      const next = left.find(({ kind }) => accepted === null || accepted.includes(kind));
      if (next === undefined) return false;
      // Which of its methods the server takes is asked for first: the password is not sent in vain.
      if (accepted === null && isPassword(next)) return { type: 'none', username: this.#target.user };
      left = left.filter((each) => each !== next && !(isPassword(next) && isPassword(each)));
      this.#offered = next;
      this.#tried.push(next.title);
      return next.method(giveUp);
    };
  }
}

function isPassword({ kind }: Credential): boolean {
  return kind !== 'publickey';
}
