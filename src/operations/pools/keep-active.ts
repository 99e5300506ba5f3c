import { shell } from '../../shell/shell.ts';

/**
 * After whatever has been tried with a pool's table: nothing stays loaded without being live, and the pool
 * is active, with the table that it has, the old one, or the new one. A resume that fails has dropped the
 * loaded table and leaves the pool suspended: another resume makes the live one work again. It fails only
 * where the live table itself is one that cannot be.
 */
const script = shell('operations/pools/keep-active.sh');

export function keepActive(pool: string, old: string, table: string): readonly string[] {
  return ['/bin/sh', '-c', script, 'sh', pool, old, table];
}
