import type { ContainerSpec, HostKind, HostSpec, VolumeSpec } from '../../lab/sim/spec.ts';
import { Pick } from './pick.ts';

const mib = 1024 ** 2;

/** What a scenario starts from, by the numbers that chose it. */
export interface GroundChoice {
  readonly theme: Theme;
  readonly kind: number;
  readonly containers: readonly (readonly number[])[];
  readonly volumes: readonly (readonly number[])[];
  /** What was done to the host before, one after the other. */
  readonly history: readonly number[];
}

export type Theme = 'devicemapper' | 'volumes' | 'files';

/** The host, and what steps may name of it. */
export interface Ground {
  readonly spec: HostSpec;
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly isDevicemapper: boolean;
  readonly fileSystem: 'xfs' | 'ext4';
  /** Of the root file systems of its containers. */
  readonly containerMib: number;
  /** Shell scripts that make the host what it is, one after the other. */
  readonly arrange: readonly string[];
  /** Steps that are applied before anything is watched, so that there is something in between, or kept. */
  readonly before: readonly object[];
}

const kinds: Readonly<Record<Theme, readonly [HostKind, ...HostKind[]]>> = {
  devicemapper: ['dm-xfs', 'dm-ext4', 'dm-lvm'],
  volumes: ['overlay2-pquota', 'overlay2-pquota', 'overlay2-pquota', 'overlay2-plain', 'containerd', 'dm-xfs'],
  files: ['overlay2-plain', 'no-docker'],
};

const containerNames = ['c1', 'app', 'old'];
const anonymous = 'a1'.repeat(32);
const volumeNames = ['foo-0', 'data', 'scrap-1', anonymous, 'elk-1'];

export const content: Readonly<Record<string, string>> = { data: 'data\n'.repeat(40), 'below/.more': 'more\n' };

export function groundOf({ theme, kind, containers, volumes, history }: GroundChoice): Ground {
  const chosen = new Pick([kind, ...history]);
  const hostKind = chosen.of(kinds[theme]);
  const isDevicemapper = hostKind.startsWith('dm-');
  const fileSystem = hostKind === 'dm-ext4' ? 'ext4' : 'xfs';
  const containerMib = fileSystem === 'ext4' ? 100 : 320;
  const withDocker = hostKind !== 'no-docker';
  const itsVolumes = withDocker
    ? volumes
        .slice(0, volumeNames.length)
        .map((numbers, index) => volumeOf(volumeNames[index] ?? 'more', new Pick(numbers), hostKind))
    : [];
  const itsContainers = withDocker
    ? containers
        .slice(0, containerNames.length)
        .map((numbers, index) =>
          containerOf(containerNames[index] ?? 'more', new Pick(numbers), hostKind, containerMib, itsVolumes),
        )
    : [];
  const spec: HostSpec = {
    name: 'host',
    kind: hostKind,
    ...(hostKind === 'overlay2-pquota' || hostKind === 'overlay2-plain'
      ? chosen.sometimes({ docker: '28.5' } as const)
      : {}),
    ...(isDevicemapper ? { pool: { dataBytes: (hostKind === 'dm-lvm' ? 1600 : 2048) * mib } } : {}),
    ...(chosen.number(5) === 4 ? { liveRestore: false } : {}),
    volumes: itsVolumes,
    containers: itsContainers,
  };
  const ground: Ground = {
    spec,
    containers: itsContainers.map(({ name }) => name),
    volumes: itsVolumes.map(({ name }) => name),
    isDevicemapper,
    fileSystem,
    containerMib,
    arrange: [],
    before: [],
  };
  return { ...ground, arrange: arrangedBy(chosen, ground), before: doneBefore(chosen, ground) };
}

