import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface HostileAgent {
  readonly socket: string;
  /** How many conversations have been begun with it. */
  asked(): number;
  stop(): Promise<void>;
}

/** A socket that is taken for an ssh-agent: it takes every connection and does what it is told to. */
export async function startHostileAgent(serve: (socket: Socket) => void = () => undefined): Promise<HostileAgent> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-agent-'));
  const path = join(directory, 'agent');
  const open = new Set<Socket>();
  let asked = 0;
  const server = createServer((socket) => {
    asked += 1;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.resume();
    serve(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  return {
    socket: path,
    asked: () => asked,
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Says that it holds a key, and never signs with it. */
export function startAgentThatNeverSigns(publicKey: Buffer): Promise<HostileAgent> {
  const text = (value: Buffer): Buffer => Buffer.concat([length(value.length), value]);
  const length = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const identities = Buffer.concat([Buffer.from([12]), length(1), text(publicKey), text(Buffer.from('a key'))]);
  return startHostileAgent((socket) => {
    socket.once('data', (request: Buffer) => {
      if (request[4] === 11) socket.write(text(identities));
    });
  });
}
