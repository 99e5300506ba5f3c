import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What is asked of a state directory that `state.ts` has made, and what the answer is known by. */
export const commands: Readonly<
  Record<string, { readonly argv: readonly string[]; readonly lines: number; readonly status: number }>
> = {
  'plimsoll --version (for comparison)': { argv: ['--version'], lines: 1, status: 0 },
  'plimsoll runs': { argv: ['runs'], lines: 22, status: 0 },
  'plimsoll runs --all': { argv: ['runs', '--all'], lines: 501, status: 0 },
  'plimsoll survey --trend, of a host that is down': {
    argv: ['survey', '--trend', '--no-keep', '-i', 'inventory.yaml'],
    lines: 1,
    status: 3,
  },
  'plimsoll history volume data-7': { argv: ['history', 'volume', 'data-7'], lines: 5001, status: 0 },
  'plimsoll history volume data-7 --host web-00500': {
    argv: ['history', 'volume', 'data-7', '--host', 'web-00500'],
    lines: 6,
    status: 0,
  },
};

/** Milliseconds. Throws where the answer is not the one that it must be. */
export function timeCommand(root: string, { argv, lines, status: expected }: (typeof commands)[string]): number {
  const began = performance.now();
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...argv], {
    cwd: root,
    env: { ...process.env, XDG_STATE_HOME: root },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const ms = performance.now() - began;
  const printed = stdout.split('\n').length - 1;
  if (status !== expected || printed < lines)
    throw new Error(`${argv.join(' ')}: ${String(status)}, ${String(printed)} lines: ${stderr}`);
  return ms;
}
