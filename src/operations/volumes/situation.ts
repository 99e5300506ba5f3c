import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { containerUses } from '../../facts/containers/container-uses.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import type { FactRequest } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { ProjectQuota } from '../../facts/host/project-quota.ts';
import type { Replacement } from '../../facts/containers/replacements.ts';
import { replacements } from '../../facts/containers/replacements.ts';
import type { VolumeState } from '../../facts/volumes/volume-state.ts';
import { volumeLedger, volumeState } from '../../facts/volumes/volume-state.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Reading } from '../engine/reading.ts';
import { together } from '../engine/reading.ts';
import type { FamilyPast } from '../versions/versions.ts';
import { familyOf, familyOfName, follow, holders, successorsOf, underWay, volumeName } from '../versions/versions.ts';

/** How a playbook names a volume. */
export interface VolumeWant {
  readonly volume?: string | undefined;
  readonly container?: string | undefined;
  readonly path?: string | undefined;
}

/** One volume and everything about it that decides how its size can be changed. */
export interface Situation {
  readonly docker: Docker;
  readonly all: readonly Volume[];
  readonly uses: readonly ContainerUse[];
  readonly past: FamilyPast;
  readonly family: string;
  readonly volume: Volume;
  readonly state: VolumeState;
  /** The containers whose volume it is. */
  readonly users: readonly ContainerUse[];
  /** Of replacements of these, what has been begun and not ended. */
  readonly begun: readonly Replacement[];
  /** What was made to take its place and has not taken it. */
  readonly pending: readonly { readonly volume: Volume; readonly state: VolumeState }[];
}

type Found = Refusal | { readonly name: string };

/**
 * The volume as it stands, or why nothing can be said of it. Three flights: what Docker says; which versions there have
 * been; what the disk says of the volume that is meant.
 */
export function* readSituation(want: VolumeWant): Reading<Situation | Refusal> {
  const [docker, all, uses, replaced] = yield* together(
    ask(dockerInfo),
    ask(volumes),
    ask(containerUses),
    ask(replacements),
  );
  const named = nameOf(want, uses);
  if (isRefused(named)) return named;
  if (!volumeName.test(named.name))
    return refuse(`"${named.name}" is not a name that Docker's local volumes can have`, 'correct the name');
  const [ledger] = yield* together(ask(volumeLedger, familyHere(named.name, all)));
  const past = { ledger, replacements: replaced };
  const chain = follow(named.name, all, uses, past);
  if (chain.kind === 'missing')
    return refuse(`there is no volume ${named.name}`, 'correct the name (docker volume ls), or create it first');
  if (chain.kind === 'torn') {
    const who = chain.users.map(({ name }) => name).join(', ');
    return refuse(
      `${chain.fresh.name} has taken the place of ${chain.old.name}, and yet ${who} uses ${chain.old.name}`,
      `decide which of the two volumes counts: let ${who} use ${chain.fresh.name}, or remove it; then run the same again`,
    );
  }
  const { volume } = chain;
  const unsuitable = judgeVolume(volume, docker);
  if (unsuitable !== undefined) return unsuitable;
  const known = yield [volume, ...chain.pending].map(askState);
  const users = holders(uses, volume, past);
  return {
    docker,
    all,
    uses,
    past,
    family: familyOf(volume),
    volume,
    state: known.the(askState(volume)),
    users,
    begun: users.flatMap(({ id }) => underWay(past, id) ?? []),
    pending: chain.pending.map((one) => ({ volume: one, state: known.the(askState(one)) })),
  };
}

function askState({ mountpoint }: Volume): FactRequest<VolumeState> {
  return ask(volumeState, mountpoint);
}

function nameOf({ volume, container, path }: VolumeWant, uses: readonly ContainerUse[]): Found {
  if (volume !== undefined) return { name: volume };
  const use = uses.find(({ id, name }) => name === container || id === container);
  if (use === undefined)
    return refuse(
      `there is no container ${container ?? ''}`,
      'correct the name (docker ps -a); if a run was cut while it was replaced: plimsoll resume',
    );
  const at = (path ?? '').replace(/(?<=.)\/+$/, '');
  const mount = use.mounts.find(({ destination }) => destination.replace(/(?<=.)\/+$/, '') === at);
  const paths = use.mounts.map(({ destination }) => destination).join(', ');
  if (mount === undefined)
    return refuse(
      `${use.name} has nothing mounted at ${at}`,
      paths === '' ? 'it has no mounts at all' : `it has mounts at ${paths}`,
    );
  if (mount.type !== 'volume' || mount.name === undefined)
    return refuse(
      `what ${use.name} has at ${at} is no volume but a ${mount.type}${mount.source === '' ? '' : ` of ${mount.source}`}`,
      'only volumes have a size of their own: recreate the container with a volume there first',
    );
  return { name: mount.name };
}

