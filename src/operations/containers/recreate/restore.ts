import * as z from 'zod';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import { ask } from '../../../facts/fact.ts';
import { askImageIds } from '../../../facts/daemon/image-ids.ts';
import type { Volume } from '../../../facts/volumes/volumes.ts';
import { volumes } from '../../../facts/volumes/volumes.ts';
import type { Refusal } from '../../../values/refusal.ts';
import { refuse } from '../../../values/refusal.ts';
import { oneLine } from '../../../values/terminal.ts';
import { familyOf, familyOfName, labelOf, successorsOf } from '../../versions/versions.ts';
import type { Reading } from '../../engine/reading.ts';
import { together } from '../../engine/reading.ts';
import type { ExpectedMount } from '../body/mounts.ts';
import { planMounts } from '../body/mounts.ts';
import type { Patch, PatchedMount } from '../body/patch.ts';
import type { Recorded } from '../body/recorded.ts';
import { ownLabels, recordedOf, recordedSchema } from '../body/recorded.ts';

export const restoreSchema = z.strictObject({
  version: z.number().int().nonnegative().describe('its number'),
  spec: recordedSchema.describe('what is recorded of it, as plimsoll history --output json shows it'),
  env_changed: z.array(z.string()).default([]).describe('the names of variables whose value has been changed since'),
  partly: z.boolean().default(false).describe('what cannot be brought back stays as it is now, instead of refusing'),
});
export type Restore = z.infer<typeof restoreSchema>;

/** What leads from what is now to a recorded version, and what does not lead there. */
export interface Restoration {
  readonly patch: Patch;
  readonly cannot: readonly string[];
  /** What is otherwise than it was, and is meant to be. */
  readonly notes: readonly string[];
}

/** What the host has of what a version was made with. */
export interface Remains {
  readonly volumes: readonly Volume[];
  /** The ids of the image of that name, and of the very one that it was; null of what is not there. */
  readonly images: readonly (string | null)[];
}

export function* readRemains({ spec: { image, imageId } }: Restore): Reading<Remains> {
  const [all, images] = yield* together(ask(volumes), askImageIds(image, ...(imageId === undefined ? [] : [imageId])));
  return { volumes: all, images };
}

/** The whole of it: what the version did not have is taken out, too. */
export function restoration(
  { spec: wanted, env_changed: envChanged }: Restore,
  spec: ContainerSpec,
  { volumes: all, images }: Remains,
): Restoration {
  const now = recordedOf(spec, {}, undefined);
  const image = imageOf(wanted, spec, images);
  const env = environment(wanted, spec, envChanged);
  const mounts = mountsOf(wanted, spec, all);
  const labels = { ...changes(wanted.labels, ownLabels(spec)) };
  const ports = changes(wanted.ports, now.ports);
  const [name = 'no', count = '0'] = wanted.restart.split(':');
  const patch: Patch = {
    ...image.patch,
    ...some('env', env.patch),
    ...some('labels', labels),
    ...some('ports', ports),
    ...some('mounts', mounts.patch),
    ...(wanted.memoryBytes === now.memoryBytes ? {} : { memory: wanted.memoryBytes }),
    ...(wanted.nanoCpus === now.nanoCpus ? {} : { nanoCpus: wanted.nanoCpus }),
    ...(wanted.restart === now.restart ? {} : { restart: { name, maximumRetryCount: Number(count) } }),
    ...(wanted.storageBytes === undefined || wanted.storageBytes === now.storageBytes
      ? {}
      : { storageSize: wanted.storageBytes }),
  };
  const storage =
    wanted.storageBytes === undefined && now.storageBytes !== undefined
      ? ['the size of its root file system: it had none of its own then, and that cannot be taken away']
      : [];
  const others = recordedOf(spec, patch, undefined).others;
  return {
    patch: ofThatImage(patch, spec),
    cannot: [...image.cannot, ...env.cannot, ...mounts.cannot, ...storage, ...differing(wanted.others, others)],
    notes: [...image.notes, ...mounts.notes],
  };
}

export function refuseRestoring(name: string, version: number | undefined, cannot: readonly string[]): Refusal {
  return refuse(
    `version ${String(version)} of ${name} cannot be brought back whole: ${cannot.join('; ')}`,
    'say partly: true (plimsoll restore-version --partly), and all the rest is brought back, while these stay as they are now; env, image and mounts can be given by recreate_container itself',
  );
}

/** Where the name that it was made from means another image by now, the same one has to be asked for. */
function ofThatImage(patch: Patch, { image, imageNow }: ContainerSpec): Patch {
  return patch.image === undefined && Object.keys(patch).length > 0 && imageNow !== image ? { ...patch, image } : patch;
}

interface Part<Value> {
  readonly patch: Value;
  readonly cannot: readonly string[];
  readonly notes: readonly string[];
}

