// npm run bench:scale: what the program itself costs, without any host: for each part of it the processor's time for
// 100, 1,000 and 10,000 hosts; the window of 1,000 hosts; what is asked of many runs. Into bench/results/scale.md.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { commands, timeCommand } from './commands.ts';
import { eventsFor, steps } from './generate.ts';
import { parts } from './parts.ts';
import { kinds, measureShowing } from './window.ts';

const sizes = [100, 1000, 10_000];
const [windowHosts, windowSeconds] = [1000, 30];
const rounds = 3;
const cost = z.object({ ms: z.number() });
const costOfPart = new URL('./cost.ts', import.meta.url);
const makeState = new URL('./state.ts', import.meta.url);

/** In a process of its own, so that no part finds what another has left. */
function node(file: URL, ...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(file), ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${file.pathname} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const per = (ms: number, hosts: number): string => ((1000 * ms) / hosts).toFixed(0);

function partRows(): readonly string[] {
  return parts.map(({ name }, index) => {
    const each = sizes.map((hosts) => {
      const { ms } = cost.parse(JSON.parse(node(costOfPart, String(index), String(hosts))));
      process.stderr.write(`${name}, ${String(hosts)} hosts: ${ms.toFixed(0)} ms\n`);
      return { ms, hosts };
    });
    const [, middle, last] = each;
    const growth = middle === undefined || last === undefined ? 0 : last.ms / last.hosts / (middle.ms / middle.hosts);
    return `| ${name} | ${each.map(({ ms, hosts }) => per(ms, hosts)).join(' | ')} | ${growth.toFixed(2)} | ${((last?.ms ?? 0) / 1000).toFixed(2)} |`;
  });
}

function windowRows(): readonly string[] {
  return kinds.map((kind) => {
    const { share, bytes } = measureShowing(kind, windowHosts, windowSeconds);
    process.stderr.write(`${kind}: ${(100 * share).toFixed(2)} %\n`);
    return `| ${kind} | ${(100 * share).toFixed(1)} % | ${(bytes / 1024).toFixed(0)} |`;
  });
}

function commandRows(root: string): readonly string[] {
  return Object.entries(commands).map(([name, command]) => {
    const took = Array.from({ length: rounds }, () => timeCommand(root, command)).toSorted((a, b) => a - b);
    return `| \`${name}\` | ${(took[Math.floor(rounds / 2)] ?? 0).toFixed(0)} | ${(took[0] ?? 0).toFixed(0)} |`;
  });
}

const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const [given] = process.argv.slice(2);
const root = given ?? mkdtempSync(join(memory, 'plimsoll-scale-'));
try {
  if (given === undefined) node(makeState, root);
  const text = [
    '# Scale',
    '',
    `Made by \`npm run bench:scale\`. Node ${process.version}, ${String(cpus().length)} × ${cpus()[0]?.model.trim() ?? 'unknown'}; ${new Date().toISOString().slice(0, 10)}.`,
    '',
    '## What each host costs',
    '',
    `The processor's microseconds for each host, of a playbook of ${String(steps)} steps, with nothing else than the program itself: no`,
    'connection, no host. The least of several rounds. Growth: the cost of a host among 10,000 beside that among 1,000; 1 is linear.',
    '',
    `| | ${sizes.map((size) => `${size.toLocaleString('en')} hosts`).join(' | ')} | growth | all 10,000 in s |`,
    '|---|---|---|---|---|---|',
    ...partRows(),
    '',
    '## The window',
    '',
    `A run of ${windowHosts.toLocaleString('en')} hosts on a real terminal, ${eventsFor(windowHosts).toLocaleString('en')} events over ${String(windowSeconds)} s: the share of a core that showing it takes.`,
    '`none` is the stream of events alone, which is part of all the others.',
    '',
    '| | share of a core | KiB written |',
    '|---|---|---|',
    ...windowRows(),
    '',
    '## Many runs',
    '',
    '500 runs of 200 records, 500 surveys of 200 figures, 100,000 versions (of 20 volumes on each of 1,000 hosts, five of each),',
    `made by the product itself. The whole command, as it is typed, milliseconds, ${String(rounds)} rounds.`,
    '',
    '| | median | least |',
    '|---|---|---|',
    ...commandRows(root),
    '',
  ].join('\n');
  writeFileSync(new URL('../results/scale.md', import.meta.url), text);
  process.stdout.write(text);
} finally {
  if (given === undefined) rmSync(root, { recursive: true, force: true });
}