/** Also of a name whose volume is gone: the one that has replaced it says which family it was. */
function familyHere(name: string, all: readonly Volume[]): string {
  const volume = all.find((one) => one.name === name) ?? successorsOf(all, name)[0];
  return volume === undefined ? familyOfName(name) : familyOf(volume);
}

/** Why a volume cannot have another size at all. */
export function judgeVolume(
  { name, driver, options }: Pick<Volume, 'name' | 'driver' | 'options'>,
  docker: Docker,
): Refusal | undefined {
  if (docker.rootless)
    return refuse(
      'the Docker daemon is rootless, where volumes have no size of their own',
      'use a daemon that runs as root',
    );
  if (driver !== 'local')
    return refuse(
      `${name} belongs to the volume driver ${driver}, not to Docker's own (local)`,
      `change its size with the means of ${driver}`,
    );
  const { type = '', device = '' } = options;
  if (type === '' && device === '' && options['o'] === undefined) return undefined;
  if (type === 'tmpfs')
    return refuse(
      `${name} is a tmpfs: it lies in memory, and is empty whenever nothing uses it`,
      'create a new volume with --opt o=size=…, and recreate its containers with that',
    );
  if (/^(nfs|nfs4|cifs|smb3|glusterfs|ceph)$/.test(type))
    return refuse(
      `${name} lies on another machine (${type}), which decides how large it is`,
      'change the size of what that machine exports',
    );
  return refuse(
    `${name} is a mount of its own (type ${type === '' ? 'none' : type}${device === '' ? '' : `, device ${device}`}), there only while a container uses it: its size is that of what is mounted`,
    'enlarge that device or directory on the host; or copy its content to a volume with a size (copy_volume) while it is mounted',
  );
}

/** Why no volume with a size can be made below `root`, the directory of all volumes. */
export function judgeNewVolume(
  name: string,
  root: string,
  quota: ProjectQuota | null,
  docker: Docker,
): Refusal | undefined {
  const cannot = judgeVolume({ name, driver: 'local', options: {} }, docker);
  if (cannot !== undefined) return cannot;
  if (quota === null)
    return refuse(
      `Docker's directory ${root} does not exist`,
      'does the daemon run on this host, and under this root directory?',
    );
  return judgeFileSystem(quota);
}

/** What a file system must be to give volumes a size; what it lacks and how to get it. */
export function judgeQuota({ volume, state }: Situation): Refusal | undefined {
  const { quota } = state;
  if (quota === undefined)
    return refuse(
      `${volume.name}: its directory ${volume.mountpoint} does not exist`,
      'does the daemon run on this host, and under this root directory?',
    );
  if (state.mounted !== undefined)
    return refuse(
      `somebody has mounted ${state.mounted} on ${volume.mountpoint}`,
      `unmount it, if nothing uses it: what lies there is not what Docker would put there`,
    );
  return judgeFileSystem(quota);
}

/** The same of what Docker's volumes lie on. */
function judgeFileSystem({ fileSystem, mountPoint, options, quotaTool, freeBytes }: ProjectQuota): Refusal | undefined {
  if (fileSystem !== 'xfs')
    return refuse(
      `Docker's volumes lie on ${fileSystem} (${mountPoint}), where a volume has no size of its own: all share the ${formatBytes(freeBytes)} that are free there`,
      `move Docker's data directory to an XFS that is mounted with prjquota; or make room on ${mountPoint}`,
    );
  if (!options.some((option) => option === 'prjquota' || option === 'pquota'))
    return refuse(
      `${mountPoint}, where Docker's volumes lie, is XFS mounted without project quotas`,
      'they can only be switched on when it is mounted anew: stop Docker, unmount it, mount it with prjquota (in /etc/fstab; a remount does nothing; for the root file system the kernel option rootflags=pquota), start Docker',
    );
  if (!quotaTool) return refuse('xfs_quota and xfs_io are not installed', 'install xfsprogs on the host');
  return undefined;
}
