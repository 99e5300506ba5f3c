export type HostKind =
  'dm-xfs' | 'dm-ext4' | 'dm-lvm' | 'overlay2-pquota' | 'overlay2-plain' | 'containerd' | 'no-docker' | 'old-docker';

export interface ContainerSpec {
  /** Any text: names of real containers are tamer, but a host may say what it likes. */
  readonly name: string;
  /** Of its root file system (devicemapper), or its quota (overlay2; none when absent). */
  readonly bytes?: number;
  /** Somebody has grown it by hand: its device (while it runs) and its file system have this size, and Docker does not know (devicemapper). */
  readonly grownBytes?: number;
  /** What files that it has removed took: its device has that of the pool still (devicemapper). */
  readonly removedBytes?: number;
  /** How the size was written when it was created (overlay2); the number when absent. */
  readonly storageOpt?: string;
  readonly running?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  /** `no` when absent. */
  readonly restart?: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** Volumes of the host by their names, with where they are mounted. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Its program writes a line to this file, in one of its volumes, when it starts and when it is asked to stop. */
  readonly appends?: string;
  /** More of `Config`, with Docker's keys. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What `docker diff` prints of it: `A /path`. */
  readonly writes?: readonly string[];
}

export interface VolumeSpec {
  readonly name: string;
  /** Its quota (overlay2-pquota only); none when absent. */
  readonly bytes?: number;
  /** How the size was written when it was created; the number when absent. */
  readonly size?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Texts by their paths in it. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What a tool, a simulated one or this machine's own, does instead of, or before, its work, when its arguments match the shell pattern. */
export interface ToolFault {
  readonly tool: string;
  /** A shell pattern over all arguments; `*` when absent. */
  readonly when?: string;
  readonly action: 'delay' | 'hang' | 'fail' | 'print' | 'flood';
  /** Seconds (delay), exit status (fail), text with `\n` and `\033` (print), bytes (flood). */
  readonly argument?: string | number;
  /** Only the first call that matches; all of them when absent. */
  readonly once?: boolean;
}

export interface HostSpec {
  readonly name: string;
  readonly kind: HostKind;
  /** Docker's release, where the kind is known with more than one; 20.10 when absent. */
  readonly docker?: '20.10' | '28.5';
  readonly containers?: readonly ContainerSpec[];
  /** Of the local driver. */
  readonly volumes?: readonly VolumeSpec[];
  /** The thin pool (devicemapper). */
  readonly pool?: { readonly dataBytes: number; readonly usedPercent?: number };
  /** Of the 50 GiB of its own disk; 9 GiB when absent. */
  readonly hostUsedBytes?: number;
  /** True when absent. */
  readonly liveRestore?: boolean;
  /** The login: root, a user who may use sudo without or with a password, or one who may not; root when absent. */
  readonly sudo?: 'root' | 'nopasswd' | 'no' | { readonly password: string };
  /** What lies before it can be cut and taken down: `wire` of the fleet's host. */
  readonly wire?: boolean;
  /** Added to every round trip. */
  readonly latencyMs?: number;
  readonly faults?: readonly ToolFault[];
  readonly refuseAuthentication?: boolean;
  /** Each connection is cut when it has sent so many bytes. */
  readonly dropAfterBytes?: number;
}
