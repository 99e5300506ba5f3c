import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AuthContext, type Connection, type KexAlgorithm, type ServerChannel, type Session } from 'ssh2';
import { newKeyPair } from '../../lab/sim/keys.ts';

/** What a host has been told, and how often it was come to. */
export interface Heard {
  connections: number;
  /** Every answer that was given where a password may be: to the method and to questions. */
  readonly passwords: string[];
  /** Everything that arrived on standard input of what was started. */
  input: string;
}

/** Where a host differs from an honest one. What is left out is honest, but for commands: it runs none. */
export interface Behaviour {
  /** The key exchanges that it knows. */
  readonly kex?: KexAlgorithm[];
  /** Has the connection to itself: no SSH is spoken. */
  readonly socket?: (socket: Socket) => void;
  readonly authenticate?: (context: AuthContext, heard: Heard) => void;
  /** Not to call `accept` is never to confirm a channel. */
  readonly session?: (accept: () => Session, reject: () => void) => void;
  readonly exec?: (accept: () => ServerChannel, reject: () => void, command: string, heard: Heard) => void;
  /** Not to call `accept` is never to answer. */
  readonly forward?: (accept: () => ServerChannel, reject: () => void) => void;
}

export interface HostileServer {
  readonly address: string;
  readonly port: number;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  readonly heard: Heard;
  stop(): Promise<void>;
}

/** An SSH server on loopback that behaves as it is told to. It needs nothing but Node. */
export async function startHostileServer(behaviour: Behaviour): Promise<HostileServer> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-hostile-'));
  const [host, user] = [newKeyPair(), newKeyPair()];
  const identityFile = join(directory, 'user_key');
  const knownHostsFile = join(directory, 'known_hosts');
  writeFileSync(identityFile, user.private, { mode: 0o600 });
  const heard: Heard = { connections: 0, passwords: [], input: '' };
  const sockets = new Set<Socket>();

  const server = new ssh2.Server(
    { hostKeys: [host.private], ...(behaviour.kex === undefined ? {} : { algorithms: { kex: behaviour.kex } }) },
    (client: Connection) => {
      client.on('error', () => undefined);
      client.on('authentication', (context) => {
        if (behaviour.authenticate !== undefined) behaviour.authenticate(context, heard);
        else if (context.method === 'publickey') context.accept();
        else context.reject(['publickey']);
      });
      client.on('session', (accept, reject) => {
        if (behaviour.session === undefined) serve(accept(), behaviour, heard);
        else
          behaviour.session(
            () => serve(accept(), behaviour, heard),
            () => {
              reject();
            },
          );
      });
      client.on('tcpip', (accept, reject) => {
        behaviour.forward?.(accept, () => {
          reject();
        });
      });
    },
  );
  const listener = createServer({ noDelay: true }, (socket) => {
    heard.connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    if (behaviour.socket === undefined) server.injectSocket(socket);
    else behaviour.socket(socket);
  });
  const port = await new Promise<number>((resolve, reject) => {
    listener.on('error', reject);
    listener.listen(0, '127.0.0.1', () => {
      const bound = listener.address();
      if (bound === null || typeof bound === 'string') reject(new Error('no port'));
      else resolve(bound.port);
    });
  });
  writeFileSync(knownHostsFile, `[127.0.0.1]:${String(port)} ${host.public.split(' ').slice(0, 2).join(' ')}\n`);
  return {
    address: '127.0.0.1',
    port,
    identityFile,
    knownHostsFile,
    heard,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        listener.close(() => {
          resolve();
        });
      });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function serve(session: Session, { exec }: Behaviour, heard: Heard): Session {
  session.on('exec', (accept, reject, { command }) => {
    const open = (): ServerChannel => {
      const channel = accept();
      channel.on('error', () => undefined);
      channel.on('data', (chunk: Buffer) => {
        heard.input += chunk.toString('latin1');
      });
      return channel;
    };
    exec?.(
      open,
      () => {
        reject();
      },
      command,
      heard,
    );
  });
  return session;
}
