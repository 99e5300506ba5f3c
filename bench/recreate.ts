// npm run bench:recreate [ROUNDS [CONTAINERS]]: what replacing a container costs beside the same docker commands by hand, in
// turns, on a real dockerd; into bench/results/recreate.md. Debian, root, npm run lab:setup.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NativeMachine } from '../lab/native/machine.ts';
import { spawnNative } from '../lab/native/machine.ts';
import { parseJson } from '../src/values/json.ts';
import { ratios, spread } from './statistics.ts';

/** What it is to stay up, which both wait for only where they are told to. */
const gateSeconds = 1;
/** Ends as soon as it is told to. */
const program = `sh -c 'trap exit TERM; sleep 1000000 & wait'`;

interface Measured {
  /** From the first command to the start of the new one; of plimsoll the change, without its gate. */
  readonly step: number;
  /** From the stop to the start. */
  readonly downtime: number;
  /** Of plimsoll: its whole run, without its gate; by hand the same as the step. */
  readonly whole: number;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

async function byHand(machine: NativeMachine, name: string): Promise<Measured> {
  const said = await machine.sh(`up() { read -r at rest </proc/uptime; echo "$at"; }
    up; docker create --name ${name}-new --restart always -v ${name}:/data -m 64m busybox:lab ${program} >/dev/null
    up; docker stop ${name} >/dev/null; docker rename ${name} ${name}-old; docker rename ${name}-new ${name}; docker start ${name} >/dev/null
    up`);
  const [begun = 0, stopped = 0, started = 0] = said.trim().split('\n').map(Number);
  return { step: started - begun, downtime: started - stopped, whole: started - begun };
}

/** What the program prints, as the lines of --output json, and how long it took. */
async function plimsoll(
  directory: string,
  verb: string,
  steps: readonly object[],
): Promise<{ readonly events: readonly Record<string, unknown>[]; readonly seconds: number }> {
  const playbook = join(directory, 'playbook.yaml');
  writeFileSync(playbook, JSON.stringify({ hosts: 'all', steps }));
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('../dist/main.js', import.meta.url)),
      verb,
      playbook,
      ...(verb === 'apply' ? ['--yes'] : []),
      '--output',
      'json',
      '-i',
      join(directory, 'inventory.yaml'),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, HOME: directory, XDG_STATE_HOME: directory } },
  );
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`plimsoll ${verb} has ended with ${String(code)}: ${printed.slice(-2000)}`);
  const events = printed
    .trim()
    .split('\n')
    .map((line) => ({ ...(parseJson(line) as object) }));
  return { events, seconds: (performance.now() - began) / 1000 };
}

const recreate = (container: string, memory: string): object => ({
  recreate_container: { container, memory, gate: { seconds: gateSeconds } },
});

async function byPlimsoll(directory: string, name: string): Promise<Measured> {
  const { events, seconds } = await plimsoll(directory, 'apply', [recreate(name, '64MiB')]);
  const applied = events.find(({ type }) => type === 'change.applied') ?? {};
  const [down = {}] = Array.isArray(applied['downtime']) ? (applied['downtime'] as Record<string, unknown>[]) : [];
  return {
    step: number(applied['seconds']) - gateSeconds,
    downtime: number(down['seconds']),
    whole: seconds - gateSeconds,
  };
}

const rounds = Number(process.argv[2] ?? 10);
const containers = Math.max(Number(process.argv[3] ?? 88), 2 * rounds);
const directory = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
const machine = await spawnNative('overlay2-28');
try {
  writeFileSync(
    join(directory, 'inventory.yaml'),
    `hosts: { host: { address: ${machine.address}, port: ${String(machine.port)}, user: ops, become: true, identity_file: ${machine.keyFile}, known_hosts_file: ${machine.knownHosts} } }\n`,
  );
  await machine.sh(
    `for i in $(seq 1 ${String(containers)}); do docker run -d --name c$i --restart always -v c$i:/data busybox:lab ${program} >/dev/null; done`,
  );
  const hand: Measured[] = [];
  const own: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const turns = [
      async () => hand.push(await byHand(machine, `c${String(2 * round + 1)}`)),
      async () => own.push(await byPlimsoll(directory, `c${String(2 * round + 2)}`)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    process.stdout.write(
      `${String(round + 1)}: by hand ${(hand.at(-1)?.downtime ?? 0).toFixed(2)} s down, plimsoll ${(own.at(-1)?.downtime ?? 0).toFixed(2)} s\n`,
    );
  }
  const steps = Array.from({ length: containers - 2 * rounds }, (_, index) =>
    recreate(`c${String(2 * rounds + index + 1)}`, '128MiB'),
  );
  const planned = steps.length === 0 ? undefined : await plimsoll(directory, 'plan', steps);
  const row = (what: string, key: keyof Measured): string => {
    const [by, its] = [hand, own].map((all) => all.map((one) => one[key]));
    if (by === undefined || its === undefined) return '';
    const ratio = ratios(its, by);
    return `| ${what} | ${spread(by).median.toFixed(2)} | ${spread(its).median.toFixed(2)} | ${ratio.median.toFixed(2)} |`;
  };
  const result = [
    '# Replacing a container',
    '',
    `Docker 28 (overlay2, its data in memory) with ${String(containers)} containers, ${String(cpus().length)} × ${text(cpus()[0]?.model).trim()}, load ${(loadavg()[0] ?? 0).toFixed(1)}; ${String(rounds)} rounds, each with one container by hand (docker create, stop, rename, rename, start) and one by recreate_container, whose gate of ${String(gateSeconds)} s is not counted; ${new Date().toISOString().slice(0, 10)}.`,
    '',
    '| seconds, medians | by hand | plimsoll | median of each round’s ratio |',
    '|---|---|---|---|',
    row('from the stop to the start', 'downtime'),
    row('the change', 'step'),
    row(
      'the whole of `plimsoll apply`: connecting, planning, planning again under the lock, the change, the proof',
      'whole',
    ),
    '',
    ...(planned === undefined
      ? []
      : [`The plan of ${String(steps.length)} such steps: ${planned.seconds.toFixed(1)} s.`, '']),
  ].join('\n');
  writeFileSync(new URL('results/recreate.md', import.meta.url), result);
  process.stdout.write(result);
} finally {
  await machine.stop();
  rmSync(directory, { recursive: true, force: true });
}
