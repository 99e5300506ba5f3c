import { startFleet } from '../../lab/sim/fleet.ts';
import type { Fleet } from '../../lab/sim/fleet.ts';
import { Processes } from '../../lab/sim/processes.ts';
import type { HostKind, HostSpec } from '../../lab/sim/spec.ts';

const mib = 1024 ** 2;
const firstMib = 10 * 1024;
/** A container grows by so much in each run, so that every run changes every host. */
const growthMib = 64;
const kinds: readonly HostKind[] = ['dm-xfs', 'dm-ext4', 'dm-lvm', 'overlay2-pquota'];

export const container = 'app-1';
/** For the report. */
export const hostKinds = kinds.join(', ');

export interface GrowingHosts {
  readonly inventory: string;
  readonly count: number;
  /** The size for the next run, larger than any before. */
  nextSize(): string;
  /** Resolves once nothing is left running on a host by the run before. */
  quiet(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * They live in memory: the disk is the journal's alone, as on a laptop whose hosts are elsewhere. What
 * they sync costs nothing.
 */
export async function startGrowingHosts(count: number, memory: string): Promise<GrowingHosts> {
  const specs = Array.from({ length: count }, (_, index): HostSpec => ({
    name: `host-${String(index + 1).padStart(3, '0')}`,
    kind: kinds[index % kinds.length] ?? 'dm-xfs',
    containers: [{ name: container, bytes: firstMib * mib }],
  }));
  const fleet = await inTemporary(memory, () => startFleet(specs));
  const processes = new Processes(fleet.directory);
  let size = firstMib;
  return {
    inventory: await fleet.writeTo(fleet.directory),
    count,
    nextSize() {
      size += growthMib;
      return `${size}MiB`;
    },
    async quiet() {
      if (!(await processes.idle(fleet.directory, 60_000)))
        throw new Error('something of the run before still runs on a host after 60 s');
    },
    stop: () => fleet.stop(),
  };
}

async function inTemporary(directory: string, start: () => Promise<Fleet>): Promise<Fleet> {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = directory;
  try {
    return await start();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}
