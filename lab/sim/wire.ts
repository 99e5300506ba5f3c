import { createServer, connect } from 'node:net';
import type { Socket } from 'node:net';
import { Transform } from 'node:stream';
import type { HostSpec } from './spec.ts';

export type Direction = 'to-host' | 'to-client';

/** What lies between client and host: it can be slow, be cut, and be out of order for a time. */
export interface Wire {
  readonly port: number;
  /** How many chunks have passed on connections that have logged in, since the wire was made. */
  passed(direction: Direction): number;
  /** Cuts the connection instead of passing on this chunk, counted from 1 like `passed`. Once: what comes later passes. */
  cutAt(direction: Direction, chunk: number): void;
  /** How often `cutAt` has cut. */
  cuts(): number;
  /** Cuts every connection, and refuses new ones until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** The host has let somebody in: the connection that comes from this port of ours. */
  loggedIn(port: number): void;
  stop(): Promise<void>;
}

export async function startWire(
  farPort: number,
  { latencyMs = 0, dropAfterBytes = Infinity }: Pick<HostSpec, 'latencyMs' | 'dropAfterBytes'>,
): Promise<Wire> {
  const sockets = new Set<Socket>();
  const inside = new Set<number>();
  const counts: Record<Direction, number> = { 'to-host': 0, 'to-client': 0 };
  let order: { readonly direction: Direction; readonly chunk: number } | undefined;
  let cuts = 0;

  /** Whether the chunk may pass. */
  const count = (direction: Direction, far: Socket): boolean => {
    if (far.localPort === undefined || !inside.has(far.localPort)) return true;
    counts[direction] += 1;
    if (order?.direction !== direction || order.chunk !== counts[direction]) return true;
    order = undefined;
    cuts += 1;
    return false;
  };

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: farPort, host: '127.0.0.1', noDelay: true });
    const cut = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    let sent = 0;
    near
      .pipe(new Gate(() => count('to-host', far), cut))
      .pipe(new Delay(latencyMs / 2))
      .pipe(far);
    const mayGoOn = (chunk: Buffer): boolean => {
      sent += chunk.length;
      return sent <= dropAfterBytes && count('to-client', far);
    };
    far
      .pipe(new Gate(mayGoOn, cut))
      .pipe(new Delay(latencyMs / 2))
      .pipe(near);
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', () => {
        resolve();
      });
    });
  const down = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      for (const socket of sockets) socket.destroy();
    });
  await listen(0);
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the wire has no port');
  const { port } = address;
  return {
    port,
    passed: (direction) => counts[direction],
    cutAt: (direction, chunk) => {
      order = { direction, chunk };
    },
    cuts: () => cuts,
    down,
    up: () => listen(port),
    loggedIn: (clientPort) => inside.add(clientPort),
    stop: () => (server.listening ? down() : Promise.resolve()),
  };
}

class Gate extends Transform {
  readonly #mayPass: (chunk: Buffer) => boolean;
  readonly #cut: () => void;

  constructor(mayPass: (chunk: Buffer) => boolean, cut: () => void) {
    super();
    this.#mayPass = mayPass;
    this.#cut = cut;
  }

  override _transform(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#mayPass(chunk)) this.push(chunk);
    else this.#cut();
    done();
  }
}

/** Everything arrives in order, a little later. */
class Delay extends Transform {
  readonly #milliseconds: number;

  constructor(milliseconds: number) {
    super({ highWaterMark: 1024 * 1024 });
    this.#milliseconds = milliseconds;
  }

  override _transform(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#milliseconds === 0) {
      this.push(chunk);
      done();
      return;
    }
    setTimeout(() => {
      if (!this.destroyed) this.push(chunk);
    }, this.#milliseconds);
    done();
  }

  /** The end takes as long as everything before it. */
  override _flush(done: () => void): void {
    setTimeout(done, this.#milliseconds);
  }
}
