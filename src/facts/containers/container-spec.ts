import * as z from 'zod';
import { AppError } from '../../errors.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { asText, canonicalJson, parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import { specScript } from './container-spec-script.ts';
import type { Fact, FactRequest } from '../fact.ts';
import { ask } from '../fact.ts';

const json: z.ZodType<Json> = z.json();
const object: z.ZodType<JsonObject> = z.record(z.string(), json);
const objects = object.nullish().transform((value) => value ?? {});

const self = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().transform((name) => name.replace(/^\//, '')),
  image: z.string(),
  restartCount: z.number(),
  driver: z.string(),
  platform: z
    .object({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
    .nullish()
    .catch(null),
  state: z.object({
    Status: z.string(),
    Running: z.boolean(),
    Paused: z.boolean(),
    Restarting: z.boolean(),
    Dead: z.boolean(),
    StartedAt: z.string(),
    Error: z.string(),
  }),
  /** `healthy`, `unhealthy`, `starting`; null where it has no health check. */
  health: z.string().nullable(),
});

/** A key of Config whose value may hold a secret and so stays on the host: what can be said of it without saying it. */
const hiddenKey = z.object({ key: z.string(), set: z.boolean(), inherited: z.boolean() });

/** Left out where it is not set. */
const count = z
  .number()
  .nullable()
  .transform((value) => value ?? 0);

const specSchema = z.object({
  self,
  api: z.string().regex(/^1\.\d+$/),
  config: objects,
  hidden: z.array(hiddenKey),
  env: z.array(z.object({ name: z.string(), inherited: z.boolean() })),
  health: z.object({ Interval: count, Timeout: count, StartPeriod: count, Retries: count }).nullable(),
  hostConfig: objects,
  logOptions: z.array(z.string()),
  mounts: z.array(object),
  networks: z.record(z.string(), object),
  macs: z.array(z.string().regex(/^[0-9a-f:]*$/i)),
  ports: objects,
  image: z.object({ id: z.string(), config: objects }).nullable(),
  imageNow: z.string().nullable(),
  writes: z.array(z.object({ kind: z.enum(['A', 'C', 'D']), path: z.string() })),
  moreWrites: z.boolean(),
  passing: z.object({ count: z.number(), first: z.array(z.string()), layerBytes: z.number() }).nullable(),
});

/**
 * One container's whole description, with Docker's own keys, but without what may be a secret: the values
 * of its environment, its command, entrypoint and health check, and its log options stay on the host.
 */
export interface ContainerSpec {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** The id of its image (`sha256:…`). */
  readonly image: string;
  /** What the name in Config.Image means now: an image's id; null when there is none of that name. */
  readonly imageNow: string | null;
  /** Config of its image, without the hidden keys; null when the image is gone. */
  readonly imageConfig: JsonObject | null;
  readonly restartCount: number;
  readonly driver: string;
  /** Of one image of several; null where there is but one. */
  readonly platform: {
    readonly os: string;
    readonly architecture: string;
    readonly variant?: string | undefined;
  } | null;
  readonly state: {
    readonly status: string;
    readonly running: boolean;
    readonly paused: boolean;
    readonly restarting: boolean;
    readonly dead: boolean;
    readonly startedAt: string;
    readonly error: string;
  };
  readonly health: string | null;
  /** Of its health check: nanoseconds, and how often; 0 where Docker's own holds, null where it has none. */
  readonly healthCheck: {
    readonly Interval: number;
    readonly Timeout: number;
    readonly StartPeriod: number;
    readonly Retries: number;
  } | null;
  /** The Engine API that is spoken with the daemon, at most 1.51. */
  readonly api: string;
  /** Config, without Env, Cmd, Entrypoint and Healthcheck. */
  readonly config: JsonObject;
  /** Of Cmd, Entrypoint and Healthcheck: whether there is a value, and whether it is the image's. */
  readonly hidden: readonly { readonly key: string; readonly set: boolean; readonly inherited: boolean }[];
  readonly env: readonly { readonly name: string; readonly inherited: boolean }[];
  /** HostConfig; of LogConfig the Type only, of Mounts without the options of volume drivers. */
  readonly hostConfig: JsonObject;
  readonly logOptions: readonly string[];
  readonly mounts: readonly JsonObject[];
  /** NetworkSettings.Networks. */
  readonly networks: Readonly<Record<string, JsonObject>>;
  /** By network the MAC address that somebody has set, empty where Docker chooses one; null where that cannot be told. */
  readonly ownMacs: Readonly<Record<string, string>> | null;
  /** NetworkSettings.Ports: what is bound at this moment. */
  readonly ports: JsonObject;
  /** `docker diff` without what is not kept anyway (/tmp, /run, …) and without mount points: at most 50. */
  readonly writes: readonly { readonly kind: 'A' | 'C' | 'D'; readonly path: string }[];
  readonly moreWrites: boolean;
  /** What of its layer is not meant to last: how many there are, the first of them, and the size of the whole layer; null where there is none. */
  readonly passing: { readonly count: number; readonly first: readonly string[]; readonly layerBytes: number } | null;
}

/** Argument: the full id. Errors: `fact-unreadable`. */
export const containerSpec: Fact<ContainerSpec> = {
  name: 'container-spec',
  timeoutMs: 300_000,
  script: specScript,
  part({ status, stdout, stderr }, [id = '']) {
    const from = `\n${stdout}`.indexOf(`\nfor ${id}\n`);
    if (from === -1) return { status: status === 0 ? 1 : status, stdout: '', stderr };
    const end = stdout.indexOf('\nend\n', from);
    const next = stdout.indexOf('\nfor ', from);
    // One that was left in the middle is followed by another, or by nothing.
    return end === -1 || (next !== -1 && next < end)
      ? { status: 1, stdout: '', stderr }
      : { status: 0, stdout: stdout.slice(from, end + '\nend\n'.length), stderr };
  },
  parse({ status, stdout, stderr }, [id = '']) {
    if (status !== 0 || !stdout.endsWith('\nend\n')) throw unreadable(id, stderr === '' ? stdout : stderr);
    const parsed = specSchema.safeParse(assemble(stdout, id));
    if (!parsed.success) throw unreadable(id, z.prettifyError(parsed.error));
    const { self: own, image, health, macs, ...rest } = parsed.data;
    if (own.id !== id) throw unreadable(id, `docker described ${own.id}`);
    const { Status, Running, Paused, Restarting, Dead, StartedAt, Error: error } = own.state;
    return {
      ...rest,
      // Docker lists them in no order of their own.
      mounts: rest.mounts.toSorted((a, b) =>
        compareTexts(canonicalJson(a['Destination']), canonicalJson(b['Destination'])),
      ),
      ownMacs: ownMacs(rest.networks, macs),
      id,
      name: own.name,
      image: own.image,
      imageConfig: image?.id === own.image ? image.config : null,
      restartCount: own.restartCount,
      driver: own.driver,
      platform: own.platform ?? null,
      state: {
        status: Status,
        running: Running,
        paused: Paused,
        restarting: Restarting,
        dead: Dead,
        startedAt: StartedAt,
        error,
      },
      health: own.health,
      healthCheck: health,
    };
  },
};

export function askContainerSpec(id: string): FactRequest<ContainerSpec> {
  return ask(containerSpec, id);
}

/** Of a container that was never connected, inspect shows nothing but what was set. */
function ownMacs(
  networks: Readonly<Record<string, JsonObject>>,
  macs: readonly string[],
): Readonly<Record<string, string>> | null {
  const names = Object.keys(networks).toSorted(compareTexts);
  if (macs.length === names.length) return Object.fromEntries(names.map((name, index) => [name, macs[index] ?? '']));
  if (!names.every((name) => networks[name]?.['NetworkID'] === '')) return null;
  return Object.fromEntries(names.map((name) => [name, asText(networks[name]?.['MacAddress'])]));
}

/** One value for each word that begins a line; `env`, `hidden`, `log`, `mac` and `write` come several times. */
function assemble(stdout: string, id: string): unknown {
  const lines = stdout.split('\n').flatMap((line) => {
    const space = line.indexOf(' ');
    return space === -1 ? [] : [{ word: line.slice(0, space), rest: line.slice(space + 1) }];
  });
  const all = (word: string): readonly string[] => lines.filter((line) => line.word === word).map(({ rest }) => rest);
  const one = (word: string): unknown => {
    const [text] = all(word);
    if (text === undefined) return undefined;
    const value = parseJson(text);
    if (value === undefined) throw unreadable(id, `${word} ${text}`);
    return value;
  };
  const parts = (word: string): readonly (readonly [string, string])[] =>
    all(word).map((text) => {
      const space = text.indexOf(' ');
      return [text.slice(0, space), text.slice(space + 1)];
    });
  const writes = parts('write').map(([kind, path]) => ({ kind, path }));
  return {
    self: one('self'),
    api: all('api')[0],
    config: one('config'),
    hidden: all('hidden')
      .map((text) => text.split(' '))
      .map(([key, set, inherited]) => ({ key, set: set === 'set', inherited: inherited === 'inherited' })),
    env: parts('env').map(([whose, name]) => ({ name: parseJson(name), inherited: whose === 'inherited' })),
    health: one('health'),
    hostConfig: one('hostConfig'),
    logOptions: all('log').map(parseJson),
    mounts: one('mounts') ?? [],
    networks: one('networks') ?? {},
    macs: all('mac'),
    ports: one('ports'),
    image: all('image').length === 0 ? null : { id: all('image')[0], config: one('imageConfig') },
    imageNow: all('imageNow')[0] ?? null,
    writes: writes.slice(0, mostWrites),
    moreWrites: writes.length > mostWrites,
    passing:
      all('passing').length === 0
        ? null
        : { count: one('passing'), first: all('passes'), layerBytes: one('layerBytes') },
  };
}

const mostWrites = 50;

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function unreadable(id: string, why: string): AppError {
  return new AppError('fact-unreadable', `container ${oneLine(id, 12)} could not be described: ${oneLine(why)}`, {
    hint: 'was it removed a moment ago? Run the same again',
  });
}
