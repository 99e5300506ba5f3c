import { createServer, type Socket } from 'node:net';
import { renderLines } from './engine/render-lines.mjs';

/** What the simulated docker asks of this process: starting Node for each call takes longer than the answer. */
export interface EngineServer {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * `bin/render` sends a template and JSON lines, each ended by NUL; it is sent a line with what is wrong, or an empty
 * one, and the text.
 */
export async function startEngineServer(): Promise<EngineServer> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    const chunks: Buffer[] = [];
    let ends = 0;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A tool that is killed in the middle of a question.
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      ends += chunk.filter((byte) => byte === 0).length;
      if (ends === 2) socket.end(answer(Buffer.concat(chunks).toString()));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the engine has no port');
  return {
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function answer(asked: string): string {
  const [template = '', objects = ''] = asked.split('\0');
  const { out, error = '' } = renderLines(template, objects);
  return `${error}\n${out}`;
}
