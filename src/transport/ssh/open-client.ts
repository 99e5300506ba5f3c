import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import { interruptedConnecting } from '../remote-shell/abort.ts';
import { type Deadline, readInTime } from '../remote-shell/deadline.ts';
import type { Keepalive, Target } from '../transport.ts';
import type { Agents } from './agent.ts';
import { Attempt } from './attempt.ts';
import type { SshClient } from './client.ts';
import { connectError, isDropped } from './connect-error.ts';
import { type Credentials, gatherCredentials } from './credentials.ts';
import { HostKeyCheck, type HostKeyVerifier, type KnownHostsFiles } from './host-keys/host-key.ts';
import type { Identities } from './identities.ts';
import { AnotherAsks, type Person, type Turn } from './person.ts';
import type { StartLimiter } from './start-limiter.ts';

export interface ClientParts {
  readonly keepalive: Keepalive;
  readonly knownHosts: KnownHostsFiles;
  readonly identities: Identities;
  readonly agents: Agents;
  readonly limiter: StartLimiter;
  /** Absent where nobody can be asked. */
  readonly person: Person | undefined;
}

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
  /** For one attempt. */
  readonly verifier: () => HostKeyVerifier;
  readonly route: Route | undefined;
  readonly deadline: Deadline;
  readonly turn: Turn | undefined;
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
  refuseUnserved(target);
  const known = await readInTime(
    target.name,
    `its known_hosts files (${target.knownHostsFiles.join(', ')})`,
    parts.knownHosts.entries(target.knownHostsFiles),
    signal,
  );
  const { identities, agents, person } = parts;
  const credentials = await gatherCredentials(target, identities, agents.of(target), person !== undefined, signal);
  const turn = person?.turn();
  const verifier = (): HostKeyVerifier => new HostKeyCheck(target, known);
  try {
    return await tryToConnect(target, parts, { credentials, verifier, route, deadline, turn }, signal);
  } finally {
    turn?.release();
    for (const { agent } of credentials.usable) agent?.giveUp();
  }
}

/** Goes as far as the server's key, and shows it to a verifier that refuses it. Always rejects. */
export async function meetServer(
  target: Target,
  parts: ClientParts,
  { verifier, ...how }: Pick<Attempts, 'route' | 'deadline'> & { readonly verifier: HostKeyVerifier },
  signal: AbortSignal,
): Promise<unknown> {
  refuseUnserved(target);
  const credentials = { usable: [], problems: [] };
  return await tryToConnect(target, parts, { credentials, verifier: () => verifier, turn: undefined, ...how }, signal);
}

function refuseUnserved({ name, unserved }: Target): void {
  if (unserved !== undefined)
    throw new AppError('unsupported', `${name}: ${unserved.message}`, { hint: unserved.hint });
}

async function tryToConnect(
  target: Target,
  { limiter, keepalive }: ClientParts,
  { credentials, verifier, route, deadline, turn }: Attempts,
  signal: AbortSignal,
): Promise<SshClient> {
  let giveUpAt: number | undefined;
  for (let tries = 1; ; tries += 1) {
    const openSocket = await route?.();
    const report = await limiter.acquire(signal);
    giveUpAt ??= performance.now() + target.connectTimeoutMs;
    const attempt = new Attempt(target, credentials, verifier(), target.keepalive ?? keepalive, turn);
    try {
      const client = await attempt.connect(await openSocket?.(deadline), deadline, signal);
      report('succeeded');
      return client;
    } catch (error) {
      const dropped = error instanceof Error && !(error instanceof AppError) && isDropped(error, attempt.record);
      report(dropped ? 'dropped' : 'failed');
      if (error instanceof AnotherAsks && turn !== undefined) {
        await turn.take(signal);
        continue;
      }
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
