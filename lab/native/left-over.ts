import { readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOf } from '../vm/machine.ts';

/** A folder whose name, also that of the machine's control groups, says which process it belongs to. */
export function ownFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `plimsoll-lab-${String(process.pid)}-${startOf(process.pid) ?? '0'}-`));
}

/** Removes the control groups of a machine, once its last process has gone. */
export async function removeGroups(name: string): Promise<void> {
  for (let tries = 1; hierarchies().some((at) => !removeTree(join(at, name))); tries += 1) {
    if (tries === 100)
      throw new Error(`the control groups ${name} cannot be removed: has a process of the machine not ended?`);
    await sleep(50);
  }
}

/** Removes what machines have left whose process was killed before it could. Everything else ends with their last process. */
export function sweep(): void {
  for (const at of hierarchies()) for (const name of deadIn(at)) removeTree(join(at, name));
  for (const name of deadIn(tmpdir())) rmSync(join(tmpdir(), name), { recursive: true, force: true });
}

function deadIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => {
    const [, pid, started] = /^plimsoll-lab-(\d+)-(\d+)-/.exec(name) ?? [];
    return pid !== undefined && startOf(Number(pid)) !== started;
  });
}

function hierarchies(): readonly string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([, at = '', type = '']) => (/^cgroup2?$/.test(type) ? [at] : []));
}

/** Control groups have no files that could be removed. False: there is a process in one yet. */
function removeTree(group: string): boolean {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true }))
      if (entry.isDirectory() && !removeTree(join(group, entry.name))) return false;
    rmdirSync(group);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}
