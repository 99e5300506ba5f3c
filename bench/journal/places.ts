import { spawnSync } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import type { JournalOptions } from '../options.ts';
import { missingBuild } from '../requirements.ts';

export const sides = ['disk', 'memory'] as const;
/** Where the journal lies. */
export type Side = (typeof sides)[number];
export type Places = Readonly<Record<Side, string>>;

/** statfs(2): tmpfs and ramfs. */
const inMemory = [0x0102_1994, 0x8584_58f6];
const memory = '/dev/shm';

export function placesOf({ disk }: JournalOptions): Places {
  return { disk, memory };
}

/** What the benchmark lacks here, each with its remedy. */
export function missingForJournal(options: JournalOptions): readonly string[] {
  if (process.platform !== 'linux') return ['Linux, for its file systems in memory and the simulated hosts'];
  const { disk } = placesOf(options);
  return [
    ...(existsSync(memory) && isInMemory(memory) ? [] : [`a file system in memory: mount -t tmpfs tmpfs ${memory}`]),
    ...(existsSync(disk) && !isInMemory(disk) ? [] : [`a directory on a disk, which ${disk} is not: --disk DIRECTORY`]),
    ...missingBuild(),
  ];
}

function isInMemory(directory: string): boolean {
  return inMemory.includes(statfsSync(directory).type);
}

/** For the report: `ext4 on /dev/vda (/var/tmp)`. */
export function describePlace(directory: string): string {
  const [, line = ''] = spawnSync('df', ['--output=fstype,source', '--', directory], { encoding: 'utf8' }).stdout.split(
    '\n',
  );
  const [type = 'unknown', source = 'unknown'] = line.trim().split(/\s+/);
  return `${type} on ${source} (${directory})`;
}
