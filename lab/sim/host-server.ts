import { spawn } from 'node:child_process';
import { createServer, connect } from 'node:net';
import type { Server as NetServer, Socket } from 'node:net';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import ssh2 from 'ssh2';
import type { AuthContext, Connection, ServerChannel, Session } from 'ssh2';
import type { Processes } from './processes.ts';
import type { HostSpec } from './spec.ts';
import { LeadLines, Unlead, lead } from './translate.ts';

export interface HostServerOptions {
  readonly spec: HostSpec;
  /** Where writeHost has put the host. */
  readonly directory: string;
  readonly hostKey: string;
  /** The one public key that may log in. */
  readonly publicKey: string;
  readonly processes: Processes;
}

export interface HostServer {
  readonly port: number;
  stop(): Promise<void>;
}

const bin = join(import.meta.dirname, 'bin');

/** One SSH server on 127.0.0.1 that runs what it is told with the machine's own /bin/sh, among simulated tools. */
export async function startHostServer(options: HostServerOptions): Promise<HostServer> {
  const clients = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [options.hostKey] }, (client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    // A client that goes away in the middle of something is no concern of the host.
    client.on('error', () => clients.delete(client));
    client.on('authentication', (context) => { authenticate(context, options); });
    client.on('session', (accept) => { serve(accept(), options); });
  });
  const port = await listen(server);
  const proxy = options.spec.latencyMs === undefined && options.spec.dropAfterBytes === undefined ? undefined : await startProxy(port, options.spec);
  return {
    port: proxy?.port ?? port,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const client of clients) client.end();
      await proxy?.stop();
      for (const client of clients) client.end();
      await closed;
    },
  };
}

function listen(server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown; once(event: 'error', listener: (error: Error) => void): unknown }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null && 'port' in address && typeof address.port === 'number') resolve(address.port);
      else reject(new Error('the simulated host has no port'));
    });
  });
}

const loginOf = ({ sudo = 'root' }: HostSpec): string => (sudo === 'root' ? 'root' : 'ops');

function authenticate(context: AuthContext, { spec, publicKey }: HostServerOptions): void {
  const allowed = ssh2.utils.parseKey(publicKey);
  const refused = (): void => { context.reject(['publickey']); };
  if (spec.refuseAuthentication === true || context.method !== 'publickey' || context.username !== loginOf(spec) || allowed instanceof Error) {
    refused();
    return;
  }
  if (!allowed.getPublicSSH().equals(context.key.data)) {
    refused();
  } else if (context.signature === undefined || context.blob === undefined) {
    context.accept();
  } else if (allowed.verify(context.blob, context.signature, context.hashAlgo)) {
    context.accept();
  } else {
    refused();
  }
}

function serve(session: Session, options: HostServerOptions): void {
  session.on('env', (accept: (() => void) | undefined) => accept?.());
  session.on('exec', (accept, _reject, { command }) => { run(accept(), command, options); });
}

/** What a program's single line is followed by may be any bytes, which must arrive as they are. */
const bulk = 'read -r p';

function run(channel: ServerChannel, command: string, { spec, directory, processes }: HostServerOptions): void {
  const root = join(directory, 'root');
  const places = { root, withoutDocker: spec.kind === 'no-docker' };
  const child = spawn('/bin/sh', ['-c', lead(command, places)], {
    cwd: root,
    detached: true,
    env: {
      PATH: `${bin}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
      HOME: root,
      SIM_BIN: bin,
      SIM_ROOT: root,
      SIM_STATE: join(directory, 'state'),
      SIM_USER: loginOf(spec),
    },
  });
  processes.add(child);
  const { stdin, stdout, stderr } = child;
  // Whoever closes first, the other end only sees that nothing more comes, as with sshd.
  const ignore = (): void => undefined;
  channel.on('error', ignore);
  stdin.on('error', ignore);
  // No pipeline: it would tear the channel down when the program ends before its input does.
  const led = channel.pipe(new LeadLines(places, command.includes(bulk) ? 1 : Infinity));
  led.pipe(stdin);
  stdin.once('close', () => {
    led.unpipe(stdin);
    led.resume();
  });
  const out = pipeline(stdout, new Unlead(root), channel, { end: false }).catch(ignore);
  const errors = pipeline(stderr, new Unlead(root), channel.stderr, { end: false }).catch(ignore);
  channel.once('close', () => {
    stdin.end();
    // A write of the child then fails with EPIPE; it is not killed.
    stdout.destroy();
    stderr.destroy();
  });
  child.once('error', (error) => {
    channel.stderr.write(`sim: ${error.message}\n`);
    channel.exit(255);
    channel.end();
  });
  child.once('close', (code, signal) => {
    void Promise.all([out, errors]).then(() => {
      if (signal === null) channel.exit(code ?? 255);
      else channel.exit(signal.replace(/^SIG/, ''), false, '');
      channel.end();
    });
  });
}

/** Between client and host: adds latency, cuts connections. */
async function startProxy(port: number, { latencyMs = 0, dropAfterBytes = Infinity }: HostSpec): Promise<HostServer> {
  const sockets = new Set<Socket>();
  const server: NetServer = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    let sent = 0;
    far.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      if (sent > dropAfterBytes) near.destroy();
    });
    near.pipe(new Delay(latencyMs / 2)).pipe(far);
    far.pipe(new Delay(latencyMs / 2)).pipe(near);
  });
  const own = await listen(server);
  return {
    port: own,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => { resolve(); });
        for (const socket of sockets) socket.destroy();
      }),
  };
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
