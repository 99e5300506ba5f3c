import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Lab tests run the program as a user would: built, as a process of its own. */
export function setup(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('npm run build failed');
}
