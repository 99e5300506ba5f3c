import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a piece of work has as its status (src/run/work/standing.sh), by the host's state directory: its process group, and
 * how it has ended.
 */
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

/** For a host's shell: ends whatever works there as a failure of power would. */
export const killAllWork =
  'for at in /var/lib/plimsoll/runs/*/*.status; do read -r group _ _ _ status <"$at"; ' +
  '[ -z "$group" ] || [ -n "$status" ] || kill -KILL "-$group"; done';
