import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { Qmp } from './qmp.ts';
import { tied } from './process.ts';

export interface Hardware {
  readonly folder: string; // memory (unless given), disks, console
  readonly name: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly memoryMiB: number;
  /** The file behind the guest's memory. `own` writes to it; otherwise it is read, and changes stay private. */
  readonly memory: { readonly file: string; readonly own: boolean };
  readonly disks: readonly string[]; // qcow2 files: vda, vdb, …
  /** Wait for `restore` instead of booting. */
  readonly frozen: boolean;
}

export interface Qemu {
  readonly port: number;
  readonly qmp: Qmp;
  readonly ended: Promise<string>;
  running(): boolean;
  kill(): Promise<void>;
}

// The clock sources a restored machine would stumble over are off; nothing is verified or printed at boot.
const commandLine = [
  'console=ttyS0',
  'quiet',
  'loglevel=3',
  'rw',
  'mitigations=off',
  'nokaslr',
  'audit=0',
  'selinux=0',
  'apparmor=0',
  'systemd.show_status=0',
  'tsc=unstable',
  'no_timer_check',
].join(' ');

const quoted = (path: string): string => path.replaceAll(',', ',,'); // within a qemu option

function argv(hardware: Hardware, port: number): string[] {
  const { folder, memory } = hardware;
  return [
    '-name',
    quoted(hardware.name),
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-machine',
    'pc,memory-backend=ram',
    '-accel',
    'tcg,thread=multi,tb-size=256',
    '-cpu',
    'qemu64',
    '-smp',
    '2',
    '-m',
    `${String(hardware.memoryMiB)}M`,
    '-object',
    `memory-backend-file,id=ram,size=${String(hardware.memoryMiB)}M,share=${memory.own ? 'on' : 'off'},mem-path=${quoted(memory.file)}`,
    '-kernel',
    hardware.kernel,
    '-initrd',
    hardware.initrd,
    '-append',
    commandLine,
    ...hardware.disks.flatMap((file, index) => [
      '-drive',
      `file=${quoted(file)},if=none,id=d${String(index)},format=qcow2,cache=unsafe,discard=unmap`,
      '-device',
      `virtio-blk-pci,drive=d${String(index)}`,
    ]),
    '-netdev',
    `user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:${String(port)}-:22`,
    '-device',
    'virtio-net-pci,netdev=n0',
    '-object',
    'rng-random,filename=/dev/urandom,id=r0',
    '-device',
    'virtio-rng-pci,rng=r0',
    '-device',
    'vmgenid,guid=auto', // a clone's kernel learns that it is one, and draws new random numbers
    '-serial',
    `file:${quoted(join(folder, 'console.log'))}`,
    '-chardev',
    'stdio,id=qmp,signal=off',
    '-mon',
    'chardev=qmp,mode=control',
    ...(hardware.frozen ? ['-incoming', 'defer'] : []),
  ];
}

/**
 * Starts qemu as a child that dies with this process (or with the worker thread that called), kill -9 included.
 * QMP runs over its standard input and output.
 */
export async function startQemu(hardware: Hardware): Promise<Qemu> {
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    const [file, ...args] = tied(['qemu-system-x86_64', ...argv(hardware, port)]);
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-4000);
    });
    const qmp = new Qmp(child.stdout, child.stdin);
    const ended = new Promise<string>((resolve) => {
      child.on('error', (error) => {
        resolve(error.message);
      });
      child.on('close', () => {
        resolve(stderr.trim());
      });
    });
    void ended.then((said) => {
      qmp.end(new Error(`qemu (${hardware.name}) has ended${said === '' ? '' : `: ${said}`}`));
    });
    const running = (): boolean => child.exitCode === null && child.signalCode === null;
    const kill = async (): Promise<void> => {
      child.kill('SIGKILL');
      await ended;
    };
    try {
      await qmp.execute('qmp_capabilities');
      return { port, qmp, ended, running, kill };
    } catch (error) {
      await kill();
      // The port was free a moment ago; somebody else may have taken it.
      if (tries < 5 && stderr.includes('host forwarding')) continue;
      throw new Error(`qemu did not start: ${stderr.trim()}`, { cause: error });
    }
  }
}

const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

async function migrated(qmp: Qmp): Promise<void> {
  for (;;) {
    const { status, 'error-desc': why } = await qmp.execute('query-migrate');
    if (status === 'completed') return;
    if (status === 'failed' || status === 'cancelled')
      throw new Error(`qemu could not freeze or restore: ${String(why ?? status)}`);
    await sleep(10);
  }
}

// The guest's memory is a file already: only the devices' state has to be written and read.
async function withoutMemory(qmp: Qmp): Promise<void> {
  await qmp.execute('migrate-set-capabilities', { capabilities: [{ capability: 'x-ignore-shared', state: true }] });
}

/** Stops the machine for good and writes the state of its devices. */
export async function freeze(qemu: Qemu, stateFile: string): Promise<void> {
  await qemu.qmp.execute('stop');
  await withoutMemory(qemu.qmp);
  await qemu.qmp.execute('migrate', { uri: `exec:cat > ${shellQuoted(stateFile)}` });
  await migrated(qemu.qmp);
  await qemu.qmp.execute('quit');
  await qemu.ended;
}

export async function restore(qemu: Qemu, stateFile: string): Promise<void> {
  await withoutMemory(qemu.qmp);
  await qemu.qmp.execute('migrate-incoming', { uri: `exec:cat ${shellQuoted(stateFile)}` });
  await migrated(qemu.qmp);
  await qemu.qmp.execute('cont');
}
