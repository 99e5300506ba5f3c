import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeSSH } from 'node-ssh';
import type { AnyAuthMethod, Client, KexAlgorithm } from 'ssh2';
import { AppError } from '../../errors.ts';
import { whenAborted } from '../shell/abort.ts';
import type { Target } from '../transport.ts';
import type { Agent } from './agent.ts';
import { type AttemptRecord, connectError, isDropped } from './connect-error.ts';
import { type Credentials, gatherCredentials } from './credentials.ts';
import { HostKeyCheck, type KnownHostsFiles } from './host-key.ts';
import type { Identities } from './identities.ts';
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

/** diffie-hellman-group-exchange is left out: it blocks this process for more than a second per host. */
const keyExchanges: KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group14-sha1',
];
export const defaultKeepalive: Keepalive = { intervalMs: 15_000, count: 3 };
const goodbyeMs = 2000;
const fewestTries = 6;

/**
 * A way to the target other than a connection of our own. It is asked for before the start is counted:
 * a bastion that had to wait behind the hosts that wait for it would never connect.
 */
export type Route = () => Promise<() => Promise<Duplex>>;

/** Connects, again when an overloaded server drops the connection, within the target's connectTimeoutMs. */
export async function openClient(target: Target, parts: ClientParts, route: Route | undefined, signal: AbortSignal): Promise<SshClient> {
  if (signal.aborted) throw new AppError('interrupted', `${target.name}: interrupted while connecting`);
  const known = await parts.knownHosts.entries(target.knownHostsFiles);
  const credentials = await gatherCredentials(target, parts.identities, parts.agent);
  let giveUpAt: number | undefined;
  for (let tries = 1; ; tries += 1) {
    const openSocket = await route?.();
    const report = await parts.limiter.acquire(signal);
    giveUpAt ??= performance.now() + target.connectTimeoutMs;
    const attempt = new Attempt(target, credentials, new HostKeyCheck(target, known), parts.keepalive);
    try {
      const client = await attempt.connect(await openSocket?.(), signal);
      report('succeeded');
      return client;
    } catch (error) {
      const dropped = error instanceof Error && !(error instanceof AppError) && isDropped(error, attempt.record);
      report(dropped ? 'dropped' : 'failed');
      if (!(error instanceof Error) || error instanceof AppError) throw error;
      if (!dropped || (tries >= fewestTries && performance.now() > giveUpAt)) throw connectError(error, attempt.record, tries);
    }
    await backOff(tries, signal);
  }
}

/** The servers' counters fall as others get through; the jitter keeps the retries from coming together. */
async function backOff(tries: number, signal: AbortSignal): Promise<void> {
  const ceiling = Math.min(2000, 100 * 2 ** tries);
  try {
    await delay(ceiling * (0.5 + Math.random() / 2), undefined, { signal });
  } catch (error) {
    throw new AppError('interrupted', 'interrupted while connecting', { cause: error });
  }
}

class Attempt {
  readonly #target: Target;
  readonly #credentials: Credentials;
  readonly #hostKey: HostKeyCheck;
  readonly #keepalive: Keepalive;
  readonly #tried: string[] = [];
  #accepted: readonly string[] = [];
  #beforeAuthentication = true;

  constructor(target: Target, credentials: Credentials, hostKey: HostKeyCheck, keepalive: Keepalive) {
    this.#target = target;
    this.#credentials = credentials;
    this.#hostKey = hostKey;
    this.#keepalive = keepalive;
  }

  get record(): AttemptRecord {
    const { problems } = this.#credentials;
    return { target: this.#target, tried: this.#tried, problems, accepted: this.#accepted, beforeAuthentication: this.#beforeAuthentication };
  }

  async connect(sock: Duplex | undefined, signal: AbortSignal): Promise<SshClient> {
    const { name, address, port, user, connectTimeoutMs } = this.#target;
    const ssh = new NodeSSH();
    const connecting = ssh.connect({
      host: address,
      port,
      username: user,
      ...(sock === undefined ? {} : { sock }),
      readyTimeout: connectTimeoutMs,
      keepaliveInterval: this.#keepalive.intervalMs,
      keepaliveCountMax: this.#keepalive.count,
      hostVerifier: this.#hostKey.verify,
      authHandler: this.#nextCredential(),
      algorithms: { kex: keyExchanges, serverHostKey: this.#hostKey.algorithms },
    });
    const client = ssh.connection;
    if (client === null) throw await connecting.then(() => new Error('no connection'), (error: unknown) => error);
    const closed = whenClosed(client);
    client.on('connect', () => { client.setNoDelay(true); });
    client.on('handshake', () => { this.#beforeAuthentication = false; });
    const forget = whenAborted(signal, () => { client.destroy(); });
    try {
      await connecting;
    } catch (error) {
      client.destroy();
      if (signal.aborted) throw new AppError('interrupted', `${name}: interrupted while connecting`, { cause: error });
      throw this.#hostKey.refusal ?? error;
    } finally {
      forget();
    }
    return { client, hostKey: this.#hostKey.fingerprint, publicKey: this.#hostKey.publicKey, server: serverVersion(client), closed };
  }

  /** Offers each credential once, leaving out the methods that the server has said it does not take. */
  #nextCredential(): (accepted: readonly string[] | null) => AnyAuthMethod | false {
    const left = [...this.#credentials.usable];
    return (accepted) => {
      if (accepted !== null) this.#accepted = accepted;
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const wireName = next.method.type === 'agent' ? 'publickey' : next.method.type;
        if (accepted !== null && !accepted.includes(wireName)) continue;
        this.#tried.push(next.title);
        return next.method;
      }
      return false;
    };
  }
}

/**
 * node-ssh removes its own error listener once it is connected, and an 'error' event that nobody
 * listens to ends the process: a keepalive time-out would do that. So ours stays for good.
 */
function whenClosed(client: Client): Promise<Error | undefined> {
  let last: Error | undefined;
  client.on('error', (error) => { last = error; });
  return new Promise((resolve) => {
    client.on('close', () => { resolve(last); });
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
