import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { limit } from '../pace.ts';
import { cacheRoot, isFilled, keyPair } from './cache.ts';
import { goldenSlot, readGolden } from './golden.ts';
import { imageSlot, readImage } from './image.ts';
import { kinds, kindSpecs, type Kind } from './kinds.ts';
import { run, versionLine, type Result } from './process.ts';
import { restore, startQemu, type Qemu } from './qemu.ts';
import { Ssh } from './ssh.ts';

export { kinds, type Kind } from './kinds.ts';
export type { Result } from './process.ts';

/** Every user takes the lab's key, and these passwords. `ops` may use sudo without a password, `plain` not at all. */
export const passwords = { root: 'root-pass', ops: 'ops-pass', opspw: 's3cret pw', plain: 'plain-pass' } as const;

export interface Machine {
  readonly kind: Kind;
  readonly name: string;
  readonly address: '127.0.0.1';
  readonly port: number;
  /** The private key for every user. */
  readonly keyFile: string;
  /** A known_hosts file with exactly this machine's line. */
  readonly knownHosts: string;
  /** What the kernel wrote to its console since the machine was cloned. */
  readonly consoleLog: string;
  /** Runs a shell command (as root unless told otherwise); a non-zero exit is a result like any other. */
  exec(
    command: string,
    options?: { readonly user?: string; readonly stdin?: string; readonly timeoutMs?: number },
  ): Promise<Result>;
  /** Runs a shell command as root which must succeed, and gives its standard output. */
  sh(command: string): Promise<string>;
  /** A power cycle as if the plug had been pulled; returns when ssh and docker answer again. */
  hardReset(): Promise<void>;
  /** Ends the machine and removes its disks. */
  stop(): Promise<void>;
}

/** Undefined when machines of every kind can be spawned here; else a sentence that says what provides them. */
export function missing(): string | undefined {
  const provided = 'run `npm run lab:setup` (Debian, as root)';
  const tools = [
    ['qemu-system-x86_64', '--version'],
    ['qemu-img', '--version'],
    ['ssh', '-V'],
    ['setpriv', '--version'],
  ] as const;
  const absent = tools.filter((argv) => versionLine(argv) === undefined).map(([name]) => name);
  if (absent.length > 0) return `the lab's machines need ${absent.join(', ')}: ${provided}`;
  const unbuilt = kinds.filter((kind) => {
    const slot = goldenSlot(kind);
    const image = imageSlot(kindSpecs[kind].suite);
    return slot === undefined || image === undefined || !isFilled(slot) || !isFilled(image);
  });
  if (unbuilt.length > 0)
    return `the lab's machines (${unbuilt.join(', ')}) are not built in ${cacheRoot()}: ${provided}`;
  return undefined;
}

interface Owner {
  readonly pid: number;
  readonly started: string;
  readonly sockets: string;
}

/** When a process began, in clock ticks since boot: together with its id it names one process for good. */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Removes the disks of machines whose process was killed before it could. */
function sweep(): void {
  const folder = join(cacheRoot(), 'run');
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    try {
      const owner = JSON.parse(readFileSync(join(folder, name, 'owner.json'), 'utf8')) as Owner;
      if (startOf(owner.pid) === owner.started) continue;
      if (basename(owner.sockets).startsWith('plimsoll-')) rmSync(owner.sockets, { recursive: true, force: true });
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // being made or removed by another process at this moment
    }
  }
}

