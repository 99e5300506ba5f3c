import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';

const text = `const { renameSync, symlinkSync } = require('node:fs');
const [target, ...all] = process.argv.slice(1);
for (const each of all) symlinkSync(target, each + '.link');
for (;;) for (const each of all) {
  try { renameSync(each, each + '.real'); renameSync(each + '.link', each); } catch {}
  try { renameSync(each, each + '.link'); renameSync(each + '.real', each); } catch {}
}`;

/** A real process that puts links in the place of directories, and takes them away, as fast as it can, until it is killed. */
export function swapper(directories: readonly string[], target: string): ChildProcess {
  return spawn(process.execPath, ['-e', text, target, ...directories], { stdio: 'ignore' });
}
