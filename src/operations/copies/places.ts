import * as z from 'zod';
import { containerName, existingVolume } from '../engine/input.ts';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { isWithin } from '../../facts/containers/container-uses.ts';
import type { Container } from '../../facts/containers/containers.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { copiedDirectory } from './copy-input.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { byHand } from '../../values/shell.ts';

interface Named {
  readonly volume?: string | undefined;
  readonly container?: string | undefined;
  readonly path?: string | undefined;
}

export function isPlace({ volume, container, path }: Named): boolean {
  return volume === undefined ? path !== undefined : container === undefined && path === undefined;
}

export const placeProblem = 'must be {volume: NAME}, {path: DIRECTORY} or {container: NAME, path: DIRECTORY}';

/** Where content lies: a volume, a directory of the host, or a directory as a container sees it. */
export const place = z
  .strictObject({
    volume: existingVolume.optional().describe('the name of a volume'),
    container: containerName
      .optional()
      .describe('the name or id of a container, or four or more of its first digits; path: is in it then'),
    path: copiedDirectory.optional().describe('a directory on the host; with container: as the container sees it'),
  })
  .refine(isPlace, placeProblem);
export type CopyPlace = z.infer<typeof place>;

/** A place on the host's own file systems. */
export interface Located {
  readonly path: string;
  /** What `path` must still lie in once symbolic links in it have been followed, and under which name; a container's link may lead anywhere on the host. */
  readonly within?: { readonly base: string; readonly rest: string };
  /** What containers have mounted, where that is this directory by another name. */
  readonly alias?: string;
  /** The container in whose own layer it is: that is there only while it runs. */
  readonly layerOf?: string;
}

export interface DockerFacts {
  readonly volumes: readonly Volume[];
  readonly uses: readonly ContainerUse[];
  readonly containers: readonly Container[];
}

export function locate(wanted: CopyPlace, docker: DockerFacts): Located | Refusal {
  if (wanted.volume !== undefined) return ofVolume(wanted.volume, '', docker);
  if (wanted.container !== undefined) return inContainer(wanted.container, wanted.path ?? '/', docker);
  return { path: wanted.path ?? '/' };
}

/** For people. */
export function described({ volume, container, path = '' }: CopyPlace): string {
  return volume !== undefined ? `volume ${volume}` : container !== undefined ? `${container}:${path}` : path;
}

/**
 * A volume with mount options has its content elsewhere, and at its mount point only while a running
 * container uses it: a copy that stops the container would copy the empty directory underneath.
 */
function ofVolume(name: string, rest: string, { volumes }: DockerFacts): Located | Refusal {
  const volume = volumes.find((candidate) => candidate.name === name);
  if (volume === undefined)
    return refuse(
      `there is no volume ${name}`,
      `docker volume ls names those that there are; ${byHand('docker', 'volume', 'create', name)} makes it`,
    );
  if (volume.driver !== 'local')
    return refuse(
      `volume ${name} belongs to the driver ${volume.driver}, which alone knows where its content lies`,
      'copy it with what the driver provides',
    );
  const { type, device } = volume.options;
  if ((type === undefined || type === 'none') && device?.startsWith('/') === true)
    return { ...at(device, rest), alias: at(volume.mountpoint, rest).path };
  if (type !== undefined || device !== undefined)
    return refuse(
      `volume ${name} is ${type ?? 'a mount'} of ${device ?? 'something'}, which is mounted only while a running container uses it`,
      'mount it by hand for as long as the copy takes, and give that directory as path',
    );
  return at(volume.mountpoint, rest);
}

function inContainer(wanted: string, path: string, docker: DockerFacts): Located | Refusal {
  const found = docker.uses.filter(({ id, name }) => name === wanted || (wanted.length >= 4 && id.startsWith(wanted)));
  const use = found.find(({ name }) => name === wanted) ?? (found.length === 1 ? found[0] : undefined);
  if (use === undefined)
    return refuse(
      found.length === 0
        ? `there is no container ${wanted}`
        : `${wanted} could be any of ${String(found.length)} containers`,
      'docker ps -a names those that there are',
    );
  const [mount] = use.mounts
    .filter(({ destination }) => isWithin(path, destination))
    .sort((a, b) => b.destination.length - a.destination.length);
  if (mount === undefined) return inLayer(use, path, docker);
  const rest = path.slice(mount.destination.replace(/\/+$/, '').length).replace(/^\/+/, '');
  if (mount.type === 'volume' && mount.name !== undefined) return ofVolume(mount.name, rest, docker);
  if (mount.type === 'bind') return at(mount.source, rest);
  return refuse(
    `${path} in ${use.name} lies in a ${mount.type} mount`,
    "only volumes, directories of the host, and a container's own files are copied",
  );
}

function inLayer(use: ContainerUse, path: string, { containers }: DockerFacts): Located | Refusal {
  const merged = containers.find(({ id }) => id === use.id)?.graph?.['MergedDir'];
  if (!use.running)
    return refuse(
      `${path} is in the layer of ${use.name} itself, which is not mounted because it does not run`,
      `start it; or use ${byHand('docker', 'cp', `${use.name}:${path}`)}, which keeps less`,
    );
  if (merged === undefined)
    return refuse(
      `${path} is in the layer of ${use.name} itself, which this storage driver does not show to the host`,
      `use ${byHand('docker', 'cp', `${use.name}:${path}`)}, which keeps less`,
    );
  return { ...at(merged, path.replace(/^\/+/, '')), layerOf: use.id };
}

function at(base: string, rest: string): Located {
  const root = base.replace(/\/+$/, '');
  return rest === '' ? { path: root } : { path: `${root}/${rest}`, within: { base: root, rest } };
}
