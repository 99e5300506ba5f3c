// npm run bench:inventory [ROUNDS]: how long `plimsoll inventory` takes for large inventories, and its memory; into bench/results/inventory.md.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spread } from './statistics.ts';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const nameOf = (host: number): string => `web-${String(host).padStart(5, '0')}`;
const addressOf = (host: number): string =>
  `10.${String(host >> 16)}.${String((host >> 8) & 255)}.${String(host & 255)}`;
const varsOf = (host: number): string => `rack: r${String(host % 400)}, size_gib: ${String(20 + (host % 7))}`;
const hostsOf = (count: number): string =>
  upTo(count)
    .map((host) => `  ${nameOf(host)}: { address: ${addressOf(host)}, vars: { ${varsOf(host)} } }\n`)
    .join('');

/** What fleets are written like. */
const shapes: Readonly<Record<string, (count: number) => string>> = {
  'variables of each host, groups by glob': (count) =>
    `defaults:\n  user: ops\n  become: true\nhosts:\n${upTo(count)
      .map(
        (host) =>
          `  ${nameOf(host)}:\n    address: ${addressOf(host)}\n    vars:\n      rack: r${String(host % 400)}\n      size_gib: ${String(20 + (host % 7))}\n      zone: "eu-${String(host % 3)}"\n`,
      )
      .join('')}groups:\n${upTo(40)
      .map((group) => `  g${String(group)}:\n    hosts: ["web-${String(group).padStart(2, '0')}*"]\n`)
      .join('')}`,
  '1,055 nested groups': (count) =>
    `hosts:\n${hostsOf(count)}groups:\n${upTo(1000)
      .map(
        (rack) =>
          `  rack-${String(rack)}:\n    hosts:\n${upTo(Math.ceil((count - rack) / 1000))
            .map((each) => `      - ${nameOf(rack + each * 1000)}\n`)
            .join('')}`,
      )
      .join('')}${upTo(50)
      .map(
        (room) =>
          `  room-${String(room)}:\n    vars: { room: ${String(room)} }\n    children: [${upTo(20)
            .map((each) => `rack-${String(room + each * 50)}`)
            .join(', ')}]\n`,
      )
      .join('')}${upTo(5)
      .map(
        (site) =>
          `  site-${String(site)}:\n    children: [${upTo(10)
            .map((each) => `room-${String(site + each * 5)}`)
            .join(', ')}]\n`,
      )
      .join('')}`,
  'each host in 12 groups': (count) =>
    `hosts:\n${hostsOf(count)}groups:\n${upTo(12)
      .map(
        (group) =>
          `  all-${String(group)}:\n    vars: { v${String(group)}: ${String(group)} }\n    hosts:\n${upTo(count)
            .map((host) => `      - ${nameOf(host)}\n`)
            .join('')}`,
      )
      .join('')}`,
  'JSON, 100 groups': (count) =>
    JSON.stringify(
      {
        defaults: { user: 'ops' },
        hosts: Object.fromEntries(
          upTo(count).map((host) => [
            nameOf(host),
            { address: addressOf(host), vars: { rack: `r${String(host % 400)}`, size_gib: 20 + (host % 7) } },
          ]),
        ),
        groups: Object.fromEntries(
          upTo(100).map((group) => [
            `g${String(group)}`,
            { hosts: upTo(count / 100).map((each) => nameOf(group + each * 100)) },
          ]),
        ),
      },
      null,
      2,
    ),
};

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly mebibytes: number;
}

/** Of the process alone: its own clock, which its end writes down. */
const probe = `data:text/javascript,${encodeURIComponent(
  `process.on('exit', () => { const { user, system } = process.cpuUsage(); process.stderr.write('\\n' + JSON.stringify({ seconds: performance.now() / 1000, cpuSeconds: (user + system) / 1e6, mebibytes: process.resourceUsage().maxRSS / 1024 })); });`,
)}`;

function measured(args: readonly string[], hosts: number | undefined): Measured {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', probe, main, ...args], {
    encoding: 'utf8',
    maxBuffer: 1024 ** 3,
  });
  if (status !== 0) throw new Error(`plimsoll ${args.join(' ')} has ended with ${String(status)}: ${stderr}`);
  if (hosts !== undefined && stdout.split('\n').length - 1 !== hosts)
    throw new Error(`${args.join(' ')}: not ${String(hosts)} hosts`);
  return JSON.parse(stderr.split('\n').at(-1) ?? '') as Measured;
}

const rounds = Number(process.argv[2] ?? 5);
const directory = mkdtempSync(join(tmpdir(), 'plimsoll-inventory-'));
const rows: string[] = [];
const row = (what: string, hosts: string, size: string, all: readonly Measured[]): void => {
  const of = (part: keyof Measured, digits: number): string =>
    spread(all.map((each) => each[part])).median.toFixed(digits);
  const least = spread(all.map(({ seconds }) => seconds)).min.toFixed(2);
  rows.push(
    `| ${what} | ${hosts} | ${size} | ${of('seconds', 2)} | ${least} | ${of('cpuSeconds', 2)} | ${of('mebibytes', 0)} |`,
  );
};
try {
  row(
    '`plimsoll --version`',
    '',
    '',
    upTo(rounds).map(() => measured(['--version'], undefined)),
  );
  for (const [shape, write] of Object.entries(shapes))
    for (const count of [1000, 10_000, 50_000]) {
      const file = join(directory, 'fleet.yaml');
      const text = write(count);
      writeFileSync(file, text);
      const all = upTo(rounds).map(() => measured(['inventory', '-i', file, 'all'], count));
      row(shape, String(count), (text.length / 1024 / 1024).toFixed(1), all);
    }
} finally {
  rmSync(directory, { recursive: true });
}
const text = [
  '# Inventory',
  '',
  `\`plimsoll inventory\`: everything read, resolved, selected and listed, in a process of its own, its start included. Node ${process.version}, ${String(cpus().length)} × ${cpus()[0]?.model.trim() ?? 'unknown'}; ${String(rounds)} rounds; ${new Date().toISOString().slice(0, 10)}.`,
  '',
  '| | hosts | MiB | median s | least s | CPU s (median) | peak MiB |',
  '|---|---|---|---|---|---|---|',
  ...rows,
  '',
].join('\n');
writeFileSync(new URL('results/inventory.md', import.meta.url), text);
process.stdout.write(text);
