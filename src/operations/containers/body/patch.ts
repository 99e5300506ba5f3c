import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';

/** What is mounted at a path of the container. Without readOnly: as it is now. */
export type PatchedMount =
  | { readonly volume: string; readonly readOnly?: boolean | undefined }
  | { readonly bind: string; readonly readOnly?: boolean | undefined };

/** What a new container shall have that the old one has not; everything else stays as it is. */
export interface Patch {
  /** By the old volume's name the new one's: wherever the one was mounted, the other is. */
  readonly volumes?: Readonly<Record<string, string>> | undefined;
  /** By the path in the container; null: nothing is mounted there any more. */
  readonly mounts?: Readonly<Record<string, PatchedMount | null>> | undefined;
  readonly image?: string | undefined;
  /** By name; null takes it out. */
  readonly env?: Readonly<Record<string, string | null>> | undefined;
  readonly labels?: Readonly<Record<string, string | null>> | undefined;
  /** Bytes. */
  readonly memory?: number | undefined;
  /** Billionths of a processor. */
  readonly nanoCpus?: number | undefined;
  readonly restart?: { readonly name: string; readonly maximumRetryCount: number } | undefined;
  /** By the container's port (`80/tcp`); null: not published any more. */
  readonly ports?:
    Readonly<Record<string, readonly { readonly hostIp: string; readonly hostPort: string }[] | null>> | undefined;
  /** Ports that Docker has chosen stay as they are now. */
  readonly pinPorts?: boolean | undefined;
  /** Of its root file system, in bytes. */
  readonly storageSize?: number | undefined;
  /** What was written to its layer is given up. */
  readonly discardLayer?: boolean | undefined;
}

/** What a new container has to show before the old one is given up. */
export interface Gate {
  /** It runs this long without being restarted. */
  readonly seconds: number;
  /** Where it has a health check: it becomes healthy. */
  readonly healthy: boolean;
}

export interface Replaced {
  readonly spec: ContainerSpec;
  readonly patch: Patch;
  /** Which image the patch's `image` is now, where that is known. */
  readonly imageId?: string | undefined;
}

/** The names that the two containers have while one replaces the other. */
export function newName({ id, name }: Pick<ContainerSpec, 'id' | 'name'>): string {
  return `${name}-new-${id.slice(0, 12)}`;
}

export function oldName({ id, name }: Pick<ContainerSpec, 'id' | 'name'>): string {
  return `${name}-old-${id.slice(0, 12)}`;
}
