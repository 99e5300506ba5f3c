import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Sshd } from '../test/support/sshd.ts';
import { startSshd } from '../test/support/sshd.ts';
import { firstPrograms } from './namespaces.ts';

/** Many addresses of one real sshd, whose sessions find recorded tools on their PATH. */
export interface Hosts {
  readonly addresses: readonly string[];
  readonly user: string;
  readonly port: number;
  readonly identityFile: string;
  /** PATH of the sessions. */
  readonly path: string;
  /** For files of the contenders; removed at the end. */
  readonly directory: string;
  /** A known_hosts file with the addresses at this port. */
  knownHosts(port: number): string;
  /** From now on every call of a recorded tool is noted. */
  noteCalls(): void;
  /** The tools that were called since, by the address of the host, sorted; no longer noted. */
  takeCalls(): ReadonlyMap<string, readonly string[]>;
  /** Resolves when no connection is left over from the contender before. */
  quiet(): Promise<void>;
  stop(): Promise<void>;
}

/** For all contenders alike: nobody is to be turned away by the one sshd that stands for many. */
export const serverSettings = [
  'MaxStartups 200:30:400',
  'MaxSessions 10',
  'UseDNS no',
  'PrintMotd no',
  'PrintLastLog no',
];

const tools = ['docker', 'dmsetup', 'blockdev', 'df', 'xfs_io', 'systemctl'];

export async function startHosts(count: number): Promise<Hosts> {
  const addresses = Array.from(
    { length: count },
    (_, index) => `127.0.${2 + Math.floor(index / 250)}.${1 + (index % 250)}`,
  );
  const place = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const host = join(place, 'host');
  const path = `${firstPrograms}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  mkdirSync(join(host, 'home'), { recursive: true });
  recordTools(host);
  // A home of its own, so that no start-up file of this machine's user slows down those who open many sessions.
  const sshd: Sshd = await startSshd({
    listen: ['0.0.0.0'],
    config: [...serverSettings, 'LogLevel INFO', `SetEnv PATH=${path} HOME=${host}/home`],
  }).catch((error: unknown) => {
    rmSync(place, { recursive: true, force: true });
    throw error;
  });
  const calls = join(host, 'calls');
  return {
    addresses,
    user: sshd.user,
    port: sshd.port,
    identityFile: sshd.identityFile,
    path,
    directory: place,
    knownHosts(port) {
      const file = join(place, `known_hosts.${port}`);
      writeFileSync(
        file,
        addresses.flatMap((address) => sshd.hostKeys.map((key) => `[${address}]:${port} ${key}\n`)).join(''),
      );
      return file;
    },
    noteCalls: () => {
      writeFileSync(calls, '');
    },
    takeCalls() {
      const text = readFileSync(calls, 'utf8');
      rmSync(calls);
      return byAddress(text);
    },
    quiet,
    stop: async () => {
      await sshd.stop();
      rmSync(place, { recursive: true, force: true });
    },
  };
}

function recordTools(host: string): void {
  const recorded = join(import.meta.dirname, 'answers');
  mkdirSync(join(host, 'answers'));
  const standIn = readFileSync(join(import.meta.dirname, 'stand-in'), 'utf8');
  writeFileSync(join(host, 'stand-in'), standIn.replace('host=${0%/*}', `host=${host}`), { mode: 0o755 });
  for (const tool of tools) symlinkSync(join(host, 'stand-in'), join(firstPrograms, tool));
  // The recorded container runs as this very process, and Docker's directory lies among our own files.
  for (const name of readdirSync(recorded)) {
    const text = readFileSync(join(recorded, name), 'utf8')
      .replaceAll('/var/lib/docker', `${host}/docker`)
      .replaceAll('9000000001', String(process.pid));
    writeFileSync(join(host, 'answers', name), text);
  }
  const device = /"DeviceName":"([^"]+)"/.exec(readFileSync(join(recorded, 'docker-inspect'), 'utf8'))?.[1] ?? '';
  const metadata = join(host, 'docker', 'devicemapper', 'metadata');
  mkdirSync(metadata, { recursive: true });
  writeFileSync(join(metadata, device.slice(device.lastIndexOf('-') + 1)), readFileSync(join(recorded, 'record')), {
    mode: 0o600,
  });
  const bytes = Number(readFileSync(join(recorded, 'blockdev'), 'utf8'));
  writeFileSync(join('/dev/mapper', device), xfsSuperblock(bytes));
}

/** What is read of a device: magic, block size, number of blocks; the rest does not matter here. */
function xfsSuperblock(bytes: number): Buffer {
  const blockSize = 4096;
  const block = Buffer.alloc(blockSize);
  block.write('XFSB', 0, 'latin1');
  block.writeUInt32BE(blockSize, 4);
  block.writeBigUInt64BE(BigInt(bytes / blockSize), 8);
  return block;
}

/** Lines are `CLIENT PORT SERVER PORT TOOL ARGUMENT`; the server's address says which host it was. */
function byAddress(text: string): ReadonlyMap<string, readonly string[]> {
  const calls = new Map<string, string[]>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, , address = '', , ...call] = line.split(' ');
    calls.set(address, [...(calls.get(address) ?? []), call.join(' ')].sort());
  }
  return calls;
}

/** The loopback interface is ours alone, so that every connection on it is a contender's. */
async function quiet(): Promise<void> {
  for (let waited = 0; waited < 300; waited += 1) {
    const established = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .filter((line) => line.trim().split(/\s+/)[3] === '01');
    if (established.length === 0) return;
    await delay(100);
  }
  throw new Error('connections of the contender before are still open after 30 s');
}
