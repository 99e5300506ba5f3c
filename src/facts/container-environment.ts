import { AppError } from '../errors.ts';
import { canonicalJson } from '../values/json.ts';
import { oneLine } from '../values/terminal.ts';
import type { Fact, FactRequest } from './fact.ts';
import { ask } from './fact.ts';

/**
 * Which of the entries that are asked for a container's environment has already. They are compared on the
 * host: what it has does not come here. Arguments: the id, then each entry as a JSON string.
 */
export const containerEnvironment: Fact<readonly boolean[]> = {
  name: 'container-environment',
  script: `id=$1; shift
own=$(docker inspect --type container --format '{{range index .Config "Env"}}has {{json .}}
{{end}}' -- "$id") || exit 1
{ printf '%s\\n' "$own"; for entry; do printf 'want %s\\n' "$entry"; done; } | LC_ALL=C awk '
  { rest = substr($0, 6) }
  /^has / { has[substr($0, 5)] = 1 }
  /^want / { print ((rest in has) ? "yes" : "no") }'`,
  parse({ status, stdout, stderr }, [id = '', ...entries]) {
    const lines = stdout.split('\n').filter((line) => line !== '');
    if (status !== 0 || lines.length !== entries.length) throw new AppError('fact-unreadable', `the environment of container ${oneLine(id, 12)} could not be compared: ${oneLine(stderr)}`, { hint: 'was it removed a moment ago? Run the same again' });
    return lines.map((line) => line === 'yes');
  },
};

export function askContainerEnvironment(id: string, wanted: Readonly<Record<string, string | null>>): FactRequest<readonly boolean[]> {
  return ask(containerEnvironment, id, ...Object.entries(wanted).flatMap(([name, value]) => (value === null ? [] : [canonicalJson(`${name}=${value}`)])));
}
