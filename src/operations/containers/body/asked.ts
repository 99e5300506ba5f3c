import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { Json } from '../../../values/json.ts';
import { asObject, canonicalJson } from '../../../values/json.ts';
import { SizeError, formatBytes, parseBytes } from '../../../values/size.ts';
import { oneLine } from '../../../values/terminal.ts';
import { planMounts } from './mounts.ts';
import type { Patch } from './patch.ts';
import { portBindings } from './ports.ts';
import { restartPolicyOf } from './restart-policy.ts';

/** One thing that a patch asks for and that is otherwise now. */
export interface Asked {
  readonly what: string;
  readonly from: Json;
  readonly to: Json;
}

/** What a patch would change. The values of env stay on the host: whether they differ is asked there. */
export function asked(spec: ContainerSpec, patch: Patch): readonly Asked[] {
  const host = spec.hostConfig;
  const labels = asObject(spec.config['Labels']);
  const one = (what: string, from: Json, to: Json | undefined): readonly Asked[] =>
    to === undefined || canonicalJson(from) === canonicalJson(to) ? [] : [{ what, from, to }];
  return [
    ...imageAsked(spec, patch),
    ...Object.entries(patch.env ?? {}).map(([name, value]): Asked => ({
      what: `env ${name}`,
      from: spec.env.some((entry) => entry.name === name) ? 'set' : null,
      to: value === null ? null : 'as asked',
    })),
    ...Object.entries(patch.labels ?? {}).flatMap(([name, value]) => one(`label ${name}`, labels[name] ?? null, value)),
    ...one('memory bytes', host['Memory'] ?? 0, patch.memory),
    ...one(
      'cpus',
      typeof host['NanoCpus'] === 'number' ? host['NanoCpus'] / 1e9 : 0,
      patch.nanoCpus === undefined ? undefined : patch.nanoCpus / 1e9,
    ),
    ...one(
      'restart',
      restartPolicyOf(spec).option,
      patch.restart === undefined ? undefined : restartPolicyOf(spec, patch).option,
    ),
    ...one(
      'ports',
      host['PortBindings'] ?? {},
      patch.ports === undefined && patch.pinPorts !== true ? undefined : portBindings(spec, patch),
    ),
    ...one('storage bytes', storageBytesOf(spec) ?? asObject(host['StorageOpt'])['size'] ?? null, patch.storageSize),
    ...mountsAsked(spec, patch),
  ];
}

/** Another name, or another image under the same name. */
function imageAsked({ config, image, imageNow }: ContainerSpec, patch: Patch): readonly Asked[] {
  const from = config['Image'] ?? null;
  if (patch.image === undefined) return [];
  if (patch.image !== from) return [{ what: 'image', from, to: patch.image }];
  return imageNow === null || imageNow === image ? [] : [{ what: 'image', from: image, to: imageNow }];
}

/** The size of its root file system, where it has one of its own. Docker takes sizes with and without a unit. */
export function storageBytesOf({ hostConfig }: ContainerSpec): number | undefined {
  const { size } = asObject(hostConfig['StorageOpt']);
  if (typeof size !== 'string') return undefined;
  if (/^\d+$/.test(size)) return Number(size);
  try {
    return parseBytes(size);
  } catch (error) {
    if (error instanceof SizeError) return undefined;
    throw error;
  }
}

function mountsAsked(spec: ContainerSpec, patch: Patch): readonly Asked[] {
  const before = planMounts(spec, {}).expected;
  const after = planMounts(spec, patch).expected;
  const said = (mount: ReturnType<typeof before.get>): Json =>
    mount === undefined ? null : `${mount.source}${mount.readWrite ? '' : ' (read-only)'}`;
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((path) => {
    const [from, to] = [said(before.get(path)), said(after.get(path))];
    return from === to ? [] : [{ what: `mount ${path}`, from, to }];
  });
}

/** For people: `memory 64 MiB → 128 MiB`. */
export function askedText({ what, from, to }: Asked): string {
  const bytes = what.endsWith(' bytes');
  const said = (value: Json): string => {
    if (value === null || value === '' || (bytes && value === 0)) return 'none';
    if (bytes && typeof value === 'number') return formatBytes(value);
    return typeof value === 'string' ? oneLine(value, 60) : oneLine(canonicalJson(value), 60);
  };
  return `${what.replace(/ bytes$/, '')} ${said(from)} → ${said(to)}`;
}
