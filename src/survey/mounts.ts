import type { ContainerUse, Mount } from '../facts/containers/container-uses.ts';
import type { Volume } from '../facts/volumes/volumes.ts';
import type { MountSurvey } from './host-survey.ts';

const anonymousLabel = 'com.docker.volume.anonymous';

/** Docker labels them since 23; before that their name is all that tells. */
export function isAnonymous(volume: Pick<Volume, 'name' | 'labels'>): boolean {
  return Object.hasOwn(volume.labels, anonymousLabel) || /^[0-9a-f]{64}$/.test(volume.name);
}

/** Every mount of a container, in the form in which it came to it. */
export function mountsOf(
  use: ContainerUse,
  uses: readonly ContainerUse[],
  volumes: readonly Volume[],
): readonly MountSurvey[] {
  const lenders = use.volumesFrom.flatMap((reference) => lenderOf(reference, uses) ?? []);
  const listed = use.mounts.map((mount): MountSurvey => {
    const lender = lenders.find((other) => other.mounts.some((its) => isSame(its, mount)));
    const form = lender === undefined ? formOf(mount, volumes) : 'volumes-from';
    return {
      form,
      source: mount.name ?? mount.source,
      destination: mount.destination,
      readOnly: mount.readOnly,
      from: lender?.name ?? null,
    };
  });
  const inMemory = (use.tmpfs ?? []).filter((path) => !listed.some(({ destination }) => destination === path));
  return [
    ...listed,
    ...inMemory.map((destination): MountSurvey => ({
      form: 'tmpfs',
      source: '',
      destination,
      readOnly: false,
      from: null,
    })),
  ].toSorted((a, b) => (a.destination < b.destination ? -1 : 1));
}

function formOf(mount: Mount, volumes: readonly Volume[]): MountSurvey['form'] {
  if (mount.type === 'bind' || mount.type === 'tmpfs') return mount.type;
  if (mount.type !== 'volume') return 'other';
  const name = mount.name ?? '';
  return isAnonymous({ name, labels: volumes.find((volume) => volume.name === name)?.labels ?? {} })
    ? 'anonymous'
    : 'named';
}

/** `name:ro`, or an id; a name comes before an id that begins the same. */
function lenderOf(reference: string, uses: readonly ContainerUse[]): ContainerUse | undefined {
  const [who = ''] = reference.replace(/^\//, '').split(':', 1);
  return uses.find(({ name }) => name === who) ?? uses.find(({ id }) => who !== '' && id.startsWith(who));
}

function isSame(one: Mount, other: Mount): boolean {
  return (
    one.destination === other.destination &&
    one.type === other.type &&
    (one.name ?? one.source) === (other.name ?? other.source)
  );
}
