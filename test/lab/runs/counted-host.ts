import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { plimsoll } from '../../support/plimsoll.ts';
import type { Sshd } from '../../support/sshd.ts';
import { startSshd } from '../../support/sshd.ts';

/** What a run has cost its host and the way there. */
export interface Cost {
  /** Processes on the host, sshd's own for the connection among them. */
  readonly processes: number;
  /** Files and directories that `sync` was told to write through. */
  readonly fsyncs: number;
  /** How often the laptop has sent something after it had heard something new: each is a wait of a round trip. */
  readonly roundTrips: number;
  readonly bytesToHost: number;
  readonly bytesFromHost: number;
}

/** So long that what belongs together arrives together. */
const oneWayMs = 40;

/**
 * A real sshd in a process namespace of its own, whose numbers count the processes; on the way there a relay that counts
 * bytes, and is so slow that what was sent without waiting for an answer can be told from what was not.
 */
export class CountedHost {
  readonly #sshd: Sshd;
  readonly #relay: Relay;
  /** The host's own directory. */
  readonly #place: string;
  #runs = 0;

  private constructor(sshd: Sshd, relay: Relay, place: string) {
    this.#sshd = sshd;
    this.#relay = relay;
    this.#place = place;
  }

  static async start(): Promise<CountedHost> {
    const place = mkdtempSync(join(tmpdir(), 'plimsoll-counted-'));
    const sync = execFileSync('sh', ['-c', 'realpath "$(command -v sync)"'], { encoding: 'utf8' }).trim();
    copyFileSync(sync, join(place, 'real-sync'));
    writeFileSync(
      join(place, 'sync'),
      `#!/bin/sh\nfor each do echo fsync >>${place}/fsyncs; done\nexec ${place}/real-sync "$@"\n`,
      { mode: 0o755 },
    );
    writeFileSync(join(place, 'fsyncs'), '');
    const sshd = await startSshd({
      within: [
        ...['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'],
        ...['sh', '-c', 'mount --bind "$1" "$2" && shift 2 && exec "$@"', 'sh', join(place, 'sync'), sync],
      ],
      config: [`SetEnv HOME=${place}`],
    });
    const relay = await Relay.start(sshd.port);
    writeFileSync(join(sshd.directory, 'known'), `[127.0.0.1]:${String(relay.port)} ${sshd.hostKeys[0] ?? ''}\n`);
    writeFileSync(
      join(sshd.directory, 'inventory.yaml'),
      JSON.stringify({
        hosts: {
          web: {
            address: '127.0.0.1',
            port: relay.port,
            user: sshd.user,
            identity_file: sshd.identityFile,
            known_hosts_file: join(sshd.directory, 'known'),
            agent: false,
            state_directory: join(place, 'state'),
          },
        },
      }),
    );
    return new CountedHost(sshd, relay, place);
  }

  /** Runs `plimsoll` on a playbook of these steps, or without steps as it is. */
  async costOf(args: readonly string[], steps: readonly object[] = []): Promise<Cost> {
    const { directory } = this.#sshd;
    const playbook = join(directory, `playbook-${String((this.#runs += 1))}.yaml`);
    writeFileSync(playbook, JSON.stringify({ hosts: 'web', steps }));
    mkdirSync(join(directory, 'home'), { recursive: true });
    writeFileSync(join(this.#place, 'fsyncs'), '');
    this.#relay.forget();
    const before = await this.#lastProcess();
    const { code, stdout, stderr } = await plimsoll(
      [...args, ...(steps.length > 0 ? [playbook] : []), '-i', join(directory, 'inventory.yaml')],
      { HOME: join(directory, 'home'), XDG_STATE_HOME: join(directory, 'home'), SSH_AUTH_SOCK: '' },
    );
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}: ${stdout}${stderr}`);
    const after = await this.#lastProcess();
    return {
      processes: after.last - before.last - after.asked,
      fsyncs: readFileSync(join(this.#place, 'fsyncs'), 'utf8').split('\n').length - 1,
      ...this.#relay.told(),
    };
  }

  /** Asked once what the connection before has started is over. `asked`: how many numbers the asking itself has used up. */
  async #lastProcess(): Promise<{ readonly last: number; readonly asked: number }> {
    const ask = (...argv: readonly string[]): string =>
      execFileSync('nsenter', ['--target', this.#inside(), '--pid', '--mount', ...argv], { encoding: 'utf8' });
    // sshd, and who asks.
    for (let asked = 1; ; asked += 1) {
      const alive = ask('ls', '/proc')
        .split('\n')
        .filter((name) => /^\d+$/.test(name));
      if (alive.length <= 2) return { last: Number(ask('cat', '/proc/sys/kernel/ns_last_pid')), asked: asked + 1 };
      await delay(50);
    }
  }

  /** sshd's number outside of its namespace. */
  #inside(): string {
    const pid = String(this.#sshd.pid);
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  }

  async stop(): Promise<void> {
    await this.#relay.stop();
    await this.#sshd.stop();
    rmSync(this.#place, { recursive: true, force: true });
  }
}

class Relay {
  readonly port: number;
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets: Set<Socket>;
  readonly #count: { roundTrips: number; toHost: number; fromHost: number; heard: boolean };

  private constructor(
    port: number,
    server: ReturnType<typeof createServer>,
    sockets: Set<Socket>,
    count: { roundTrips: number; toHost: number; fromHost: number; heard: boolean },
  ) {
    this.port = port;
    this.#server = server;
    this.#sockets = sockets;
    this.#count = count;
  }

  static async start(to: number): Promise<Relay> {
    const count = { roundTrips: 0, toHost: 0, fromHost: 0, heard: true };
    const sockets = new Set<Socket>();
    const server = createServer((laptop) => {
      const host = connect(to, '127.0.0.1');
      for (const socket of [laptop, host]) {
        socket.setNoDelay(true);
        sockets.add(socket);
        socket.on('error', () => undefined);
      }
      laptop.on('data', (chunk: Buffer) => {
        count.toHost += chunk.length;
        if (count.heard) count.roundTrips += 1;
        count.heard = false;
        setTimeout(() => host.write(chunk), oneWayMs);
      });
      host.on('data', (chunk: Buffer) => {
        count.fromHost += chunk.length;
        setTimeout(() => {
          count.heard = true;
          laptop.write(chunk);
        }, oneWayMs);
      });
      laptop.on('close', () => setTimeout(() => host.end(), oneWayMs));
      host.on('close', () => setTimeout(() => laptop.end(), oneWayMs));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the relay has no port');
    return new Relay(address.port, server, sockets, count);
  }

  forget(): void {
    Object.assign(this.#count, { roundTrips: 0, toHost: 0, fromHost: 0, heard: true });
  }

  told(): Pick<Cost, 'roundTrips' | 'bytesToHost' | 'bytesFromHost'> {
    const { roundTrips, toHost, fromHost } = this.#count;
    return { roundTrips, bytesToHost: toHost, bytesFromHost: fromHost };
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}
