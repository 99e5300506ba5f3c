import { readFileSync } from 'node:fs';

/** What the whole machine has done since it started: clients and hosts are on the same one. */
export interface Machine {
  /** CPU seconds of everything but idling. */
  readonly cpu: number;
  /** Processes and threads that were started. */
  readonly started: number;
  /** Times that the disks were told to write through. */
  readonly flushes: number;
}

/** The kernel's clock ticks in /proc/stat, on every machine that Linux runs on today. */
const ticksPerSecond = 100;

/** As proc_stat(5) and the kernel's iostats document say. */
export function machine(): Machine {
  const lines = readFileSync('/proc/stat', 'utf8').split('\n');
  const cpu =
    lines
      .find((line) => line.startsWith('cpu '))
      ?.split(/\s+/)
      .slice(1)
      .map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = cpu;
  const started = Number(lines.find((line) => line.startsWith('processes '))?.split(' ')[1]);
  // Whole disks: what a partition or a loop device flushes, its disk does.
  const flushes = readFileSync('/proc/diskstats', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , name = '']) => /^(?:[svx]?v?d[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(name))
    .reduce((sum, fields) => sum + Number(fields[18] ?? 0), 0);
  return { cpu: (user + nice + system + irq + softirq) / ticksPerSecond, started, flushes };
}

export function since(before: Machine, now: Machine = machine()): Machine {
  return {
    cpu: now.cpu - before.cpu,
    started: now.started - before.started,
    flushes: now.flushes - before.flushes,
  };
}
