import { textOf } from './files.ts';

/**
 * A script of ours, by its path below `src/`, without its last line break. A line `. ./other.sh` is, as in a shell, what stands in
 * that file; it is pasted here, so that a host gets one text, which arrives whole or not at all.
 */
export function shell(path: string): string {
  const text = textOf(path).replace(door, '').replace(/\n$/, '');
  return text.replaceAll(/^\. (\.\.?\/\S+\.sh)$/gm, (_line, other: string) => shell(beside(path, other)));
}

/** Comments up to the first empty line are for whoever reads the file; a host does not get them. */
const door = /^(?:#[^\n]*\n)+\n/;

/** Where a path leads that stands in a file of `src/`. */
function beside(path: string, other: string): string {
  const parts = path.split('/').slice(0, -1);
  for (const part of other.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
