// npm run shell: ShellCheck over every file of shell. Where it is not installed that is said; CI installs it.
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const isShell = (path) => {
  // What has been removed and not committed yet is still listed.
  if (lstatSync(`${root}/${path}`, { throwIfNoEntry: false })?.isFile() !== true) return false;
  return (
    path.endsWith('.sh') || /^#!.*\b(?:sh|bash|dash)\n/.test(readFileSync(`${root}/${path}`, 'latin1').slice(0, 80))
  );
};
const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 })
  .split('\0')
  .filter((path) => path !== '' && isShell(path));
// What is in src has no first line that names a shell: it is no program, and runs in whatever sh a host has.
const [ours, others] = [
  files.filter((path) => path.startsWith('src/')),
  files.filter((path) => !path.startsWith('src/')),
];

const check = (options, paths) =>
  spawnSync('shellcheck', [...options, '--severity', 'warning', ...paths], { cwd: root, stdio: 'inherit' });
const results = [check(['--shell', 'sh'], ours), check([], others)];
if (results.some(({ error }) => error?.code === 'ENOENT')) {
  console.log('NOT CHECKED: there is no shellcheck here (Debian: apt-get install shellcheck; or npm run lab:setup)');
} else {
  console.log(`${files.length} files of shell`);
  process.exitCode = results.every(({ status }) => status === 0) ? 0 : 1;
}
