// npm run bench:start [ROUNDS]: how long the program takes to start, beside Node itself, in turns; into bench/results/start.md.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ratios, spread } from './statistics.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const runs: Readonly<Record<string, readonly string[]>> = {
  'node -e 0': ['-e', '0'],
  'plimsoll --version': ['dist/main.js', '--version'],
  'plimsoll --help': ['dist/main.js', '--help'],
  'plimsoll plan --help': ['dist/main.js', 'plan', '--help'],
  'plimsoll validate playbooks/grow-rootfs.yaml': ['dist/main.js', 'validate', 'playbooks/grow-rootfs.yaml'],
};

function milliseconds(args: readonly string[]): number {
  const began = performance.now();
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'ignore' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} has ended with ${String(status)}`);
  return performance.now() - began;
}

const rounds = Number(process.argv[2] ?? 30);
const times = new Map(Object.keys(runs).map((name): [string, number[]] => [name, []]));
for (let round = -1; round < rounds; round += 1) {
  // The first round only fills the caches.
  for (const [name, args] of Object.entries(runs)) {
    const took = milliseconds(args);
    if (round >= 0) times.get(name)?.push(took);
  }
}

const beside = times.get('node -e 0') ?? [];
const rows = [...times].map(([name, took]) => {
  const { median, min } = spread(took);
  return `| \`${name}\` | ${median.toFixed(0)} | ${min.toFixed(0)} | ${ratios(took, beside).median.toFixed(2)} |`;
});
const text = [
  `# Start`,
  '',
  `Node ${process.version}, ${String(cpus().length)} × ${cpus()[0]?.model.trim() ?? 'unknown'}; ${String(rounds)} rounds, each with one run of every kind; ${new Date().toISOString().slice(0, 10)}.`,
  '',
  '| | median ms | least ms | × `node -e 0` (median of each round’s ratio) |',
  '|---|---|---|---|',
  ...rows,
  '',
].join('\n');
writeFileSync(new URL('results/start.md', import.meta.url), text);
process.stdout.write(text);
