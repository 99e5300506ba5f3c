import { AppError } from '../../errors.ts';
import { canonicalJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact, FactRequest } from '../fact.ts';
import { ask } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** Which of the entries that are asked for a container's environment has already; what it has does not come here. */
export const containerEnvironment: Fact<readonly boolean[]> = {
  name: 'container-environment',
  script: shell('facts/containers/container-environment.sh'),
  parse({ status, stdout, stderr }, [id = '', ...entries]) {
    const lines = stdout.split('\n').filter((line) => line !== '');
    if (status !== 0 || lines.length !== entries.length)
      throw new AppError(
        'fact-unreadable',
        `the environment of container ${oneLine(id, 12)} could not be compared: ${oneLine(stderr)}`,
        { hint: 'was it removed a moment ago? Run the same again' },
      );
    return lines.map((line) => line === 'yes');
  },
};

export function askContainerEnvironment(
  id: string,
  wanted: Readonly<Record<string, string | null>>,
): FactRequest<readonly boolean[]> {
  return ask(
    containerEnvironment,
    id,
    ...Object.entries(wanted).flatMap(([name, value]) => (value === null ? [] : [canonicalJson(`${name}=${value}`)])),
  );
}