function imageOf(wanted: Recorded, spec: ContainerSpec, [named, same]: Remains['images']): Part<Pick<Patch, 'image'>> {
  const { image, imageId } = wanted;
  const isSame = imageId === undefined ? spec.config['Image'] === image : spec.image === imageId;
  if (isSame) return { patch: {}, cannot: [], notes: [] };
  if (named !== null && named !== undefined && (imageId === undefined || named === imageId))
    return { patch: { image }, cannot: [], notes: [] };
  const called = oneLine(image, 80);
  if (imageId === undefined || same === null || same === undefined)
    return {
      patch: {},
      cannot: [
        `image ${called}${imageId === undefined ? '' : ` (${imageId.slice(0, 19)})`}: the host does not have it any more`,
      ],
      notes: [],
    };
  return {
    patch: { image: imageId },
    cannot: [],
    notes: [`${called} is another image now: it is made from ${imageId.slice(0, 19)}, which it was then`],
  };
}

function environment(
  { env }: Recorded,
  spec: ContainerSpec,
  changed: readonly string[],
): Part<Readonly<Record<string, null>>> {
  const now = new Set(spec.env.map(({ name }) => name));
  const was = new Set(env);
  const more = spec.env
    .filter(({ name, inherited }) => !inherited && !was.has(name))
    .map(({ name }): readonly [string, null] => [name, null]);
  const cannot = env.flatMap((name) =>
    !now.has(name)
      ? [`env ${name}: it was set then, and values are not recorded`]
      : changed.includes(name)
        ? [`env ${name}: it has been given another value since, and values are not recorded`]
        : [],
  );
  return { patch: Object.fromEntries(more), cannot: cannot.map((text) => oneLine(text, 200)), notes: [] };
}

/** By name what is otherwise, or null for what was not there. */
function changes<Value>(
  wanted: Readonly<Record<string, Value>>,
  now: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value | null>> {
  const other = Object.entries(wanted).filter(([name, value]) => JSON.stringify(now[name]) !== JSON.stringify(value));
  const more = Object.keys(now)
    .filter((name) => !Object.hasOwn(wanted, name))
    .map((name): readonly [string, null] => [name, null]);
  return Object.fromEntries([...other, ...more]);
}

function some<Key extends string, Value extends object>(key: Key, value: Value): Partial<Record<Key, Value>> {
  return Object.keys(value).length === 0 ? {} : ({ [key]: value } as Record<Key, Value>);
}

/** Volumes are mounted again, what was in them then does not come back: a newer version of a volume stays. */
function mountsOf(
  wanted: Recorded,
  spec: ContainerSpec,
  all: readonly Volume[],
): Part<Readonly<Record<string, PatchedMount | null>>> {
  const now = planMounts(spec, {}).expected;
  const was = new Set(wanted.mounts.map(({ destination }) => destination));
  const patch: Record<string, PatchedMount | null> = Object.fromEntries(
    [...now.keys()].filter((path) => !was.has(path)).map((path) => [path, null]),
  );
  const cannot: string[] = [];
  const notes: string[] = [];
  for (const { destination, type, name = '', source = '', readWrite } of wanted.mounts) {
    const is = now.get(destination);
    const at = `mount ${oneLine(destination, 80)}`;
    const readOnly = !readWrite;
    if (type === 'volume') {
      const found = volumeFor(name, is, all);
      if (!('volume' in found)) cannot.push(`${at}: ${found.why}`);
      else if (is?.type !== 'volume' || is.source !== found.volume || is.readWrite !== readWrite)
        patch[destination] = { volume: found.volume, readOnly };
      if ('volume' in found && found.volume !== name)
        notes.push(
          `${destination}: ${found.volume} stays, which has replaced ${name}; what was in it then is not brought back`,
        );
    } else if (is?.type !== type || is.source !== source || is.readWrite !== readWrite) {
      if (type === 'bind') patch[destination] = { bind: source, readOnly };
      else cannot.push(`${at}: it was a ${oneLine(type, 20)}`);
    }
  }
  return { patch, cannot, notes };
}

function volumeFor(
  name: string,
  now: ExpectedMount | undefined,
  all: readonly Volume[],
): { readonly volume: string } | { readonly why: string } {
  if (now?.type === 'volume' && now.source === name) return { volume: name };
  const then = all.find((volume) => volume.name === name);
  const successor = all.find((volume) => now?.type === 'volume' && volume.name === now.source)?.labels[labelOf.family];
  if (
    now !== undefined &&
    successor !== undefined &&
    successor === (then === undefined ? familyOfName(name) : familyOf(then))
  )
    return { volume: now.source };
  if (then === undefined) return { why: `there is no volume ${oneLine(name, 80)} any more` };
  const [newer] = successorsOf(all, name);
  return newer === undefined
    ? { volume: name }
    : { why: `volume ${oneLine(name, 80)} has been replaced by ${newer.name} since` };
}

/** What recreate_container has no key for. */
function differing(wanted: Recorded['others'], now: Recorded['others']): readonly string[] {
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(now)])].toSorted();
  return keys.flatMap((key) =>
    wanted[key] === now[key]
      ? []
      : [
          `${key}: it was ${oneLine(wanted[key] ?? 'not set', 60)}, is ${oneLine(now[key] ?? 'not set', 60)}, and recreate_container cannot change it`,
        ],
  );
}
