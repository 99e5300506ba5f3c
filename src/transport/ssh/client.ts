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

/**
 * ssh2 writes the length, the body and the tag of a packet one after the other: what is written in one turn of the event loop
 * is one system call here, and one segment on the way, instead of three of each.
 */
export function writeTogether(client: Client): void {
  const socket = socketOf(client);
  if (socket === undefined) return;
  const write: unknown = Reflect.get(socket, 'write');
  if (typeof write !== 'function') return;
  const together = (...args: readonly unknown[]): unknown => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => {
        socket.uncork();
      });
    }
    return Reflect.apply(write, socket, args);
  };
  Reflect.set(socket, 'write', together);
}

/** ssh2 has it, but not in its public interface. */
export function socketOf(client: Client): Duplex | undefined {
  const socket: unknown = Reflect.get(client, '_sock');
  return socket instanceof Duplex ? socket : undefined;
}

/** Says goodbye; a peer that does not answer any more is not waited for. */
export async function endClient({ client, closed }: SshClient): Promise<void> {
  // After `end` the client's own `destroy` does nothing, so the socket itself is taken.
  const timer = setTimeout(() => {
    socketOf(client)?.destroy();
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

type OnFailure = (accepted: readonly string[], partial: boolean) => void;

/** What the server answers to each way to log in. To keys of an agent ssh2 does not pass it on. */
export function onAuthFailure(client: Client, listener: OnFailure): void {
  const protocol: unknown = Reflect.get(client, '_protocol');
  const handlers: unknown = typeof protocol === 'object' && protocol !== null && Reflect.get(protocol, '_handlers');
  if (typeof handlers !== 'object' || handlers === null) return;
  const handle: unknown = Reflect.get(handlers, 'USERAUTH_FAILURE');
  if (typeof handle !== 'function') return;
  Reflect.set(handlers, 'USERAUTH_FAILURE', (...args: readonly unknown[]): void => {
    const [, accepted, partial] = args;
    if (Array.isArray(accepted)) listener(accepted.map(String), partial === true);
    Reflect.apply(handle, handlers, args);
  });
}
