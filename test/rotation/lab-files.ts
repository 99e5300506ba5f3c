import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Choice } from './choice.ts';
import { commitsOfARotation, isDue, root } from './turn.ts';

/** A file of tests on the lab. */
export interface LabFile {
  /** test/lab/NAME.test.ts, with its folder: rootfs/grow-rootfs. */
  readonly name: string;
  /** How long it takes on a quiet machine. */
  readonly seconds: number;
  /** What it is about: operations by their names, and files of the source by the beginning of their paths. */
  readonly operations?: readonly string[];
  readonly paths?: readonly string[];
}

const folder = 'test/lab';
const ending = '.test.ts';

export const pathOf = ({ name }: LabFile): string => `${folder}/${name}${ending}`;

/** All of them, each as its first line tells of it. */
export const labFiles: readonly LabFile[] = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith(ending))
  .map((file) => file.slice(0, -ending.length))
  .toSorted()
  .map((name) => toldBy(readFileSync(join(root, folder, `${name}${ending}`), 'utf8').split('\n')[0] ?? '', name));

/** By a line like `// lab: 300 s, trim_rootfs src/facts/rootfs/`. What has a slash is a path. */
export function toldBy(line: string, name: string): LabFile {
  const [, seconds, about] = /^\/\/ lab: ([1-9]\d{0,4}) s, ([a-z][\w./-]*(?: [a-z][\w./-]*)*)$/.exec(line) ?? [];
  if (seconds === undefined || about === undefined)
    throw new Error(`${folder}/${name}${ending} begins with "${line}", and not like "// lab: 300 s, trim_rootfs src/"`);
  const words = about.split(' ');
  const paths = words.filter((word) => word.includes('/'));
  const operations = words.filter((word) => !word.includes('/'));
  return {
    name,
    seconds: Number(seconds),
    ...(operations.length === 0 ? {} : { operations }),
    ...(paths.length === 0 ? {} : { paths }),
  };
}

/** A change that touches more than this is none of theirs: it would take as long as everything. */
const mostTouchedSeconds = 1200;

export interface DueLabFiles {
  /** What the change touches first, then what has its turn, the longest first. */
  readonly files: readonly LabFile[];
  /** What the change touches too, and is left to other turns, because together that takes too long. */
  readonly postponed: readonly LabFile[];
}

/** Those whose turn it is, and those that the change touches, the shortest of them first, as far as there is time. */
export function dueLabFiles(choice: Choice): DueLabFiles {
  const touched = labFiles.filter((file) => isTouched(file, choice)).toSorted((a, b) => a.seconds - b.seconds);
  let seconds = 0;
  const first = touched.filter((file) => (seconds += file.seconds) <= mostTouchedSeconds);
  const isIn = (file: LabFile): boolean => choice.all || isDue(shardOf(file), choice.turn, commitsOfARotation.lab);
  const rest = labFiles.filter((file) => !first.includes(file) && isIn(file)).toSorted((a, b) => b.seconds - a.seconds);
  const files = [...first.toReversed(), ...rest];
  return { files, postponed: touched.filter((file) => !files.includes(file)) };
}

function isTouched(file: LabFile, { changed, touched }: Choice): boolean {
  return (
    changed.includes(pathOf(file)) ||
    changed.some((path) => (file.paths ?? []).some((beginning) => path.startsWith(beginning))) ||
    touched.some((operation) => (file.operations ?? []).includes(operation))
  );
}

/** Shards that take about the same time: each file, the longest first, goes to the one that has least. */
function shardOf(wanted: LabFile): number {
  const loads = Array.from({ length: commitsOfARotation.lab }, () => 0);
  for (const file of labFiles.toSorted((a, b) => b.seconds - a.seconds || (a.name < b.name ? -1 : 1))) {
    const least = loads.indexOf(Math.min(...loads));
    if (file === wanted) return least;
    loads[least] = (loads[least] ?? 0) + file.seconds;
  }
  throw new Error(`${wanted.name} is no file of the lab`);
}
