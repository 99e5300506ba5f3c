import { AppError } from '../../errors.ts';
import { parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact, FactRequest } from '../fact.ts';
import { ask } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** Two containers compared in what does not leave the host: by key whether both have the same. */
export const hiddenDifferences: Fact<Readonly<Record<string, boolean>>> = {
  name: 'hidden-differences',
  script: shell('facts/containers/hidden-differences.sh'),
  parse({ status, stdout, stderr }, [old = '', fresh = '']) {
    const unreadable = (why: string): AppError =>
      new AppError(
        'fact-unreadable',
        `containers ${oneLine(old, 12)} and ${oneLine(fresh, 12)} could not be compared: ${oneLine(why)}`,
        { hint: 'was one of them removed a moment ago? Run the same again' },
      );
    if (status !== 0) throw unreadable(stderr);
    return Object.fromEntries(
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line): readonly [string, boolean] => {
          const [, which, name] = /^(same|other) (".*")$/.exec(line) ?? [];
          const key = name === undefined ? undefined : textOf(name);
          if (key === undefined) throw unreadable(line);
          return [key, which === 'same'];
        }),
    );
  },
};

function textOf(json: string): string | undefined {
  const value = parseJson(json);
  return typeof value === 'string' ? value : undefined;
}

export function askHiddenDifferences(old: string, fresh: string): FactRequest<Readonly<Record<string, boolean>>> {
  return ask(hiddenDifferences, old, fresh);
}
