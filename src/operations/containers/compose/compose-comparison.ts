import { containerPath } from '../body/container-path.ts';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { Json } from '../../../values/json.ts';
import { asObject, asText, canonicalJson } from '../../../values/json.ts';
import { goJson } from '../body/go-template.ts';
import { hostFate } from '../body/host-config-fates.ts';
import { planMounts } from '../body/mounts.ts';
import type { Patch } from '../body/patch.ts';
import { portBindings } from '../body/ports.ts';
import { restartPolicyOf } from '../body/restart-policy.ts';
import { shell } from '../../../shell/shell.ts';

const tab = '\t';
const line = (key: string, value: string): string => `${key}${tab}${value}\n`;
const each = (key: string, over: string): string => `{{range ${over}}}${line(key, '{{json .}}')}{{end}}`;
const map = (word: string, over: string): string =>
  `{{range $a, $b := ${over}}}${line(`${word} {{json $a}}`, '{{json $b}}')}{{end}}`;

/** Lists whose order Compose does not keep: a line for each of their elements. */
const unordered = [
  'ExtraHosts',
  'Ulimits',
  'CapAdd',
  'CapDrop',
  'GroupAdd',
  'SecurityOpt',
  'Links',
  'VolumesFrom',
] as const;
const words = (keys: readonly string[]): string => keys.map((key) => `"${key}"`).join(' ');

/**
 * Prints what there is to be said of a container, `KEY tab VALUE`, one line each, whatever order Docker or Compose
 * has put it in; without what Docker gives (ids, times, addresses) and what Compose itself writes.
 */
export const descriptionTemplate = [
  '{{$short := truncate .Id 12}}',
  line('Image', '{{json .Image}}'),
  `{{range $k, $v := .Config}}{{if eq $k "Env" "Labels"}}{{else if eq $k "Volumes" "ExposedPorts"}}${map('{{$k}}', '$v')}{{else if eq $k "Hostname"}}{{if ne $v $short}}${line('Config.Hostname', '{{json $v}}')}{{end}}{{else}}${line('Config.{{$k}}', '{{json $v}}')}{{end}}{{end}}`,
  `{{range index .Config "Env"}}${line('Env {{json (index (split . "=") 0)}}', '{{json .}}')}{{end}}`,
  map('Label', 'index .Config "Labels"'),
  `{{range $k, $v := .HostConfig}}{{if eq $k "Binds"}}{{range $v}}${line('Bind {{json (index (split . ":") 1)}}', '{{json .}}')}{{end}}{{else if eq $k "Mounts"}}{{range $v}}${line('HostMount {{json (index . "Target")}}', '{{json .}}')}{{end}}{{else if eq $k "PortBindings"}}${map('PortBindings', '$v')}{{else if eq $k ${words(unordered)}}}${each('HostConfig.{{$k}}', '$v')}{{else}}${line('HostConfig.{{$k}}', '{{json $v}}')}{{end}}{{end}}`,
  `{{range .Mounts}}${line('Mount {{json .Destination}}', '{{json .Type}} {{if eq .Type "volume"}}{{json .Name}}{{else}}{{json .Source}}{{end}} {{.RW}}')}{{end}}`,
  `{{range $n, $e := .NetworkSettings.Networks}}${line('Network {{json $n}}', 'connected')}{{range $k, $v := $e}}{{if eq $k "IPAMConfig" "Links" "DriverOpts" "GwPriority"}}${line('Network {{json $n}}.{{$k}}', '{{json $v}}')}{{else if eq $k "Aliases"}}{{range $v}}{{if ne . $short}}${line('Network {{json $n}}.Aliases', '{{json .}}')}{{end}}{{end}}{{end}}{{end}}{{end}}`,
].join('');

/** What there is to be said of a container, as digests, and what differs in that. */
export const descriptionFunctions = shell('operations/containers/compose/description.sh');

/** What a patch changes of the description. */
export interface ComposedDifferences {
  /** Keys that differ because Compose names there what had no name. */
  readonly always: readonly string[];
  /** Keys of what is asked for. */
  readonly asked: readonly string[];
  /** Lines that the new one must have. */
  readonly wanted: readonly string[];
  /** Keys that it must not have. */
  readonly unwanted: readonly string[];
  /** There may be more than there was: another image brings its own. */
  readonly more: boolean;
}

export function composedDifferences(spec: ContainerSpec, patch: Patch): ComposedDifferences {
  const all = [
    ...imageDifferences(spec, patch),
    ...limits(spec, patch),
    ...mounts(spec, patch),
    ...ports(spec, patch),
    ...named('Env', patch.env, (name, value) => goJson(`${name}=${value}`)),
    ...named('Label', patch.labels, (_name, value) => goJson(value)),
  ];
  return {
    always: anonymousKeys(spec),
    asked: [...new Set(all.map(({ key }) => key))],
    wanted: all.flatMap(({ key, value }) => (typeof value === 'string' ? [`${key}${tab}${value}`] : [])),
    unwanted: all.flatMap(({ key, value }) => (value === null ? [key] : [])),
    more: patch.image !== undefined,
  };
}

