import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeSSH } from 'node-ssh';
import type { AnyAuthMethod, Client, KexAlgorithm } from 'ssh2';
import { AppError } from '../../errors.ts';
import { interruptedConnecting } from '../remote-shell/abort.ts';
import { type Deadline, moreTime, readInTime, type Stage } from '../remote-shell/deadline.ts';
import type { Target } from '../transport.ts';
import type { Agent } from './agent.ts';
import { type AttemptRecord, connectError, isDropped } from './connect-error.ts';
import { type Credential, type Credentials, gatherCredentials } from './credentials.ts';
import { HostKeyCheck, type KnownHostsFiles } from './host-key.ts';
import type { Identities } from './identities.ts';
import type { KnownHost } from './known-hosts.ts';
import { mustBeChanged } from './password.ts';
import type { StartLimiter } from './start-limiter.ts';

/** An authenticated connection to a server whose host key was accepted. */
export interface SshClient {
  readonly client: Client;
  readonly hostKey: string;
  readonly publicKey: string;
  readonly server: string;
  /** Resolves once the connection is gone, with the error that ended it if there was one. */
  readonly closed: Promise<Error | undefined>;
}

/** A peer that leaves this many messages in a row unanswered is taken for dead. */
export interface Keepalive {
  readonly intervalMs: number;
  readonly count: number;
}

export interface ClientParts {
  readonly keepalive: Keepalive;
  readonly knownHosts: KnownHostsFiles;
  readonly identities: Identities;
  readonly agent: Agent | undefined;
  readonly limiter: StartLimiter;
}

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
export const defaultKeepalive: Keepalive = { intervalMs: 15_000, count: 3 };
const goodbyeMs = 2000;
const fewestTries = 6;

/**
 * A way to the target other than a connection of our own. It is asked for before the start is counted:
 * a bastion that had to wait behind the hosts that wait for it would never connect.
 */
export type Route = () => Promise<OpenSocket>;

/** Within the time that the target has. */
type OpenSocket = (deadline: Deadline) => Promise<Duplex>;

/** What a host is connected to with, and the time that is left of what it has. */
interface Attempts {
  readonly credentials: Credentials;
  readonly known: readonly KnownHost[];
  readonly route: Route | undefined;
  readonly deadline: Deadline;
}

/** Connects, again when an overloaded server drops the connection, within the time that the target has. */
export async function openClient(
  target: Target,
  parts: ClientParts,
  route: Route | undefined,
  deadline: Deadline,
  signal: AbortSignal,
): Promise<SshClient> {
  if (signal.aborted) throw interruptedConnecting(target.name);
  const known = await readInTime(
    target.name,
    `its known_hosts files (${target.knownHostsFiles.join(', ')})`,
    parts.knownHosts.entries(target.knownHostsFiles),
    signal,
  );
  const credentials = await gatherCredentials(target, parts.identities, parts.agent, signal);
  try {
    return await tryToConnect(target, parts, { credentials, known, route, deadline }, signal);
  } finally {
    for (const { agent } of credentials.usable) agent?.giveUp();
  }
}

async function tryToConnect(
  target: Target,
  { limiter, keepalive }: ClientParts,
  { credentials, known, route, deadline }: Attempts,
  signal: AbortSignal,
): Promise<SshClient> {
  let giveUpAt: number | undefined;
  for (let tries = 1; ; tries += 1) {
    const openSocket = await route?.();
    const report = await limiter.acquire(signal);
    giveUpAt ??= performance.now() + target.connectTimeoutMs;
    const attempt = new Attempt(target, credentials, new HostKeyCheck(target, known), keepalive);
    try {
      const client = await attempt.connect(await openSocket?.(deadline), deadline, signal);
      report('succeeded');
      return client;
    } catch (error) {
      const dropped = error instanceof Error && !(error instanceof AppError) && isDropped(error, attempt.record);
      report(dropped ? 'dropped' : 'failed');
      if (!(error instanceof Error) || error instanceof AppError) throw error;
      // Drops that come at once cost the host none of its time: a few are always gone through.
      if (!dropped || deadline.isOver || (tries >= fewestTries && performance.now() > giveUpAt))
        throw connectError(error, attempt.record, tries);
    }
    await backOff(target.name, tries, signal);
  }
}

/** The servers' counters fall as others get through; the jitter keeps the retries from coming together. */
async function backOff(host: string, tries: number, signal: AbortSignal): Promise<void> {
  const ceiling = Math.min(2000, 100 * 2 ** tries);
  try {
    await delay(ceiling * (0.5 + Math.random() / 2), undefined, { signal });
  } catch (error) {
    throw interruptedConnecting(host, error);
  }
}

class Attempt {
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

/**
 * node-ssh removes its own error listener once it is connected, and an 'error' event that nobody
 * listens to ends the process: a keepalive time-out would do that. So ours stays for good.
 */
function whenClosed(client: Client): Promise<Error | undefined> {
  let last: Error | undefined;
  client.on('error', (error) => {
    last = error;
  });
  return new Promise((resolve) => {
    client.on('close', () => {
      resolve(last);
    });
  });
}

/** Says goodbye; a peer that does not answer any more is not waited for. */
export async function endClient({ client, closed }: SshClient): Promise<void> {
  // After `end` the client's own `destroy` does nothing, so the socket itself is taken.
  const timer = setTimeout(() => {
    const socket: unknown = Reflect.get(client, '_sock');
    if (socket instanceof Duplex) socket.destroy();
  }, goodbyeMs);
  client.end();
  await closed;
  clearTimeout(timer);
}

/** ssh2 keeps the peer's version string, but not in its public interface. */
function serverVersion(client: Client): string {
  const version: unknown = Reflect.get(client, '_remoteVer');
  return typeof version === 'string' ? version : 'unknown';
}
