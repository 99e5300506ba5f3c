import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions } from './options.ts';
import { serverSettings } from './hosts.ts';
import type { Taken } from './measure.ts';
import type { Spread } from './statistics.ts';
import { ratios, spread } from './statistics.ts';

/** What one workload took at one round-trip time, by contender: one for each round. */
export interface Series {
  readonly workload: string;
  readonly title: string;
  readonly roundTripMs: number;
  readonly taken: Readonly<Record<string, readonly Taken[]>>;
}

/** The round-trip time at which round trips are counted: so long that computing hardly matters. */
export const farMs = 500;

/** Round trips that follow upon one another, by workload and contender. */
export type RoundTrips = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface Report {
  readonly date: string;
  readonly options: BenchOptions;
  readonly environment: Readonly<Record<string, string>>;
  readonly contenders: readonly { readonly name: string; readonly title: string; readonly version: string }[];
  readonly series: readonly Series[];
  readonly roundTrips: RoundTrips;
}

interface Target {
  readonly label: string;
  readonly numerator: string;
  readonly denominator: string;
  readonly limit?: { readonly kind: 'most' | 'least'; readonly value: number };
}

/** What is promised, and what is only told. */
const targets: readonly Target[] = [
  { label: 'plimsoll / floor', numerator: 'plimsoll', denominator: 'floor', limit: { kind: 'most', value: 1.5 } },
  { label: 'plimsoll / stages', numerator: 'plimsoll', denominator: 'stages', limit: { kind: 'most', value: 1.6 } },
  { label: 'Ansible / plimsoll', numerator: 'ansible', denominator: 'plimsoll', limit: { kind: 'least', value: 15 } },
  { label: 'Ansible raw / plimsoll', numerator: 'ansible-raw', denominator: 'plimsoll' },
  { label: 'Mitogen / plimsoll', numerator: 'mitogen', denominator: 'plimsoll' },
  { label: 'clush / plimsoll', numerator: 'clush', denominator: 'plimsoll' },
  { label: 'OpenSSH / plimsoll', numerator: 'openssh', denominator: 'plimsoll' },
  { label: 'paramiko / plimsoll', numerator: 'paramiko', denominator: 'plimsoll' },
];

/** Where and when, whatever is measured. */
export function surroundings(): Readonly<Record<string, string>> {
  const [cpu] = cpus();
  const commit = spawnSync('git', ['-C', import.meta.dirname, 'describe', '--always', '--dirty'], { encoding: 'utf8' });
  return {
    machine: `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GiB`,
    system: `${/PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown'}, Linux ${release()}`,
    'load average at the start': loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
    commit: commit.status === 0 ? commit.stdout.trim() : 'unknown',
  };
}

export function environment(latency: string): Readonly<Record<string, string>> {
  const { commit = 'unknown', ...machine } = surroundings();
  return {
    ...machine,
    server: `${spawnSync('ssh', ['-V'], { encoding: 'utf8' }).stderr.trim()}; ${serverSettings.slice(0, 2).join(', ')}; one sshd, on the same machine as the clients`,
    latency,
    commit,
  };
}

export function markdown(report: Report): string {
  const { options } = report;
  return [
    `# Benchmark of ${report.date}`,
    `${options.hosts} hosts (addresses of one sshd, which computes on the same machine), ${options.rounds} interleaved rounds, ${options.forks} hosts at once where a contender has such a setting (the floor takes all). Wall time of the whole process, its start included; CPU seconds of it and its children, and the most memory that one process of it had (medians), are those of the laptop's side. Ratios are made within each round. Every contender has been seen to run every command on every host.`,
    Object.entries(report.environment)
      .map(([key, value]) => `- ${key}: ${value}`)
      .join('\n'),
    table(
      ['contender', 'what runs', 'version'],
      report.contenders.map(({ name, title, version }) => [name, title, version]),
    ),
    ...report.series.flatMap((series) => seriesText(report, series)),
    `Round trips are those that follow upon one another, for one host: (time at ${farMs} ms − time at 0 ms) / ${farMs} ms, connecting included. CPU, processes (threads among them) and flushes of the disk a host are those of the whole machine, clients and hosts together: what each contender's own start takes is among them.`,
    '',
  ].join('\n\n');
}

function seriesText(
  { options, roundTrips }: Report,
  { workload, title, roundTripMs, taken }: Series,
): readonly string[] {
  const times = Object.entries(taken).map(([name, values]) => [
    name,
    ...cells(spread(values.map(({ seconds }) => seconds)), 2),
    spread(values.map(({ cpu }) => cpu)).median.toFixed(2),
    (spread(values.map(({ peakKiB }) => peakKiB)).median / 1024).toFixed(0),
    roundTrips[workload]?.[name]?.toFixed(1) ?? '',
    ...(['cpu', 'started', 'flushes'] as const).map((what) =>
      (
        (spread(values.map(({ machine }) => machine[what])).median / options.hosts) *
        (what === 'cpu' ? 1000 : 1)
      ).toFixed(what === 'cpu' ? 0 : 1),
    ),
  ]);
  const compared = targets.flatMap(({ label, numerator, denominator, limit }) => {
    const [above, below] = [numerator, denominator].map((name) => taken[name]?.map(({ seconds }) => seconds));
    if (above === undefined || below === undefined) return [];
    const ratio = ratios(above, below);
    return [
      [
        label,
        ...cells(ratio, 2),
        limit === undefined ? '' : `${limit.kind === 'most' ? '≤' : '≥'} ${limit.value}`,
        limit === undefined ? '' : verdict(ratio.median, limit),
      ],
    ];
  });
  return [
    `## ${workload} at ${roundTripMs} ms: ${title}`,
    table(
      [
        'seconds',
        'min',
        'median',
        'max',
        'CPU',
        'MiB',
        'round trips',
        'CPU ms a host',
        'processes a host',
        'flushes a host',
      ],
      times,
    ),
    ...(compared.length === 0 ? [] : [table(['ratio', 'min', 'median', 'max', 'target', 'reached'], compared)]),
  ];
}

function verdict(
  value: number,
  { kind, value: bound }: { readonly kind: 'most' | 'least'; readonly value: number },
): string {
  return (kind === 'most' ? value <= bound : value >= bound) ? 'yes' : 'no';
}

export function cells({ min, median, max }: Spread, digits: number): readonly string[] {
  return [min, median, max].map((value) => value.toFixed(digits));
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

/** As NAME.json and NAME.md; gives the path of the readable one. */
export function write(name: string, report: unknown, text: string): string {
  const directory = join(import.meta.dirname, 'results');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
  const file = join(directory, `${name}.md`);
  writeFileSync(file, text);
  return file;
}
