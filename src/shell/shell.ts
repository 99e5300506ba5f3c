import { dirname, join } from 'node:path/posix';
import { quote } from '../values/shell.ts';
import { textOf } from './files.ts';

/**
 * A script of ours, by its path below `src/`, without its last line break. `values` are variables that it begins with:
 * what is the same whatever it is asked for (a limit, the text of another script). What differs arrives as `$1`, `$2`, …
 * A line `. ./other.sh` is, as in a shell, what stands in that file, and `name=$(cat ./other.sh)` its text; both are
 * pasted here, so that a host gets one text, which arrives whole or not at all.
 */
export function shell(path: string, values: Readonly<Record<string, string | number>> = {}): string {
  const text = textOf(path).replace(door, '').replace(/\n$/, '');
  const named = Object.entries(values).map(([name, value]) => `${name}=${quote(String(value))}\n`);
  return (
    named.join('') +
    text
      .replaceAll(/^ *\. (\.\.?\/\S+\.sh)$/gm, (_line, other: string) => shell(join(dirname(path), other)))
      .replaceAll(
        /^ *(\w+)=\$\(cat (\.\.?\/\S+\.sh)\)$/gm,
        (_line, name: string, other: string) => `${name}=${quote(shell(join(dirname(path), other)))}`,
      )
  );
}

/** Comments up to the first empty line are for whoever reads the file; a host does not get them. */
const door = /^(?:#[^\n]*\n)+\n/;