/** Clones the frozen machine of a kind: dockerd and its container run, and ssh answers. */
export async function spawnMachine(
  kind: Kind,
  options: { readonly name?: string; readonly signal?: AbortSignal } = {},
): Promise<Machine> {
  const { signal } = options;
  signal?.throwIfAborted();
  const slot = goldenSlot(kind);
  const imageAt = imageSlot(kindSpecs[kind].suite);
  if (slot === undefined || imageAt === undefined || !isFilled(slot) || !isFilled(imageAt)) {
    throw new Error(missing() ?? `the machine ${kind} cannot be spawned`);
  }
  sweep();
  const golden = readGolden(kind, slot);
  const image = await readImage(imageAt);
  const name = options.name ?? kind;
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    throw new Error(`"${name}" is no host name: use a-z, 0-9 and -`);

  // Sockets have short names only; disks may be large, and /tmp may be memory.
  const sockets = await mkdtemp(join(tmpdir(), 'plimsoll-'));
  const runs = join(cacheRoot(), 'run');
  await mkdir(runs, { recursive: true });
  const folder = await mkdtemp(join(runs, `${name}-`));
  const owner: Owner = { pid: process.pid, started: startOf(process.pid) ?? '', sockets };
  await writeFile(join(folder, 'owner.json'), JSON.stringify(owner));

  let qemu: Qemu | undefined;
  let ssh: Ssh | undefined;
  let stopping: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    await ssh?.close();
    await qemu?.kill();
    await rm(folder, { recursive: true, force: true });
    await rm(sockets, { recursive: true, force: true });
  };
  const stop = (): Promise<void> => (stopping ??= end());
  const onAbort = (): void => {
    void stop();
  };

  try {
    const disks = await Promise.all(
      golden.disks.map(async (from) => {
        const disk = join(folder, basename(from));
        await run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', from, disk]);
        return disk;
      }),
    );
    qemu = await startQemu({
      folder,
      name,
      kernel: image.kernel,
      initrd: image.initrd,
      memoryMiB: kindSpecs[kind].memoryMiB,
      memory: { file: golden.memory, own: false },
      disks,
      frozen: true,
    });
    const { qmp, running, port } = qemu;
    signal?.addEventListener('abort', onAbort);
    signal?.throwIfAborted();
    const knownHosts = join(folder, 'known_hosts');
    await writeFile(knownHosts, `[127.0.0.1]:${String(port)} ${image.hostKey}\n`);
    const { keyFile } = keyPair();
    const link = new Ssh({ port, keyFile, knownHosts }, sockets);
    ssh = link;
    const gone = (): string | undefined => {
      if (signal?.aborted === true) return 'spawning was aborted';
      return running() ? undefined : `the machine ${name} has ended`;
    };

    const sh = async (command: string): Promise<string> => {
      const result = await link.exec(command);
      if (result.code === 0) return result.stdout;
      throw new Error(`${name}: ${command}\nexited ${String(result.code)}: ${result.stderr.trim()}`);
    };
    // Clones wake up with one state of the kernel's random numbers, and not every kernel draws new ones by itself: two
    // of them made containers of one id. RNDRESEEDCRNG takes what was written at once (linux/random.h).
    const reseed = `cat > /dev/urandom && perl -e 'open my $r, "+<", "/dev/urandom" or die; ioctl $r, 0x5207, 0 or die'`;
    // The clone's clock stands where it was frozen.
    const setClock = (): string => `date -s @${(Date.now() / 1000).toFixed(3)} > /dev/null`;

    await restore(qemu, golden.state);
    await link.ready(limit(120_000), gone);
    const seeded = await link.exec(reseed, { stdin: randomBytes(64).toString('hex') });
    if (seeded.code !== 0)
      throw new Error(`${name}: its random numbers are those of every clone: ${seeded.stderr.trim()}`);
    await sh(`${setClock()}; hostname ${name}; echo ${name} > /etc/hostname
      printf '127.0.0.1 localhost\\n127.0.1.1 ${name}\\n' > /etc/hosts; sync /etc/hostname /etc/hosts`);
    signal?.throwIfAborted();

    return {
      kind,
      name,
      address: '127.0.0.1',
      port,
      keyFile,
      knownHosts,
      consoleLog: join(folder, 'console.log'),
      exec: (command, how) => link.exec(command, how),
      sh,
      stop,
      hardReset: async () => {
        const reset = qmp.event('RESET');
        await qmp.execute('system_reset');
        await reset;
        await link.close();
        await link.ready(limit(300_000), gone);
        await sh(setClock());
        const deadline = Date.now() + limit(300_000);
        for (;;) {
          const answer = await link.exec('docker version --format {{.Server.Version}}', { timeoutMs: limit(60_000) });
          if (answer.code === 0) return;
          const why = gone();
          if (why !== undefined || Date.now() > deadline) {
            throw new Error(`${name}: docker does not answer after the power cycle: ${why ?? answer.stderr.trim()}`);
          }
          await sleep(500);
        }
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
