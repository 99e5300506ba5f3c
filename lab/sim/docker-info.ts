import { literalJson } from './engine/record.mjs';
import type { HostSpec } from './spec.ts';

export interface DockerFlavour {
  readonly version: string;
  readonly driver: string;
  readonly driverStatus: readonly (readonly [string, string])[];
  readonly operatingSystem: string;
  readonly kernel: string;
}

const bookworm = {
  version: '20.10.24+dfsg1',
  operatingSystem: 'Debian GNU/Linux 12 (bookworm)',
  kernel: '6.1.0-56-cloud-amd64',
} as const;
const forky = {
  version: '28.5.2+dfsg4',
  operatingSystem: 'Debian GNU/Linux forky/sid',
  kernel: '7.2.12+deb14-cloud-amd64',
} as const;

const overlay = (fileSystem: string, metacopy: boolean): readonly (readonly [string, string])[] => [
  ['Backing Filesystem', fileSystem],
  ['Supports d_type', 'true'],
  ...(metacopy ? [['Using metacopy', 'false'] as const] : []),
  ['Native Overlay Diff', 'true'],
  ['userxattr', 'false'],
];

export function flavourOf({ kind, docker }: Pick<HostSpec, 'kind' | 'docker'>): DockerFlavour {
  const release = docker === '28.5' ? forky : bookworm;
  switch (kind) {
    case 'dm-xfs':
    case 'dm-ext4':
    case 'dm-lvm':
      return { ...bookworm, driver: 'devicemapper', driverStatus: [] };
    case 'old-docker':
      return { ...bookworm, version: '17.03.2-ce', driver: 'devicemapper', driverStatus: [] };
    case 'overlay2-pquota':
      return { ...release, driver: 'overlay2', driverStatus: overlay('xfs', docker === '28.5') };
    case 'overlay2-plain':
      return { ...release, driver: 'overlay2', driverStatus: overlay('extfs', docker === '28.5') };
    case 'containerd':
      return { ...forky, driver: 'overlayfs', driverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] };
    case 'no-docker':
      return { ...bookworm, driver: 'none', driverStatus: [] };
  }
}

/** An object of templates: values are JSON text already, or `{{json .Field}}`. */
function object(fields: Readonly<Record<string, string>>): string {
  return `{${Object.entries(fields)
    .map(([key, text]) => `${JSON.stringify(key)}:${text}`)
    .join(',')}}`;
}

const dynamic = (name: string): string => `{{json .${name}}}`;

/** What `docker info --format '{{json .}}'` prints, as a template. */
export function infoTemplate(spec: HostSpec): string {
  const { operatingSystem, kernel } = flavourOf(spec);
  return object({
    ...Object.fromEntries(
      ['ID', 'Containers', 'ContainersRunning', 'ContainersPaused', 'ContainersStopped'].map((name) => [
        name,
        dynamic(name),
      ]),
    ),
    Images: '1',
    Driver: dynamic('Driver'),
    DriverStatus: dynamic('DriverStatus'),
    Debug: 'false',
    SystemTime: dynamic('SystemTime'),
    LoggingDriver: '"json-file"',
    CgroupDriver: '"systemd"',
    CgroupVersion: '"2"',
    KernelVersion: JSON.stringify(kernel),
    OperatingSystem: JSON.stringify(operatingSystem),
    OSType: '"linux"',
    Architecture: '"x86_64"',
    NCPU: '2',
    MemTotal: '756011008',
    DockerRootDir: dynamic('DockerRootDir'),
    Name: dynamic('Name'),
    Labels: '[]',
    ExperimentalBuild: 'false',
    ServerVersion: dynamic('ServerVersion'),
    DefaultRuntime: '"runc"',
    Swarm: literalJson({
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    }),
    LiveRestoreEnabled: dynamic('LiveRestoreEnabled'),
    SecurityOptions: literalJson(['name=seccomp,profile=default', 'name=cgroupns']),
    ClientInfo: literalJson({ Debug: false, Context: 'default', Plugins: [], Warnings: null }),
  });
}

/** What the client alone prints: 20.10 says why in it and succeeds, 28 leaves everything empty and fails. */
export function infoWithoutDaemon(spec: HostSpec): string {
  const ClientInfo = { Debug: false, Context: 'default', Plugins: [], Warnings: null };
  if (flavourOf(spec).version.startsWith('28.'))
    return literalJson({
      ID: '',
      Containers: 0,
      Driver: '',
      DriverStatus: null,
      OperatingSystem: '',
      KernelVersion: '',
      DockerRootDir: '',
      ServerVersion: '',
      LiveRestoreEnabled: false,
      SecurityOptions: null,
      ClientInfo,
    });
  return literalJson({
    ServerErrors: ['Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'],
    ClientInfo,
  });
}
