import { shell } from '../../shell/shell.ts';

const script = shell('operations/pools/keep-active.sh');

/** After whatever has been tried with a pool's table, the pool is active, and nothing else is loaded. */
export function keepActive(pool: string, old: string, table: string): readonly string[] {
  return ['/bin/sh', '-c', script, 'sh', pool, old, table];
}
