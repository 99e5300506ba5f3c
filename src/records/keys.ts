import type { RecordNote } from '../operations/engine/change.ts';

/** Whose versions they are: a volume's family or a container, on one host. */
export interface Subject extends Pick<RecordNote, 'name'> {
  readonly kind: Exclude<RecordNote['kind'], 'scaled'>;
  readonly host: string;
}

const root = 'plimsoll';

/** `plimsoll/web-1/volume/foo/00000002`: one key for one version, in the order of the versions. */
export function keyOf(subject: Subject, version: number): string {
  return `${prefixOf(subject)}${String(version).padStart(8, '0')}`;
}

/** Of all the versions of one thing. */
export function prefixOf(subject: Subject): string {
  return `${prefixOfAll}${segment(subject.host)}${restOf(subject)}`;
}

/** What comes behind the host, whichever that is. */
export function restOf({ kind, name }: Omit<Subject, 'host'>): string {
  return `/${kind}/${segment(name)}/`;
}

export function prefixOfHost(host: string): string {
  return `${prefixOfAll}${segment(host)}/`;
}

export const prefixOfAll = `${root}/`;

/** No host: an `@` in a name is written otherwise. */
export const prefixOfScaled = `${prefixOfAll}@scaled/`;

/** `plimsoll/@scaled/elk_vol`: one key for all hosts. */
export function keyOfScaled(name: string): string {
  return `${prefixOfScaled}${segment(name)}`;
}

/** `plimsoll-backups/foo@web-1.20261128T140533Z/web-1`: beside the versions, which others list. Two hosts may call themselves the same. */
export function keyOfBackup(name: string, host: string): string {
  return `${prefixOfBackup(name)}${segment(host)}`;
}

export function prefixOfBackup(name: string): string {
  return `${root}-backups/${segment(name)}/`;
}

/** A slash in a name begins no other segment, and a file's name is neither hidden nor `..`. */
function segment(name: string): string {
  return encodeURIComponent(Buffer.from(name).toString()).replace(/^\./, '%2E');
}
