import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limit } from '../../../lab/pace.ts';
import { freePort } from '../../../lab/free-port.ts';
import { openStore } from '../../../src/records/open-store.ts';
import type { Store } from '../../../src/records/store.ts';

/** A real etcd of one member on loopback, with a directory and ports of its own. Debian's etcd-server. */
export class EtcdServer {
  readonly directory = mkdtempSync(join(tmpdir(), 'plimsoll-etcd-'));
  readonly #tls: boolean;
  #port = 0;
  #peerPort = 0;
  #process: ReturnType<typeof spawn> | undefined;
  #printed = '';

  private constructor(tls: boolean) {
    this.#tls = tls;
  }

  static async start({ tls = false }: { readonly tls?: boolean } = {}): Promise<EtcdServer> {
    const server = new EtcdServer(tls);
    server.#port = await freePort();
    server.#peerPort = await freePort();
    if (tls) server.#makeCertificates();
    await server.start();
    return server;
  }

  /** Again, after `kill`: on the same port, with the same data. */
  async start(): Promise<void> {
    const [client, peer] = [
      `${this.#tls ? 'https' : 'http'}://${this.endpoint}`,
      `http://127.0.0.1:${String(this.#peerPort)}`,
    ];
    const args = [
      '--name',
      'one',
      '--data-dir',
      join(this.directory, 'data'),
      '--listen-client-urls',
      client,
      '--advertise-client-urls',
      client,
      '--listen-peer-urls',
      peer,
      '--initial-advertise-peer-urls',
      peer,
      '--initial-cluster',
      `one=${peer}`,
    ];
    const secure = [
      '--cert-file',
      this.#file('server.pem'),
      '--key-file',
      this.#file('server.key'),
      '--trusted-ca-file',
      this.#file('ca.pem'),
      '--client-cert-auth',
    ];
    const child = spawn('/usr/bin/etcd', [...args, ...(this.#tls ? secure : [])], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (this.#printed = `${this.#printed}${text}`.slice(-4000)));
    this.#process = child;
    const until = Date.now() + limit(20_000);
    while (this.ctl('endpoint', 'health').status !== 0) {
      if (Date.now() > until || child.exitCode !== null) throw new Error(`etcd does not come up: ${this.#printed}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  get endpoint(): string {
    return `127.0.0.1:${String(this.#port)}`;
  }

  get address(): string {
    return `${this.#tls ? 'etcds' : 'etcd'}://${this.endpoint}`;
  }

  /** What a client must have in its environment. */
  get env(): Readonly<Record<string, string>> {
    return this.#tls
      ? {
          ETCDCTL_CACERT: this.#file('ca.pem'),
          ETCDCTL_CERT: this.#file('client.pem'),
          ETCDCTL_KEY: this.#file('client.key'),
        }
      : {};
  }

  store(env: Readonly<Record<string, string>> = {}): Store {
    return openStore({ records: this.address, env: { ...this.env, ...env }, stateDirectory: this.directory });
  }

  /** Debian's etcdctl. */
  ctl(...args: readonly string[]): {
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
  } {
    const endpoint = `${this.#tls ? 'https' : 'http'}://${this.endpoint}`;
    return spawnSync('/usr/bin/etcdctl', ['--endpoints', endpoint, '--command-timeout', '5s', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ETCDCTL_API: '3', ...this.env },
    });
  }

  /** As a power failure would. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  }

  /** It is there, and answers nobody. */
  async freeze(): Promise<void> {
    this.#process?.kill('SIGSTOP');
    // Its threads stop one after the other.
    const threads = `/proc/${String(this.#process?.pid)}/task`;
    while (
      readdirSync(threads).some((thread) => !/^State:\tT/m.test(readFileSync(`${threads}/${thread}/status`, 'utf8')))
    )
      await new Promise((resolve) => setTimeout(resolve, 10));
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    this.thaw();
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #file(name: string): string {
    return join(this.directory, name);
  }

  #makeCertificates(): void {
    writeFileSync(this.#file('san'), 'subjectAltName=IP:127.0.0.1\n');
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      this.#file('ca.key'),
      '-out',
      this.#file('ca.pem'),
      '-subj',
      '/CN=ca of a test',
      '-days',
      '2',
    );
    for (const name of ['server', 'client']) {
      openssl(
        'req',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-keyout',
        this.#file(`${name}.key`),
        '-out',
        this.#file(`${name}.csr`),
        '-subj',
        `/O=${name}`,
      );
      openssl(
        'x509',
        '-req',
        '-in',
        this.#file(`${name}.csr`),
        '-CA',
        this.#file('ca.pem'),
        '-CAkey',
        this.#file('ca.key'),
        '-CAcreateserial',
        '-out',
        this.#file(`${name}.pem`),
        '-days',
        '2',
        '-extfile',
        this.#file('san'),
      );
    }
  }
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('/usr/bin/openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
}
