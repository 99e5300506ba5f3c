export const kinds = ['dm-xfs', 'dm-ext4', 'dm-lvm', 'overlay2-20', 'overlay2-28', 'containerd-28'] as const;
export type Kind = (typeof kinds)[number];

export const suites = ['bookworm', 'forky'] as const;
export type Suite = (typeof suites)[number];

/** What makes a base image. */
export interface SuiteSpec {
  /** Docker's release in that suite; a build that finds another one stops. */
  readonly docker: string;
  readonly packages: readonly string[];
}

const packages = [
  'systemd-sysv',
  'dbus',
  'udev',
  'kmod',
  'openssh-server',
  'sudo',
  'docker.io',
  'iptables',
  'lvm2',
  'thin-provisioning-tools',
  'dmsetup',
  'xfsprogs',
  'e2fsprogs',
  'rsync',
  'busybox-static',
  'iproute2',
  'procps',
  'psmisc',
  'util-linux',
  'mount',
  'attr',
  'acl',
  'zstd',
  'curl',
  'docker-compose',
] as const;

export const suiteSpecs: Readonly<Record<Suite, SuiteSpec>> = {
  bookworm: { docker: '20.10', packages },
  forky: { docker: '28.5', packages: [...packages, 'docker-cli'] },
};

/** What makes a frozen machine of one kind. */
export interface KindSpec {
  readonly suite: Suite;
  /** What `docker info` says. */
  readonly driver: string;
  readonly memoryMiB: number;
  /** Sizes of /dev/vdb, /dev/vdc, …; they cost nothing until written. */
  readonly disks: readonly string[];
  /** A script guest/storage-<name>.sh. */
  readonly storage: 'root' | 'xfs' | 'lvm';
  /** daemon.json */
  readonly daemon: Readonly<Record<string, unknown>>;
  /** Name and further options of `docker run`. */
  readonly containers: readonly (readonly [string, ...string[]])[];
}

const common = { 'live-restore': true };
const disks = ['4G', '3G'];
const plain = [['c1']] as const;
const sized = [['c1', '--storage-opt', 'size=64M'], ['c0']] as const;

function devicemapper(storage: 'root' | 'lvm', options: readonly string[]): KindSpec {
  return {
    suite: 'bookworm',
    driver: 'devicemapper',
    memoryMiB: 768,
    disks,
    storage,
    containers: plain,
    // no networks here: a quicker daemon
    daemon: {
      ...common,
      bridge: 'none',
      iptables: false,
      ip6tables: false,
      'storage-driver': 'devicemapper',
      'storage-opts': options,
    },
  };
}

// XFS needs a base size above 300 MB.
export const kindSpecs: Readonly<Record<Kind, KindSpec>> = {
  'dm-xfs': devicemapper('root', ['dm.fs=xfs', 'dm.basesize=320M', 'dm.loopdatasize=2G', 'dm.loopmetadatasize=32M']),
  'dm-ext4': devicemapper('root', ['dm.fs=ext4', 'dm.basesize=100M', 'dm.loopdatasize=2G', 'dm.loopmetadatasize=32M']),
  'dm-lvm': devicemapper('lvm', [
    'dm.fs=xfs',
    'dm.basesize=320M',
    'dm.thinpooldev=/dev/mapper/docker-thinpool',
    'dm.use_deferred_removal=true',
  ]),
  'overlay2-20': {
    suite: 'bookworm',
    driver: 'overlay2',
    memoryMiB: 768,
    disks,
    storage: 'xfs',
    containers: sized,
    daemon: { ...common, 'storage-driver': 'overlay2' },
  },
  'overlay2-28': {
    suite: 'forky',
    driver: 'overlay2',
    memoryMiB: 768,
    disks,
    storage: 'xfs',
    containers: sized,
    daemon: { ...common, 'storage-driver': 'overlay2', features: { 'containerd-snapshotter': false } },
  },
  'containerd-28': {
    suite: 'forky',
    driver: 'overlayfs',
    memoryMiB: 768,
    disks,
    storage: 'xfs',
    containers: plain,
    daemon: { ...common, features: { 'containerd-snapshotter': true } },
  },
};
