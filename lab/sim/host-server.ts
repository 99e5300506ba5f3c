import { pipeline } from 'node:stream/promises';
import ssh2 from 'ssh2';
import type { AuthContext, Connection, ServerChannel, Session } from 'ssh2';
import type { ForcedCommand } from './authorized-keys.ts';
import { forcedCommand } from './authorized-keys.ts';
import { channelOutputs } from './channel-outputs.ts';
import type { HostPlace } from './execute.ts';
import { loginOf, placesOf, startOnHost } from './execute.ts';
import { LeadLines, Unlead } from './translate.ts';
import type { Wire } from './wire.ts';
import { startWire } from './wire.ts';

export interface HostServerOptions extends HostPlace {
  readonly hostKey: string;
  /** The one public key that may log in. */
  readonly publicKey: string;
}

export interface HostServer {
  readonly port: number;
  /** Of a host whose spec asks for one. */
  readonly wire: Wire | undefined;
  stop(): Promise<void>;
}

/** One SSH server on 127.0.0.1 that runs what it is told with the machine's own /bin/sh, among simulated tools. */
export async function startHostServer(options: HostServerOptions): Promise<HostServer> {
  const clients = new Set<Connection>();
  let wire: Wire | undefined;
  const server = new ssh2.Server({ hostKeys: [options.hostKey] }, (client, { port: from, ip }) => {
    let forced: ForcedCommand | undefined;
    clients.add(client);
    // As sshd does: small answers do not wait for one another. (ssh2 has it, its types do not.)
    (client as Connection & { setNoDelay(on: boolean): void }).setNoDelay(true);
    client.on('ready', () => wire?.loggedIn(from));
    client.on('close', () => clients.delete(client));
    // A client that goes away in the middle of something is no concern of the host.
    client.on('error', () => clients.delete(client));
    client.on('authentication', (context) => {
      authenticate(context, options, ip, (found) => {
        forced = found;
      });
    });
    client.on('session', (accept) => {
      serve(accept(), options, forced);
    });
  });
  const port = await listen(server);
  const { latencyMs, dropAfterBytes, wire: wanted = false } = options.spec;
  if (wanted || latencyMs !== undefined || dropAfterBytes !== undefined) wire = await startWire(port, options.spec);
  return {
    port: wire?.port ?? port,
    wire,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const client of clients) client.end();
      await wire?.stop();
      for (const client of clients) client.end();
      await closed;
    },
  };
}

function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
  once(event: 'error', listener: (error: Error) => void): unknown;
}): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null && 'port' in address && typeof address.port === 'number')
        resolve(address.port);
      else reject(new Error('the simulated host has no port'));
    });
  });
}

function authenticate(
  context: AuthContext,
  options: HostServerOptions,
  ip: string,
  onForced: (forced: ForcedCommand) => void,
): void {
  const { spec, publicKey } = options;
  const forced =
    context.method === 'publickey' ? forcedCommand(placesOf(options).root, context.key.data, ip) : undefined;
  const allowed = forced?.key ?? ssh2.utils.parseKey(publicKey);
  if (forced !== undefined) onForced(forced);
  const refused = (): void => {
    context.reject(['publickey']);
  };
  if (
    spec.refuseAuthentication === true ||
    context.method !== 'publickey' ||
    context.username !== loginOf(spec) ||
    allowed instanceof Error
  ) {
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

function serve(session: Session, options: HostServerOptions, forced: ForcedCommand | undefined): void {
  session.on('env', (accept: (() => void) | undefined) => accept?.());
  session.on('exec', (accept, _reject, { command }) => {
    if (forced === undefined) run(accept(), command, options);
    else runForced(accept(), command, forced, options);
  });
}

/** What is asked for is told, and not run. Its bytes are no plimsoll's, and arrive as they are. */
function runForced(
  channel: ServerChannel,
  asked: string,
  { command }: ForcedCommand,
  options: HostServerOptions,
): void {
  const child = startOnHost(options, command, loginOf(options.spec), { SSH_ORIGINAL_COMMAND: asked });
  const ignore = (): void => undefined;
  channel.on('error', ignore);
  child.stdin.on('error', ignore);
  channel.pipe(child.stdin);
  const outputs = channelOutputs(channel);
  const out = pipeline(child.stdout, outputs.stdout).catch(ignore);
  const errors = pipeline(child.stderr, outputs.stderr).catch(ignore);
  channel.once('close', () => {
    child.stdin.end();
    child.stdout.destroy();
    child.stderr.destroy();
  });
  child.once('close', (code) => {
    void Promise.all([out, errors]).then(() => {
      channel.exit(code ?? 255);
      channel.end();
    });
  });
}

/** What a program's single line is followed by may be any bytes, which must arrive as they are. */
const bulk = 'read -r p';

function run(channel: ServerChannel, command: string, options: HostServerOptions): void {
  const places = placesOf(options);
  const { root } = places;
  const child = startOnHost(options, command, loginOf(options.spec));
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
  const outputs = channelOutputs(channel);
  const out = pipeline(stdout, new Unlead(root), outputs.stdout).catch(ignore);
  const errors = pipeline(stderr, new Unlead(root), outputs.stderr).catch(ignore);
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
