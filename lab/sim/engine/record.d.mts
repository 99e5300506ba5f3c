/** What record.mjs makes: the parts of inspect that do not change while a container lives. */
export interface ContainerRecord {
  readonly Image: string;
  readonly Config: Readonly<Record<string, unknown>>;
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly unknown[];
  readonly NetworkSettings: Readonly<Record<string, unknown>>;
}

export interface Created {
  readonly id: string;
  /** The image's id. */
  readonly image: string;
  readonly version: string;
  readonly volumesRoot: string;
  readonly host: string;
}

/** A request that Docker refuses, or that the simulation does not know (`sim: …`). */
export class Refused extends Error {}

export function recordOf(body: Readonly<Record<string, unknown>>, created: Created): ContainerRecord;
/** Shell assignments, one on each line. */
export function linesOf(record: ContainerRecord): string;
/** What `docker inspect` prints, as a template of the shell tools. */
export function detailsOf(record: ContainerRecord, created: string): string;
export function literalJson(value: unknown): string;
