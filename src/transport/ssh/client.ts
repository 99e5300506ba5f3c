import { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { Keepalive } from '../transport.ts';

/** An authenticated connection to a server whose host key was accepted. */
export interface SshClient {
  readonly client: Client;
  readonly hostKey: string;
  readonly publicKey: string;
  readonly server: string;
  /** Resolves once the connection is gone, with the error that ended it if there was one. */
  readonly closed: Promise<Error | undefined>;
}

export const defaultKeepalive: Keepalive = { intervalMs: 15_000, count: 3 };
const goodbyeMs = 2000;

/**
 * node-ssh removes its own error listener once it is connected, and an 'error' event that nobody
 * listens to ends the process: a keepalive time-out would do that. So ours stays for good.
 */
export function whenClosed(client: Client): Promise<Error | undefined> {
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
export function serverVersion(client: Client): string {
  const version: unknown = Reflect.get(client, '_remoteVer');
  return typeof version === 'string' ? version : 'unknown';
}
