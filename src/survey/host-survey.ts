import type { HostStatus } from '../errors.ts';

/** One host's storage at one moment. What is not known is null, never a guess. Sizes are bytes. */
export interface HostSurvey {
  readonly host: string;
  readonly status: HostStatus;
  /** Why there is nothing, or not everything. */
  readonly error: SurveyError | null;
  readonly docker: DockerSurvey | null;
  readonly fileSystems: readonly FileSystemSurvey[];
  readonly pool: PoolSurvey | null;
  readonly containers: readonly ContainerSurvey[];
  readonly volumes: readonly VolumeSurvey[];
  /** What could not be read beside all that. */
  readonly gaps: readonly string[];
}

export interface SurveyError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface DockerSurvey {
  readonly version: string;
  readonly driver: string;
  /** Containers live in containerd's image store, where they have no size of their own. */
  readonly imageStore: boolean;
  readonly root: string;
  readonly liveRestore: boolean;
  readonly rootless: boolean;
  readonly operatingSystem: string;
  readonly kernel: string;
}

/** A file system that Docker's data lies on. */
export interface FileSystemSurvey {
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
  readonly size: number;
  readonly used: number;
  readonly available: number;
  readonly inodes: number;
  readonly freeInodes: number;
  /** Whether volumes and overlay2 layers on it can have a size of their own. */
  readonly quotas: 'on' | 'off' | 'not possible' | null;
  /** What of Docker's lies on it. */
  readonly holds: readonly string[];
}

export interface PoolSurvey {
  readonly name: string;
  readonly kind: 'loop' | 'lvm' | 'device';
  /** `rw`, or what is wrong with it. */
  readonly state: string;
  readonly needsCheck: boolean;
  readonly data: Usage | null;
  readonly metadata: Usage | null;
  /** What its containers may grow to, all together, and that as a multiple of the pool. */
  readonly virtualBytes: number;
  readonly overcommit: number | null;
  /** Of an LVM pool. `off` also when nothing watches it. */
  readonly autoextend: { readonly threshold: number; readonly percent: number } | 'off' | null;
  readonly volumeGroup: { readonly name: string; readonly free: number } | null;
  readonly loopFiles: readonly { readonly path: string; readonly bytes: number; readonly allocated: number }[];
}

export interface Usage {
  readonly used: number;
  readonly size: number;
}

export interface ContainerSurvey {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** Why its last start failed; empty otherwise. */
  readonly startError: string;
  readonly rootfs: RootfsSurvey;
  readonly mounts: readonly MountSurvey[];
}

export interface RootfsSurvey {
  readonly used: number | null;
  /** Null where nothing limits it but the disk. */
  readonly size: number | null;
  readonly limitedBy: 'thin device' | 'project quota' | null;
  /** devicemapper: the size of the active device and of what is on it; what Docker's record says; what the daemon has read of it. */
  readonly live: number | null;
  readonly stored: number | null;
  readonly daemon: number | null;
  /** Whether a stop and start, or a restart of the host, would make it smaller again, and so unusable. */
  readonly restartUndoes: boolean | null;
}

export interface MountSurvey {
  /** `volumes-from`: it is mounted because another container has it. */
  readonly form: 'bind' | 'named' | 'anonymous' | 'volumes-from' | 'tmpfs' | 'other';
  /** The volume's name, or the path on the host; empty for tmpfs. */
  readonly source: string;
  readonly destination: string;
  readonly readOnly: boolean;
  /** The container that it comes from. */
  readonly from: string | null;
}

export interface VolumeSurvey {
  readonly name: string;
  readonly driver: string;
  readonly anonymous: boolean;
  readonly createdAt: string;
  /** In force; null where nothing limits it but the disk. */
  readonly size: number | null;
  readonly used: number | null;
  /** Where `used` comes from: its quota, what is mounted there, or a walk over its content. */
  readonly usedFrom: 'quota' | 'mount' | 'walk' | null;
  /** The size that it was created with, as it was written then. */
  readonly asked: string | null;
  readonly quota: 'enforced' | 'not enforced' | 'none' | null;
  /** The type of what is mounted there itself. */
  readonly mounted: string | null;
  /** Names of containers. */
  readonly usedBy: readonly string[];
  readonly dangling: Dangling | null;
  /** Whether the next start of a container puts another limit in force. */
  readonly restartUndoes: boolean | null;
}

/** Nobody uses it, since some time after this: an earlier survey saw it in use then, or it was created then (and nothing earlier is known). */
export interface Dangling {
  readonly since: string;
  readonly basis: 'last seen in use' | 'created';
}

/** Of a host that has not been surveyed. */
export function noSurvey(host: string, status: HostStatus, error: SurveyError): HostSurvey {
  return { host, status, error, docker: null, fileSystems: [], pool: null, containers: [], volumes: [], gaps: [] };
}
