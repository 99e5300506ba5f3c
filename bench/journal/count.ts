import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Applied, ApplyTrial } from './apply.ts';
import { applyOnce } from './apply.ts';

/** How often a program asked for the disk. */
export interface Syncs {
  /** fdatasync: one for each group of records. */
  readonly commits: number;
  /** fsync: when the run's place is made. */
  readonly others: number;
}

/** One run, seen from within the program. */
export interface Counted extends Applied {
  readonly syncs: Syncs;
  /** Seconds from when the program asked for each sync until it went on, its own being busy with other hosts included. */
  readonly waitedSeconds: number;
  /** Processor time of the program alone, hosts not included. */
  readonly cpuSeconds: number;
}

type Trial = Omit<ApplyTrial, 'wrap'>;

const observed = z.object({
  datasync: z.number(),
  sync: z.number(),
  waitedSeconds: z.number(),
  cpuSeconds: z.number(),
});
const observer = new URL('./observe.mjs', import.meta.url).href;
/** One file for each thread, so that no line is cut in two. */
const strace = ['strace', '-ff', '--interruptible=waiting', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync'] as const;

/** Runs it once, with the syncs counted where its code asks for them. */
export async function countOnce(trial: Trial): Promise<Counted> {
  const { seen, ...applied } = await applyOnce(
    { ...trial, wrap: (argv, directory) => observe(argv, directory) },
    readObserved,
  );
  return { ...applied, ...seen };
}

export function hasStrace(): boolean {
  return spawnSync('strace', ['-f', '--seccomp-bpf', '-e', 'trace=fsync', 'true']).status === 0;
}

/** Runs it once more, under strace: does the kernel see the same syncs as the code counts? Rejects when not. */
export async function confirmByStrace(trial: Trial): Promise<Syncs> {
  const wrap: ApplyTrial['wrap'] = (argv, directory) => {
    mkdirSync(join(directory, 'traces'));
    const inner = observe(argv, directory);
    return { ...inner, argv: [...strace, '-o', join(directory, 'traces', 'trace'), ...inner.argv] };
  };
  const { seen } = await applyOnce({ ...trial, wrap }, (directory) => ({
    code: readObserved(directory).syncs,
    kernel: readTraces(join(directory, 'traces')),
  }));
  const { code, kernel } = seen;
  if (code.commits !== kernel.commits || code.others !== kernel.others)
    throw new Error(
      `strace saw ${kernel.commits} fdatasync and ${kernel.others} fsync, but the code counted ${code.commits} and ${code.others}`,
    );
  return kernel;
}

function observe(
  [node, ...args]: readonly [string, ...string[]],
  directory: string,
): ReturnType<NonNullable<ApplyTrial['wrap']>> {
  return {
    argv: [node, '--import', observer, ...args],
    env: { PLIMSOLL_BENCH_OBSERVED: join(directory, 'observed.json') },
  };
}

function readObserved(directory: string): Pick<Counted, 'syncs' | 'waitedSeconds' | 'cpuSeconds'> {
  const { datasync, sync, ...times } = observed.parse(
    JSON.parse(readFileSync(join(directory, 'observed.json'), 'utf8')),
  );
  return { syncs: { commits: datasync, others: sync }, ...times };
}

function readTraces(directory: string): Syncs {
  const text = readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('');
  const calls = (name: string): number => [...text.matchAll(new RegExp(`^${name}\\(`, 'gm'))].length;
  return { commits: calls('fdatasync'), others: calls('fsync') };
}
