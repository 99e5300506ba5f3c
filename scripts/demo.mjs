// npm run demo [-- --vm]: from a fresh clone to a fleet that is being grown, with nothing but Node and npm.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import './ensure-installed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

process.stdout.write('building plimsoll…\n');
// npm itself is a command file on Windows, which only a shell starts.
const build = spawnSync('npm', ['run', '--silent', 'build'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  shell: process.platform === 'win32',
});
if (build.status !== 0) process.exit(build.status ?? 1);

const demo = spawn(process.execPath, ['--import', 'tsx', 'lab/demo.ts', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
// A Ctrl-C reaches the demo too, which cleans up; this only waits for it.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => demo.kill('SIGTERM'));
demo.on('close', (code) => process.exit(code ?? 1));
