import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2';
import { channelOutputs } from '../../lab/sim/channel-outputs.ts';
import { newKeyPair } from '../../lab/sim/keys.ts';

export interface TestSshServerOptions {
  readonly password?: string;
  /** Replaces the judgement of who may log in; `isKey` is for the key that is authorised. */
  readonly authenticate?: (context: AuthContext, isKey: boolean) => void;
  /** What commands are given to, as sshd gives them to the login shell. */
  readonly loginShell?: readonly [string, ...string[]];
  /** Replaces the execution of a command. */
  readonly onExec?: (command: string, channel: ServerChannel) => void;
  /** How many new TCP connections are closed at once, as sshd does beyond MaxStartups. */
  readonly dropFirst?: number;
  /** What is said to them before. */
  readonly dropWith?: string;
}

/** An SSH server in this process that runs commands in a real shell. It needs nothing but Node. */
export interface TestSshServer {
  readonly address: string;
  readonly port: number;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** `TYPE BASE64` of the host key. */
  readonly hostKey: string;
  readonly directory: string;
  /** How many TCP connections have arrived. */
  accepted(): number;
  /** How many sessions (channels) have been opened. */
  sessions(): number;
  /** Stops reading and answering, as a host whose power is gone: nothing is closed. */
  freeze(): void;
  /** Cuts every connection as a crash would. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startTestSshServer({
  password,
  authenticate,
  loginShell = ['/bin/sh', '-c'],
  onExec,
  dropFirst = 0,
  dropWith,
}: TestSshServerOptions = {}): Promise<TestSshServer> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-ssh-server-'));
  const host = newKeyPair();
  const user = newKeyPair();
  const identityFile = join(directory, 'user_key');
  const knownHostsFile = join(directory, 'known_hosts');
  const authorised = ssh2.utils.parseKey(user.public);
  if (authorised instanceof Error) throw authorised;
  writeFileSync(identityFile, user.private, { mode: 0o600 });
  let accepted = 0;
  let sessions = 0;
  const sockets = new Set<Socket>();

  const server = new ssh2.Server({ hostKeys: [host.private] }, (client: Connection) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      const byKey = context.method === 'publickey' && context.key.data.equals(authorised.getPublicSSH());
      const byPassword = context.method === 'password' && password !== undefined && context.password === password;
      if (authenticate !== undefined) authenticate(context, byKey);
      else if (byKey || byPassword) context.accept();
      else context.reject(password === undefined ? ['publickey'] : ['publickey', 'password']);
    });
    client.on('session', (accept) => {
      sessions += 1;
      accept().on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        channel.on('error', () => undefined);
        if (onExec === undefined) runInShell(loginShell, command, channel);
        else onExec(command, channel);
      });
    });
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      const socket = connect(destPort, destIP);
      socket.on('error', reject);
      socket.on('connect', () => {
        socket.off('error', reject).on('error', () => undefined);
        const channel = accept();
        channel.on('error', () => undefined);
        channel.pipe(socket).pipe(channel);
      });
    });
  });
  const listener = createServer({ noDelay: true }, (socket) => {
    accepted += 1;
    if (accepted <= dropFirst) {
      if (dropWith === undefined) socket.destroy();
      else
        socket
          .on('error', () => undefined)
          .resume()
          .end(dropWith);
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    server.injectSocket(socket);
  });
  const port = await new Promise<number>((resolve, reject) => {
    listener.on('error', reject);
    listener.listen(0, '127.0.0.1', () => {
      const bound = listener.address();
      if (bound === null || typeof bound === 'string') reject(new Error('no port'));
      else resolve(bound.port);
    });
  });
  const hostKey = host.public.split(' ').slice(0, 2).join(' ');
  writeFileSync(knownHostsFile, `[127.0.0.1]:${String(port)} ${hostKey}\n`);
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: '127.0.0.1',
    port,
    identityFile,
    knownHostsFile,
    hostKey,
    directory,
    accepted: () => accepted,
    sessions: () => sessions,
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
    cut,
    stop: async () => {
      cut();
      await new Promise<void>((resolve) => {
        listener.close(() => {
          resolve();
        });
      });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function runInShell([file, ...args]: readonly [string, ...string[]], command: string, channel: ServerChannel): void {
  const child = spawn(file, [...args, command], { stdio: 'pipe' });
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  channel.pipe(child.stdin);
  const outputs = channelOutputs(channel);
  const sent = Promise.all([pipeline(child.stdout, outputs.stdout), pipeline(child.stderr, outputs.stderr)]).catch(
    () => undefined,
  );
  child.on('close', (code, signal) => {
    void sent.then(() => {
      if (code === null) channel.exit(signal ?? 'TERM');
      else channel.exit(code);
      channel.end();
    });
  });
  // sshd closes the pipes of a session whose connection is gone.
  channel.on('close', () => {
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  });
}
