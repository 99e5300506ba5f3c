import { z } from 'zod';
import { AppError } from '../errors.ts';
import { oneLine } from '../values/terminal.ts';
import type { Fact } from './fact.ts';

/** One container, running or not, as Docker describes it. Never its environment: that may hold secrets. */
export interface Container {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** The image's id (`sha256:…`), not its tag. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: {
    /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
    readonly status: string;
    readonly running: boolean;
    readonly paused: boolean;
    readonly restarting: boolean;
    /** 0 while it does not run. */
    readonly pid: number;
    /** ISO 8601; the year 1 when it has never been started. */
    readonly startedAt: string;
    /** Why the last start failed; empty otherwise. */
    readonly error: string;
  };
  /** The storage driver. */
  readonly driver: string;
  /** `GraphDriver.Data`: null with the containerd image store, btrfs and vfs-like drivers. */
  readonly graph: Readonly<Record<string, string>> | null;
  readonly storageOpt: Readonly<Record<string, string>> | null;
  readonly autoRemove: boolean;
  readonly restart: { readonly name: string; readonly maximumRetryCount: number };
}

const strings = z.record(z.string(), z.string());

const containerSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().transform((name) => name.replace(/^\//, '')),
  image: z.string(),
  labels: strings.nullable().transform((labels) => labels ?? {}),
  state: z.object({
    status: z.string(),
    running: z.boolean(),
    paused: z.boolean(),
    restarting: z.boolean(),
    pid: z.number(),
    startedAt: z.string(),
    error: z.string(),
  }),
  driver: z.string(),
  graph: strings.nullable(),
  storageOpt: strings.nullable(),
  autoRemove: z.boolean(),
  restart: z.object({ Name: z.string(), MaximumRetryCount: z.number() }).transform((policy) => ({ name: policy.Name, maximumRetryCount: policy.MaximumRetryCount })),
});

// `index` because some keys are left out where they are empty (StorageOpt; GraphDriver with the
// containerd image store), and a plain `.Key` that is not there is an error.
const format = [
  '{"id":{{json .Id}},"name":{{json .Name}},"image":{{json .Image}},"labels":{{json (index .Config "Labels")}}',
  '"state":{"status":{{json .State.Status}},"running":{{json .State.Running}},"paused":{{json .State.Paused}},"restarting":{{json .State.Restarting}},"pid":{{json .State.Pid}},"startedAt":{{json .State.StartedAt}},"error":{{json .State.Error}}}',
  '"driver":{{json .Driver}},"graph":{{with index . "GraphDriver"}}{{json (index . "Data")}}{{else}}null{{end}}',
  '"storageOpt":{{json (index .HostConfig "StorageOpt")}},"autoRemove":{{json .HostConfig.AutoRemove}},"restart":{{json .HostConfig.RestartPolicy}}}',
].join(',');

const noBinary = 127;
const noDaemon = 125;

/** The first line is how many ids were listed, so that one that vanished since can be told from one that could not be read. */
const script = `command -v docker >/dev/null 2>&1 || exit ${String(noBinary)}
ids=$(docker ps -aq --no-trunc) || exit ${String(noDaemon)}
set -- $ids
echo "$#"
[ "$#" -eq 0 ] || docker inspect --type container --format '${format}' "$@"`;

/** Every container on the host. Errors: `no-docker` (no client, no daemon, no permission), `fact-unreadable`. */
export const containers: Fact<readonly Container[]> = {
  name: 'containers',
  script,
  parse({ status, stdout, stderr }) {
    if (status === noBinary) throw new AppError('no-docker', 'Docker is not installed: there is no docker command', { hint: 'install Docker on the host, or leave the host out of this play' });
    if (status === noDaemon) throw noAnswer(stderr);
    const [count = '', ...lines] = stdout.split('\n').filter((line) => line !== '');
    if (!/^\d+$/.test(count)) throw unreadable(`docker printed ${oneLine(stdout, 200)}`);
    const found = lines.map(parseContainer);
    const vanished = stderr.split('\n').filter((line) => /no such (container|object)/i.test(line)).length;
    if (status !== 0 && vanished === 0) throw unreadable(`docker inspect ended with status ${String(status)}: ${oneLine(stderr)}`);
    if (found.length + vanished !== Number(count)) throw unreadable(`docker listed ${count} containers and described ${String(found.length)} of them: ${oneLine(stderr)}`);
    return found;
  },
};

function parseContainer(line: string): Container {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw unreadable(`docker inspect printed ${oneLine(line, 200)}`);
  }
  const parsed = containerSchema.safeParse(value);
  if (!parsed.success) throw unreadable(`docker inspect: ${oneLine(z.prettifyError(parsed.error))}`);
  return parsed.data;
}

function noAnswer(stderr: string): AppError {
  const reason = oneLine(stderr);
  const hint = /permission denied/i.test(reason)
    ? 'connect as root or with become: true, or add the user to the docker group'
    : 'start the daemon (systemctl start docker), then run the same again';
  return new AppError('no-docker', `the Docker daemon does not answer: ${reason === '' ? 'no reason was given' : reason}`, { hint });
}

function unreadable(message: string): AppError {
  return new AppError('fact-unreadable', `the list of containers could not be read: ${message}`, { hint: 'run "docker ps -a" and "docker inspect" on the host by hand: what they print is not what is expected' });
}
