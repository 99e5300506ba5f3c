import * as z from 'zod';
import { dockerList, everyContainer } from '../daemon/docker-list.ts';
import type { Fact } from '../fact.ts';

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
  restart: z
    .object({ Name: z.string(), MaximumRetryCount: z.number() })
    .transform((policy) => ({ name: policy.Name, maximumRetryCount: policy.MaximumRetryCount })),
});

// `index` because some keys are left out where they are empty (StorageOpt; GraphDriver with the
// containerd image store), and a plain `.Key` that is not there is an error.
const format = [
  '{"id":{{json .Id}},"name":{{json .Name}},"image":{{json .Image}},"labels":{{json (index .Config "Labels")}}',
  '"state":{"status":{{json .State.Status}},"running":{{json .State.Running}},"paused":{{json .State.Paused}},"restarting":{{json .State.Restarting}},"pid":{{json .State.Pid}},"startedAt":{{json .State.StartedAt}},"error":{{json .State.Error}}}',
  '"driver":{{json .Driver}},"graph":{{with index . "GraphDriver"}}{{json (index . "Data")}}{{else}}null{{end}}',
  '"storageOpt":{{json (index .HostConfig "StorageOpt")}},"autoRemove":{{json .HostConfig.AutoRemove}},"restart":{{json .HostConfig.RestartPolicy}}}',
].join(',');

/** Every container on the host. Errors: `no-docker` (no client, no daemon, no permission), `fact-unreadable`. */
export const containers: Fact<readonly Container[]> = dockerList({
  name: 'containers',
  kind: everyContainer,
  format,
  item: containerSchema,
  what: 'the list of containers',
});
