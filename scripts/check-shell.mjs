// npm run shell: ShellCheck and shfmt over every file of shell. With --write (npm run format) shfmt mends them instead.
// Where one of the two is not installed that is said; CI installs them.
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

/** Whether the tool has found nothing, each time; undefined where it is not installed. */
const finds = (tool, ...calls) => {
  const results = calls.map((args) => spawnSync(tool, args, { cwd: root, stdio: 'inherit' }));
  if (!results.some(({ error }) => error?.code === 'ENOENT')) return results.every(({ status }) => status === 0);
  console.log(`NOT CHECKED: there is no ${tool} here (Debian: apt-get install ${tool}; or npm run lab:setup)`);
  return undefined;
};
const severity = ['--severity', 'warning'];
const clean = process.argv.includes('--write')
  ? [finds('shfmt', ['-w', ...files])]
  : [
      finds('shellcheck', ['--shell', 'sh', ...severity, ...ours], [...severity, ...others]),
      // How they are to look says .editorconfig.
      finds('shfmt', ['-d', ...files]),
    ];
if (clean.every((each) => each !== undefined)) console.log(`${files.length} files of shell`);
process.exitCode = clean.includes(false) ? 1 : 0;