/** What a key must be: null: not there; undefined: whatever. */
interface Difference {
  readonly key: string;
  readonly value: string | null | undefined;
}

function named(
  word: string,
  entries: Readonly<Record<string, string | null>> = {},
  said: (name: string, value: string) => string,
): readonly Difference[] {
  return Object.entries(entries).map(([name, value]) => ({
    key: `${word} ${goJson(name)}`,
    value: value === null ? null : said(name, value),
  }));
}

function imageDifferences(spec: ContainerSpec, { image }: Patch): readonly Difference[] {
  if (image === undefined) return [];
  const inherited = Object.entries(spec.config)
    .filter(([key, value]) => canonicalJson(value) === canonicalJson(spec.imageConfig?.[key] ?? null))
    .map(([key]) => `Config.${key}`);
  const its = (key: string): readonly string[] =>
    Object.keys(asObject(spec.imageConfig?.[key])).map((name) => goJson(name));
  const keys = [
    'Image',
    ...inherited,
    ...spec.hidden.filter((hidden) => hidden.inherited).map(({ key }) => `Config.${key}`),
    ...spec.env.filter((entry) => entry.inherited).map(({ name }) => `Env ${goJson(name)}`),
    ...its('Labels').map((name) => `Label ${name}`),
    ...its('Volumes').map((path) => `Volumes ${path}`),
    ...its('ExposedPorts').map((port) => `ExposedPorts ${port}`),
  ];
  return [...keys.map((key) => ({ key, value: undefined })), { key: 'Config.Image', value: goJson(image) }];
}

function limits(spec: ContainerSpec, patch: Patch): readonly Difference[] {
  const host = (key: string, value: Json | undefined): Difference => ({
    key: `HostConfig.${key}`,
    value: value === undefined ? undefined : goJson(value),
  });
  const dropped = (key: string): readonly Difference[] =>
    hostFate(key, spec, patch).kind === 'drop' ? [host(key, undefined)] : [];
  return [
    ...(patch.memory === undefined ? [] : [host('Memory', patch.memory), ...dropped('MemorySwap')]),
    ...(patch.nanoCpus === undefined
      ? []
      : [host('NanoCpus', patch.nanoCpus), host('CpuPeriod', undefined), host('CpuQuota', undefined)]),
    ...(patch.storageSize === undefined
      ? []
      : [host('StorageOpt', { ...asObject(spec.hostConfig['StorageOpt']), size: String(patch.storageSize) })]),
    ...(patch.restart === undefined
      ? []
      : [
          host('RestartPolicy', {
            MaximumRetryCount: patch.restart.maximumRetryCount,
            Name: restartPolicyOf(spec, patch).option.split(':')[0] ?? 'no',
          }),
        ]),
  ];
}

function mounts(spec: ContainerSpec, patch: Patch): readonly Difference[] {
  const was = planMounts(spec, {}).expected;
  const changed = [...planMounts(spec, patch).expected].filter(
    ([path, mount]) => canonicalJson(was.get(path) ?? null) !== canonicalJson(mount),
  );
  return changed.flatMap(([path, { type, source, readWrite }]) => [
    ...['Bind', 'HostMount', 'Volumes'].map((word) => ({ key: `${word} ${goJson(path)}`, value: undefined })),
    { key: `Mount ${goJson(path)}`, value: `${goJson(type)} ${goJson(source)} ${String(readWrite)}` },
  ]);
}

function ports(spec: ContainerSpec, patch: Patch): readonly Difference[] {
  const bindings = portBindings(spec, patch) ?? {};
  return Object.keys(patch.ports ?? {}).flatMap((port) => [
    { key: `PortBindings ${goJson(port)}`, value: port in bindings ? goJson(bindings[port]) : undefined },
    { key: `ExposedPorts ${goJson(port)}`, value: '{}' },
  ]);
}

/** Where a volume without a name is mounted: Compose mounts the same one again, by its id. That it is the same is compared. */
function anonymousKeys(spec: ContainerSpec): readonly string[] {
  const entries = (key: string): readonly Json[] => {
    const list = spec.hostConfig[key];
    return Array.isArray(list) ? list.map((entry: Json) => entry) : [];
  };
  const byName = new Set([
    ...entries('Binds').map((bind) => containerPath(asText(bind).split(':')[1] ?? '')),
    ...entries('Mounts').flatMap((mount) =>
      asText(asObject(mount)['Source']) === '' ? [] : [containerPath(asText(asObject(mount)['Target']))],
    ),
  ]);
  const anonymous = spec.mounts.filter(
    (mount) =>
      mount['Type'] === 'volume' &&
      (!byName.has(asText(mount['Destination'])) || /^[0-9a-f]{64}$/.test(asText(mount['Name']))),
  );
  return anonymous.flatMap((mount) =>
    ['Bind', 'HostMount', 'Volumes'].map((word) => `${word} ${goJson(asText(mount['Destination']))}`),
  );
}