function volumeOf(name: string, pick: Pick, kind: HostKind): VolumeSpec {
  const bytes = kind === 'overlay2-pquota' && pick.number(4) !== 3 ? pick.of([20, 40, 18]) * mib : undefined;
  const labels =
    name === 'elk-1'
      ? {
          'plimsoll.scaled': 'elk',
          'plimsoll.index': '1',
          'plimsoll.operation': 'scaled_volume',
          'plimsoll.volume': 'elk-1',
        }
      : pick.of([{}, { keep: 'yes' }]);
  return {
    name,
    ...(bytes === undefined ? {} : { bytes }),
    labels,
    files: pick.of([content, {}, { ...content, 'with space': "it's\n" }]),
  };
}

function containerOf(
  name: string,
  pick: Pick,
  kind: HostKind,
  sizeMib: number,
  volumes: readonly VolumeSpec[],
): ContainerSpec {
  const uses = volumes.filter(() => pick.number(3) === 1);
  const mounted = Object.fromEntries(
    uses.map((volume, index) => [volume.name, ['/data', '/logs', '/more', '/etc/x', '/y'][index] ?? '/z']),
  );
  const running = pick.number(4) !== 3;
  const size = kind.startsWith('dm-')
    ? { bytes: sizeMib * mib }
    : kind === 'overlay2-pquota' && pick.is()
      ? { bytes: 64 * mib, storageOpt: '64M' }
      : {};
  const grown = kind.startsWith('dm-') && pick.number(5) === 4 ? { grownBytes: (sizeMib + 192) * mib } : {};
  const removed = kind.startsWith('dm-') && pick.number(3) === 2 ? { removedBytes: 128 * mib } : {};
  return {
    name,
    ...size,
    ...grown,
    ...removed,
    running,
    restart: pick.of(['always', 'no', 'unless-stopped']),
    ...(uses.length === 0 ? {} : { volumes: mounted }),
    labels: pick.of([{}, { tier: 'web' }]),
    config: { Env: pick.of([['A=1'], ['TOKEN=secret', 'A=1'], []]) },
    ...(pick.number(6) === 5 ? { writes: ['A /written'] } : {}),
  };
}

/** The device of the first container is longer than its file system. */
const longer = (
  sectors: number,
): string => `N=$(docker inspect --type container --format '{{.GraphDriver.Data.DeviceName}}' c1)
set -- $(dmsetup table "$N")
[ "$2" -ge ${String(sectors)} ] || { dmsetup load "$N" --table "0 ${String(sectors)} thin $4 $5" && dmsetup resume "$N"; }`;

/** As if it had been put there long ago. */
const quarantined = `at=/var/lib/plimsoll/quarantine; mkdir -p -m 700 $at
printf '{"name":"%s","is":"%s","since":1000,"until":2000,"removing":false}\\n' scrap-1 "$(find /var/lib/docker/volumes/scrap-1 -maxdepth 0 -printf '%i %C@')" >$at/scrap-1`;

function arrangedBy(pick: Pick, { spec, isDevicemapper, fileSystem, volumes }: Ground): readonly string[] {
  const first = spec.containers?.[0];
  const isLonger = isDevicemapper && first?.running === true && first.grownBytes === undefined && pick.number(3) === 1;
  return [
    ...(isLonger ? [longer(fileSystem === 'xfs' ? 1_048_576 : 409_600)] : []),
    ...(volumes.includes('scrap-1') && pick.number(4) === 1 ? [quarantined] : []),
  ];
}

function doneBefore(pick: Pick, { volumes, spec }: Ground): readonly object[] {
  const [from, to] = volumes;
  if (from === undefined || spec.kind === 'containerd') return [];
  const all: readonly (readonly object[])[] = [
    [],
    [],
    to === undefined
      ? []
      : [{ copy_volume: { from: { volume: from }, to: { volume: to }, first_pass_only: true, delete: true } }],
    [{ clean_volumes: { named: true, name: ['scrap-*', 'data'] } }],
    [{ scale_volume: { volume: from, size: '50MiB', method: 'copy', gate: { seconds: 0.1 } } }],
    [{ backup_volume: { volume: from, to: { laptop: 'kept' }, consistency: 'live' } }],
  ];
  return all[pick.number(all.length)] ?? [];
}
