// npm run bench:copy [-- ROUNDS [SHARE [DISK]]]: a copy of ours beside the same by hand, in turns, in memory and on a disk (as
// root, since a copy confines itself); into bench/results/copy.md, unless it is a quick look at a SHARE of the files.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Sshd } from '../../test/support/sshd.ts';
import { startSshd } from '../../test/support/sshd.ts';
import { describePlace } from '../journal/places.ts';
import { cells, surroundings, table, write } from '../report.ts';
import { missingBuild } from '../requirements.ts';
import { ratios, spread } from '../statistics.ts';
import type { CopyContender } from './contenders.ts';
import { comparisons, contenders } from './contenders.ts';
import type { Tree } from './trees.ts';
import { makeTree, treesOf } from './trees.ts';

interface Series {
  readonly place: string;
  readonly tree: Tree;
  /** Seconds by contender, one for each round. */
  readonly seconds: Readonly<Record<string, readonly number[]>>;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What an earlier copy has left for the disk to do is not to be this one's. */
function timed(contender: CopyContender, directory: string, sshd: Sshd): number {
  const to = join(directory, 'to');
  const own = join(directory, 'own');
  for (const each of [to, own]) {
    rmSync(each, { recursive: true, force: true });
    mkdirSync(each);
  }
  spawnSync('sync', ['-f', directory]);
  const { argv, input, env } = contender.copying({ from: join(directory, 'from'), to, own, sshd });
  const [program, ...args] = argv;
  const began = performance.now();
  const { status, stderr, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: own, ...env },
    ...(input === undefined ? {} : { input }),
  });
  const seconds = (performance.now() - began) / 1000;
  if (status !== 0) throw new Error(`${contender.name} ended with ${String(status)}:\n${stdout}${stderr}`);
  return seconds;
}

function measure(place: string, tree: Tree, rounds: number, sshd: Sshd): Series {
  const directory = mkdtempSync(join(place, 'plimsoll-bench-copy-'));
  try {
    makeTree(tree, join(directory, 'from'));
    const seconds = Object.fromEntries(contenders.map(({ name }) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round += 1) {
      for (const contender of contenders) seconds[contender.name]?.push(timed(contender, directory, sshd));
      const last = contenders.map(({ name }) => `${name} ${seconds[name]?.at(-1)?.toFixed(2) ?? ''}`);
      say(`${place}, ${tree.name}, round ${String(round + 1)}: ${last.join(' · ')}`);
    }
    return { place, tree, seconds };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function seriesText({ place, tree, seconds }: Series): readonly string[] {
  const of = (name: string): readonly number[] => seconds[name] ?? [];
  return [
    `## ${tree.name}, ${describePlace(place)}`,
    `${String(tree.files)} files of ${String(tree.bytesOfEach / 1024)} KiB.`,
    table(
      ['seconds', 'min', 'median', 'max'],
      contenders.map(({ name }) => [name, ...cells(spread(of(name)), 2)]),
    ),
    table(
      ['ratio', 'min', 'median', 'max'],
      comparisons.map(([name, beside]) => [`${name} / ${beside}`, ...cells(ratios(of(name), of(beside)), 3)]),
    ),
  ];
}

const [, , rounds = '5', share = '1', disk = '/var/tmp'] = process.argv;
const lacking = [
  ...(process.getuid?.() === 0 ? [] : ['root: a copy runs in namespaces of its own']),
  ...missingBuild(),
];
if (lacking.length > 0) throw new Error(`this benchmark lacks ${lacking.join('; ')}`);
const environment = surroundings();
const sshd = await startSshd();
try {
  const trees = treesOf(Number(share));
  const all = ['/dev/shm', disk].flatMap((place) => trees.map((tree) => measure(place, tree, Number(rounds), sshd)));
  const text = [
    '# Copies',
    `${rounds} interleaved rounds. The source has been read before, so that only writing waits for a disk; the destination is empty, and what was written before is on the disk. Ratios are made within each round.`,
    Object.entries(environment)
      .map(([key, value]) => `- ${key}: ${value}`)
      .join('\n'),
    table(
      ['contender', 'what runs'],
      contenders.map(({ name, title }) => [name, `\`${title.replaceAll('|', String.raw`\|`)}\``]),
    ),
    ...all.flatMap(seriesText),
    '',
  ].join('\n\n');
  say(text);
  say(share === '1' ? `written to ${write('copy', { environment, series: all }, text)}` : 'a quick look: not kept');
} finally {
  await sshd.stop();
}
