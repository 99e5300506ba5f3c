import * as z from 'zod';
import { AppError } from '../../errors.ts';
import { parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact, Printed } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** The exit statuses of a script that lists. */
export const noBinary = 127;
export const noDaemon = 125;
const statuses = { no_binary: noBinary, no_daemon: noDaemon };

/** How Docker lists all things of one kind, and describes those that it has listed. */
interface Kind {
  readonly plural: string;
  /** Lists, and describes each by a template. */
  readonly script: (format: string) => string;
  /** The command that it describes with. */
  readonly inspect: string;
  /** What it says of one that has been removed since. */
  readonly vanished: RegExp;
  readonly byHand: string;
}

export const everyContainer: Kind = {
  plural: 'containers',
  script: (format) => shell('facts/daemon/list-containers.sh', { ...statuses, format }),
  inspect: 'docker inspect',
  vanished: /no such (container|object)/i,
  byHand: '"docker ps -a" and "docker inspect"',
};

export const everyVolume: Kind = {
  plural: 'volumes',
  script: (format) => shell('facts/daemon/list-volumes.sh', { ...statuses, format }),
  inspect: 'docker volume inspect',
  vanished: /no such volume|not found/i,
  byHand: '"docker volume ls" and "docker volume inspect"',
};

interface Asked<Item> {
  readonly name: string;
  readonly kind: Kind;
  /** A template that prints one line of JSON for each. */
  readonly format: string;
  readonly item: z.ZodType<Item>;
  /** The subject of the message when it cannot be read. */
  readonly what: string;
}

/** Everything of one kind on the host. Errors: `no-docker` (no client, no daemon, no permission), `fact-unreadable`. */
export function dockerList<Item>({ name, kind, format, item, what }: Asked<Item>): Fact<readonly Item[]> {
  const unreadable = (message: string): AppError =>
    new AppError('fact-unreadable', `${what} could not be read: ${message}`, {
      hint: `run ${kind.byHand} on the host by hand: what they print is not what is expected`,
    });
  const described = (line: string): Item => {
    const value = parseJson(line);
    if (value === undefined) throw unreadable(`${kind.inspect} printed ${oneLine(line, 200)}`);
    const parsed = item.safeParse(value);
    if (!parsed.success) throw unreadable(`${kind.inspect}: ${oneLine(z.prettifyError(parsed.error))}`);
    return parsed.data;
  };
  return {
    name,
    script: kind.script(format),
    listed: { kind: kind.plural, format, script: (formats) => kind.script(formats.join('\n')), own: linesOf },
    parse({ status, stdout, stderr }) {
      if (status === noBinary)
        throw new AppError('no-docker', 'Docker is not installed: there is no docker command', {
          hint: 'install Docker on the host, or leave the host out of this play',
        });
      if (status === noDaemon) throw noAnswer(stderr);
      const [count = '', ...lines] = stdout.split('\n').filter((line) => line !== '');
      if (!/^\d+$/.test(count)) throw unreadable(`docker printed ${oneLine(stdout, 200)}`);
      const found = lines.map(described);
      const vanished = stderr.split('\n').filter((line) => kind.vanished.test(line)).length;
      if (status !== 0 && vanished === 0)
        throw unreadable(`${kind.inspect} ended with status ${String(status)}: ${oneLine(stderr)}`);
      if (found.length + vanished !== Number(count))
        throw unreadable(
          `docker listed ${count} ${kind.plural} and described ${String(found.length)} of them: ${oneLine(stderr)}`,
        );
      return found;
    },
  };
}

/** The number of things comes first; then of each there is a line for each format. */
function linesOf({ stdout, ...printed }: Printed, index: number, count: number): Printed {
  const [first = '', ...lines] = stdout.split('\n').filter((line) => line !== '');
  return { ...printed, stdout: [first, ...lines.filter((_, at) => at % count === index)].join('\n') };
}

function noAnswer(stderr: string): AppError {
  const reason = oneLine(stderr);
  const hint = /permission denied/i.test(reason)
    ? 'connect as root or with become: true, or add the user to the docker group'
    : 'start the daemon (systemctl start docker), then run the same again';
  return new AppError(
    'no-docker',
    `the Docker daemon does not answer: ${reason === '' ? 'no reason was given' : reason}`,
    { hint },
  );
}
