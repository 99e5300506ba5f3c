import type { JournalOptions } from '../options.ts';
import { cells, table } from '../report.ts';
import type { Spread } from '../statistics.ts';
import { medianInterval, quotients, spread } from '../statistics.ts';
import type { Applied } from './apply.ts';
import { countRecords } from './apply.ts';
import type { Counted, Syncs } from './count.ts';
import { hostKinds } from './hosts.ts';
import type { AppendSeries } from './micro.ts';
import type { Side } from './places.ts';
import { sides } from './places.ts';

/** The journal may cost a run so much: disk / memory. */
const aim = 1.02;

export interface Measured {
  readonly options: JournalOptions;
  readonly environment: Readonly<Record<string, string>>;
  readonly counted: Readonly<Record<Side, Counted>>;
  /** What strace saw in another run, exactly as the code counted it there; absent where there is no strace. */
  readonly traced?: Syncs;
  /** Seconds of whole runs. */
  readonly pairs: readonly Readonly<Record<Side, number>>[];
  readonly appends: readonly AppendSeries[];
}

interface RunCounts {
  readonly records: Readonly<Record<string, number>>;
  readonly bytes: Applied['bytes'];
  readonly syncs: Syncs;
  readonly waitedSeconds: number;
  readonly cpuSeconds: number;
}

export interface JournalReport {
  readonly date: string;
  readonly options: JournalOptions;
  readonly environment: Readonly<Record<string, string>>;
  readonly aim: number;
  readonly runs: Readonly<Record<Side, RunCounts>>;
  readonly traced?: Syncs;
  readonly pairs: Measured['pairs'];
  readonly result: {
    readonly seconds: Readonly<Record<Side, Spread>>;
    readonly ratioOfMedians: number;
    readonly ratioOfPairs: Spread;
    /** Of the median of the pairs' ratios, 95 %; absent for fewer than six pairs. */
    readonly interval?: readonly [number, number];
    readonly differenceSeconds: Spread;
    readonly aimReached: 'yes' | 'no' | 'not decided';
    /** Time that the program waited for all of its syncs, by the run's time. */
    readonly waitedShare: Readonly<Record<Side, number>>;
    /** For how many records of its own a host waits, and for how long for each at least. */
    readonly host: { readonly records: number; readonly waitMs: number };
  };
  readonly appends: readonly AppendSeries[];
}

export function journalReport({ options, environment, counted, traced, pairs, appends }: Measured): JournalReport {
  const [disk, memory] = [pairs.map((pair) => pair.disk), pairs.map((pair) => pair.memory)];
  const seconds = { disk: spread(disk), memory: spread(memory) };
  const inPairs = quotients(disk, memory);
  const interval = medianInterval(inPairs);
  const counts = (side: Side): RunCounts => {
    const { records, bytes, syncs, waitedSeconds, cpuSeconds } = counted[side];
    return { records: countRecords(records), bytes, syncs, waitedSeconds, cpuSeconds };
  };
  const runs = { disk: counts('disk'), memory: counts('memory') };
  return {
    date: new Date().toISOString().slice(0, 10),
    options,
    environment,
    aim,
    runs,
    ...(traced === undefined ? {} : { traced }),
    pairs,
    result: {
      seconds,
      ratioOfMedians: seconds.disk.median / seconds.memory.median,
      ratioOfPairs: spread(inPairs),
      ...(interval === undefined ? {} : { interval }),
      differenceSeconds: spread(pairs.map((pair) => pair.disk - pair.memory)),
      aimReached: verdict(interval),
      waitedShare: {
        disk: runs.disk.waitedSeconds / seconds.disk.median,
        memory: runs.memory.waitedSeconds / seconds.memory.median,
      },
      host: perHost(runs.disk, options.hosts),
    },
    appends,
  };
}

function perHost(
  { records, syncs, waitedSeconds }: RunCounts,
  hosts: number,
): { readonly records: number; readonly waitMs: number } {
  const { intent = 0, outcome = 0, host = 0 } = records;
  return {
    records: (intent + outcome + host) / hosts,
    waitMs: (waitedSeconds / (syncs.commits + syncs.others)) * 1000,
  };
}

function verdict(interval: readonly [number, number] | undefined): 'yes' | 'no' | 'not decided' {
  if (interval === undefined) return 'not decided';
  const [low, high] = interval;
  return high <= aim ? 'yes' : low > aim ? 'no' : 'not decided';
}

