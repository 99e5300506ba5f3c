import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Tests run the program as a user would: built, as a process of its own. What is built already is left alone. */
export function setup(): void {
  if (isBuilt()) return;
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('npm run build failed');
}

/** `main.js` is made executable by the build's last step. */
function isBuilt(): boolean {
  const built = statSync(join(root, 'dist/main.js'), { throwIfNoEntry: false });
  if (built === undefined || (built.mode & 0o100) === 0) return false;
  const inputs = [
    'package.json',
    'scripts/build.mjs',
    ...readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).map((name) => join('src', name)),
  ];
  return inputs.every((name) => statSync(join(root, name)).mtimeMs < built.mtimeMs);
}
