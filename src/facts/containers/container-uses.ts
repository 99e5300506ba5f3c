import * as z from 'zod';
import { dockerList, everyContainer } from '../daemon/docker-list.ts';
import type { Fact } from '../fact.ts';
import type { Volume } from '../volumes/volumes.ts';

export interface Mount {
  /** `volume`, `bind`, `tmpfs`, `npipe`, … */
  readonly type: string;
  /** Of a volume. */
  readonly name?: string;
  readonly source: string;
  readonly destination: string;
  readonly driver?: string;
  readonly readOnly: boolean;
  readonly propagation: string;
}

/** What one container, running or not, shares with volumes, directories and other containers. */
export interface ContainerUse {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly running: boolean;
  /** ISO 8601; the year 1 when it has never been started. */
  readonly startedAt: string;
  readonly mounts: readonly Mount[];
  /** Where `--tmpfs` puts one, which Docker does not list among the mounts; absent when there is none. */
  readonly tmpfs?: readonly string[];
  /** Each as it was given: a name or an id, with `:ro` or not. */
  readonly volumesFrom: readonly string[];
  /** Each `/other:/this/alias`. */
  readonly links: readonly string[];
  /** `bridge`, `container:ID`, … */
  readonly networkMode: string;
  readonly pidMode: string;
  readonly ipcMode: string;
  readonly autoRemove: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

const strings = z
  .array(z.string())
  .nullish()
  .transform((all) => all ?? []);

const mountSchema = z
  .object({
    Type: z.string().default(''),
    Name: z.string().optional(),
    Source: z.string().default(''),
    Destination: z.string(),
    Driver: z.string().optional(),
    RW: z.boolean(),
    Propagation: z.string().default(''),
  })
  .transform((mount): Mount => ({
    type: mount.Type,
    ...(mount.Name === undefined || mount.Name === '' ? {} : { name: mount.Name }),
    source: mount.Source,
    destination: mount.Destination,
    ...(mount.Driver === undefined || mount.Driver === '' ? {} : { driver: mount.Driver }),
    readOnly: !mount.RW,
    propagation: mount.Propagation,
  }));

const schema = z
  .object({
    id: z.string().regex(/^[0-9a-f]{64}$/),
    name: z.string().transform((name) => name.replace(/^\//, '')),
    running: z.boolean(),
    startedAt: z.string(),
    mounts: z
      .array(mountSchema)
      .nullish()
      .transform((all) => all ?? []),
    tmpfs: z.record(z.string(), z.string()).nullish(),
    volumesFrom: strings,
    links: strings,
    networkMode: z.string(),
    pidMode: z.string(),
    ipcMode: z.string(),
    autoRemove: z.boolean(),
    labels: z
      .record(z.string(), z.string())
      .nullish()
      .transform((all) => all ?? {}),
  })
  .transform(({ tmpfs, ...use }): ContainerUse => {
    const paths = Object.keys(tmpfs ?? {});
    return { ...use, ...(paths.length === 0 ? {} : { tmpfs: paths }) };
  });

// As in containers.ts: `.Id` first and `index` for keys that may be absent.
const format = [
  '{"id":{{json .Id}},"name":{{json .Name}},"running":{{json .State.Running}},"startedAt":{{json .State.StartedAt}},"mounts":{{json .Mounts}}',
  '"tmpfs":{{json (index .HostConfig "Tmpfs")}},"volumesFrom":{{json (index .HostConfig "VolumesFrom")}},"links":{{json (index .HostConfig "Links")}}',
  '"networkMode":{{json .HostConfig.NetworkMode}},"pidMode":{{json .HostConfig.PidMode}},"ipcMode":{{json .HostConfig.IpcMode}}',
  '"autoRemove":{{json .HostConfig.AutoRemove}},"labels":{{json (index .Config "Labels")}}}',
].join(',');

/** What every container on the host uses. Errors: `no-docker`, `fact-unreadable`. */
export const containerUses: Fact<readonly ContainerUse[]> = dockerList({
  name: 'container-uses',
  kind: everyContainer,
  format,
  item: schema,
  what: 'what the containers use',
});

/** In the order in which they were started, for `sort`. */
export function byStart(a: Pick<ContainerUse, 'startedAt'>, b: Pick<ContainerUse, 'startedAt'>): number {
  return a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0;
}

/** Whether a path is that directory or lies below it. */
export function isWithin(path: string, directory: string): boolean {
  return directory !== '' && `${path.replace(/\/+$/, '')}/`.startsWith(`${directory.replace(/\/+$/, '')}/`);
}

/** How a container uses a volume: the mounts of it by name, and the binds of what lies in it. */
export function mountsOfVolume(
  { mounts }: ContainerUse,
  volume: Pick<Volume, 'name' | 'mountpoint'>,
): readonly Mount[] {
  return mounts.filter((mount) =>
    mount.type === 'volume'
      ? mount.name === volume.name
      : mount.type === 'bind' && isWithin(mount.source, volume.mountpoint),
  );
}

/** The containers, running or not, that use a volume, by name or by a bind into its directory. */
export function usersOfVolume(
  uses: readonly ContainerUse[],
  volume: Pick<Volume, 'name' | 'mountpoint'>,
): readonly ContainerUse[] {
  return uses.filter((use) => mountsOfVolume(use, volume).length > 0);
}

/** The containers that cannot do without the one with this id: by volumes-from, a link, or a namespace of it. */
export function dependants(uses: readonly ContainerUse[], id: string): readonly ContainerUse[] {
  const target = uses.find((use) => use.id === id);
  if (target === undefined) return [];
  const names = new Set(uses.map(({ name }) => name));
  const isTarget = (reference: string): boolean => {
    const text = reference.replace(/^\//, '');
    // A name comes before an id that begins the same.
    if (names.has(text)) return text === target.name;
    return text !== '' && /^[0-9a-f]+$/.test(text) && target.id.startsWith(text);
  };
  const namespace = (mode: string): boolean =>
    mode.startsWith('container:') && isTarget(mode.slice('container:'.length));
  return uses.filter(
    (use) =>
      use.id !== id &&
      (use.volumesFrom.some((from) => isTarget(from.split(':', 1)[0] ?? '')) ||
        use.links.some((link) => isTarget(link.split(':', 1)[0] ?? '')) ||
        namespace(use.networkMode) ||
        namespace(use.pidMode) ||
        namespace(use.ipcMode)),
  );
}
