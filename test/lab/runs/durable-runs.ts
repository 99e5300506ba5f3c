import { spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Machine } from '../../../lab/vm/machine.ts';
import type { LabFleet } from '../lab-fleet.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Started {
  readonly pid: number;
  /** As a power failure of the laptop would: nothing is said, nothing is tidied up. */
  kill(): Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly printed: string }>;
}

/** `LabFleet.run` as a process that can be killed. */
export function start(fleet: Pick<LabFleet, 'directory'>, ...args: readonly string[]): Started {
  const env = { ...process.env, XDG_STATE_HOME: join(fleet.directory, 'state'), HOME: fleet.directory };
  const child = spawn(
    process.execPath,
    [join(root, 'dist/main.js'), ...args, '-i', join(fleet.directory, 'inventory.yaml')],
    { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = new Promise<{ code: number | null; printed: string }>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => {
      resolve({ code, printed });
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const runsOf = (fleet: LabFleet): string => join(fleet.directory, 'state/plimsoll/runs');

/** The ids of the fleet's runs, oldest first. */
export async function runIds(fleet: LabFleet): Promise<readonly string[]> {
  return (await readdir(runsOf(fleet)).catch(() => [])).sort();
}

/** The whole records of a run's journal. */
export async function journalOf(fleet: LabFleet, run: string): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(join(runsOf(fleet), run, 'journal.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The names of what has been begun on a machine. */
export async function worksOn(machine: Machine): Promise<readonly string[]> {
  return (await machine.sh('ls -d /var/lib/plimsoll/runs/*/*.script 2>/dev/null || true'))
    .trim()
    .split('\n')
    .filter((line) => line !== '');
}

/** What no fault may do to a devicemapper host; what it has done, in words. */
export async function damage(machine: Machine): Promise<readonly string[]> {
  const [devices, pool, mounts, stray, ps] = await Promise.all([
    machine.sh('dmsetup info | grep -A1 Name:'),
    machine.sh('dmsetup status | grep thin-pool'),
    machine.sh('grep plimsoll /proc/mounts || true'),
    machine.sh(
      'ls -A /var/lib/docker/devicemapper/metadata | grep plimsoll || true; for f in /var/lib/docker/devicemapper/metadata/*; do grep -q \'}$\' $f || echo "$f is not whole"; done',
    ),
    machine.exec('docker ps --format {{.Names}}'),
  ]);
  return [
    ...(devices.includes('SUSPENDED') ? [`a device is suspended: ${devices}`] : []),
    ...(/ rw /.test(pool) ? [] : [`the pool cannot be written: ${pool}`]),
    ...(mounts === '' ? [] : [`a mount is left: ${mounts}`]),
    ...(stray === '' ? [] : [`Docker's records: ${stray}`]),
    ...(ps.code === 0 ? [] : [`docker does not answer: ${ps.stderr}`]),
  ];
}