export function journalMarkdown({ date, options, environment, runs, traced, result, appends }: JournalReport): string {
  const { seconds, ratioOfMedians, ratioOfPairs, interval, differenceSeconds, aimReached } = result;
  const shownInterval = interval === undefined ? '' : `${interval[0].toFixed(3)} to ${interval[1].toFixed(3)}`;
  return [
    `# What the journal costs: benchmark of ${date}`,
    `\`plimsoll apply playbooks/grow-rootfs.yaml --forks ${options.forks}\` as a process of its own over ${options.hosts} simulated hosts (${hostKinds}, in turn), each of which is really changed by every run: its container grows by another 64 MiB. The same run with \`XDG_STATE_HOME\` on the disk and in memory, in ${options.pairs} alternating pairs (disk memory, memory disk, …). Wall time of the whole program, its start included.`,
    Object.entries(environment)
      .map(([key, value]) => `- ${key}: ${value}`)
      .join('\n'),
    table(
      ['', 'min', 'median', 'max', '95 % of the median'],
      [
        ['seconds, on the disk', ...cells(seconds.disk, 2), ''],
        ['seconds, in memory', ...cells(seconds.memory, 2), ''],
        ['ratio within each pair', ...cells(ratioOfPairs, 3), shownInterval],
        ['ratio of the medians', '', ratioOfMedians.toFixed(3), '', ''],
        ['difference within each pair, seconds', ...cells(differenceSeconds, 2), ''],
      ],
    ),
    `Aim: at most ${aim.toFixed(2)}. Reached: ${aimReached}${interval === undefined ? ' (fewer than six pairs say too little)' : ''}. It counts as reached, or as missed, when the whole 95 % interval lies on that side.`,
    '## What a run writes',
    table(['', ...sides], countRows(runs)),
    syncText(traced, result),
    '## What the simulated hosts mean for the ratio',
    caveat,
    '## The journal alone',
    'Records of such a run, appended to a new journal by the built `openJournal` in a process of its own, with nothing else going on. Each appender waits until its record is on the disk before it appends the next; those that wait at the same time share a commit. Medians of the rounds.',
    table(
      ['appenders', 'where', 'appends/s', 'appends a commit', 'median wait, ms', '99 % wait, ms'],
      appends.flatMap(appendRows),
    ),
    '',
  ].join('\n\n');
}

function countRows(runs: JournalReport['runs']): readonly (readonly string[])[] {
  const row = (title: string, value: (counts: RunCounts) => string): readonly string[] => [
    title,
    ...sides.map((side) => value(runs[side])),
  ];
  const types = [...new Set(sides.flatMap((side) => Object.keys(runs[side].records)))].filter(
    (type) => type !== 'total',
  );
  return [
    row('records in the journal', ({ records }) => String(records['total'])),
    ...types.map((type) => row(`- ${type}`, ({ records }) => String(records[type] ?? 0))),
    row('bytes of the journal', ({ bytes }) => String(bytes.journal)),
    row('bytes of the saved plan', ({ bytes }) => String(bytes.plan)),
    row('bytes of the events (not synced)', ({ bytes }) => String(bytes.events)),
    row('fdatasync: groups of records', ({ syncs }) => String(syncs.commits)),
    row('records a group', ({ records, syncs }) => ((records['total'] ?? 0) / syncs.commits).toFixed(1)),
    row("fsync: when the run's place is made", ({ syncs }) => String(syncs.others)),
    row('seconds that the program waited for both', ({ waitedSeconds }) => waitedSeconds.toFixed(3)),
    row("seconds of the program's own processor time", ({ cpuSeconds }) => cpuSeconds.toFixed(2)),
  ];
}

function syncText(traced: Syncs | undefined, { waitedShare, host }: JournalReport['result']): string {
  const confirmed =
    traced === undefined
      ? 'There is no strace here to confirm it.'
      : `In one more run strace saw ${traced.commits} fdatasync and ${traced.others} fsync, exactly those that the code counted.`;
  return [
    `Counted where the program's code asks for them, in a run of its own for each side, which is not timed. ${confirmed}`,
    `Only one sync is under way at a time. So even if everything, on all hosts, stood still until the program goes on after each, that would take ${percent(waitedShare.disk)} of a run's time here (${percent(waitedShare.memory)} in memory, where only the program's being busy delays it). It does not stand still: the host whose record it is waits, and the others go on.`,
    `A host waits for ${host.records.toFixed(1)} records of its own, one after the other, each for one group or, when another is just being written, two: at ${host.waitMs.toFixed(2)} ms a group, ${(host.records * host.waitMs).toFixed(1)} to ${(2 * host.records * host.waitMs).toFixed(1)} ms for each host.`,
  ].join(' ');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

const caveat = `Every host is simulated on this machine: its commands are real shells that compete with plimsoll for the same processors, and all the SSH servers are one Node process. So the processors are the limit of such a run, and the ratio is not that of a real fleet:

- It flatters the journal. A run takes longer here than over as many real hosts, which compute elsewhere, so the same cost is a smaller share; and while one host waits for the laptop's disk, the processors go on with the others.
- It is unfair to the journal. The network has no latency, real operations take seconds where the simulated ones take milliseconds, and the hosts lie in memory, so that their own syncs, which real hosts make too, cost nothing. All of that makes real runs longer.

What carries over is therefore not the ratio but the milliseconds that a host waits for its own records, above, against the seconds that its work takes. On a slower disk they grow as the wait of a single appender does, in the last table.

The hosts' use of the processors also makes single runs vary by more than the journal costs; hence pairs, and the interval. Before each run the file system is synced, and nothing is left running on a host.`;

function appendRows({ appenders, rounds }: AppendSeries): readonly (readonly string[])[] {
  return sides.map((side) => {
    const median = (of: (round: (typeof rounds)[Side][number]) => number): number =>
      spread(rounds[side].map(of)).median;
    return [
      String(appenders),
      side,
      median(({ appends, seconds }) => appends / seconds).toFixed(0),
      median(({ appends, commits }) => appends / commits).toFixed(1),
      median(({ waitMs }) => waitMs.median).toFixed(2),
      median(({ waitMs }) => waitMs.p99).toFixed(2),
    ];
  });
}
