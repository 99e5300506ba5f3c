import type { LabHost } from '../lab-fleet.ts';

/** What `docker inspect` says of one container. */
export interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Running: boolean; readonly Status: string };
  readonly Config: Readonly<Record<string, unknown>>;
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly { readonly Destination: string }[];
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly Ports: Readonly<Record<string, unknown>>;
  };
}

/** By name, all that have the label. At most API 1.51, as later ones leave out what is to be compared. */
export async function inspectLabelled(host: LabHost, label: string): Promise<ReadonlyMap<string, Inspected>> {
  const all = JSON.parse(
    await host.sh(`docker inspect $(docker ps -aq --no-trunc --filter label=${label})`),
  ) as readonly Inspected[];
  return new Map(all.map((one) => [one.Name.slice(1), one]));
}

export async function inspect(host: LabHost, name: string): Promise<Inspected> {
  const [one] = JSON.parse(await host.sh(`docker inspect ${name}`)) as readonly Inspected[];
  if (one === undefined) throw new Error(`there is no ${name}`);
  return one;
}

/**
 * Every key in which two containers differ, by the names that the program uses. It knows nothing of what may differ: only
 * that nothing is nothing however Docker writes it, and that lists of mounts and links have no order.
 */
export function differingKeys(old: Inspected, fresh: Inspected): readonly string[] {
  const networks = new Set([
    ...Object.keys(old.NetworkSettings.Networks),
    ...Object.keys(fresh.NetworkSettings.Networks),
  ]);
  return [
    ...keysThatDiffer('Config.', old.Config, fresh.Config),
    ...keysThatDiffer(
      'HostConfig.',
      { ...old.HostConfig, Links: sorted(old.HostConfig['Links']) },
      { ...fresh.HostConfig, Links: sorted(fresh.HostConfig['Links']) },
    ),
    ...keysThatDiffer('mount ', byPath(old), byPath(fresh)),
    ...[...networks].flatMap((name) =>
      keysThatDiffer(
        `network ${name}.`,
        old.NetworkSettings.Networks[name] ?? {},
        fresh.NetworkSettings.Networks[name] ?? {},
      ),
    ),
  ];
}

function keysThatDiffer(
  prefix: string,
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => text(a[key]) !== text(b[key]))
    .map((key) => `${prefix}${key}`);
}

function byPath({ Mounts }: Inspected): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Mounts.map((mount) => [mount.Destination, mount]));
}

function sorted(list: unknown): unknown {
  return Array.isArray(list) ? list.toSorted() : list;
}

/** Keys in one order. */
function text(value: unknown): string {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'null' : `[${value.map(text).join(',')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0
    ? 'null'
    : `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${text(inner)}`).join(',')}}`;
}
