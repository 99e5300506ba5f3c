import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a piece of work has as its status, by the host's state directory: its process group, and how it has ended (standing.sh). */
export function statusOf(state: string, run: string, name: string): readonly [group: number, status?: number] {
  const [line = ''] = readFileSync(join(state, 'runs', run, `${name}.status`), 'utf8').split('\n');
  const [group = '', _pid, _start, _boot, status] = line.trim().split(/ +/);
  if (group === '') throw new Error(`${name} has only just been begun`);
  return status === undefined ? [Number(group)] : [Number(group), Number(status)];
}

/** The names of what has been begun in a directory of a run. */
export function worksIn(directory: string): readonly string[] {
  return readdirSync(directory).flatMap((file) => /^(.+)\.script$/.exec(file)?.[1] ?? []);
}
