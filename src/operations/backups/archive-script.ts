import type { Manifest } from '../../facts/backups/backup-shelf.ts';
import { archiveOf } from '../../facts/backups/backup-shelf.ts';
import type { ExecAction } from '../engine/change.ts';
import type { Directory } from '../copies/copy-start.ts';
import { longestCopyMs } from '../engine/time-limits.ts';
import { shell } from '../../shell/shell.ts';

/** What of a manifest is known before the archive is made. */
export type ManifestStart = Pick<
  Manifest,
  | 'plimsoll'
  | 'version'
  | 'name'
  | 'host'
  | 'source'
  | 'compression'
  | 'encryptedTo'
  | 'consistency'
  | 'docker'
  | 'sizeBytes'
>;

export interface Archive {
  readonly start: ManifestStart;
  readonly source: Directory;
  /** Where it is made. */
  readonly spool: string;
  /** Where it is kept: one name may be made for several places. */
  readonly place: string;
  /** Names the containers that are stopped or paused meanwhile; undefined when there are none. */
  readonly file: string | undefined;
  /** Whether what is in the files is listed too, so that a restored volume can be compared. */
  readonly list: boolean;
}

/**
 * Stops or pauses the containers that the file names, archives, lets them go on whatever has become of
 * it, also when it is ended, and only then reads the archive again from its beginning to its end (one that is
 * encrypted is read through on its way into age). The manifest is put in place last: without it there is no backup.
 */
export function makeArchive({ start, source, spool, place, file, list }: Archive): ExecAction {
  const { name, compression, consistency, encryptedTo = [] } = start;
  const known = JSON.stringify(start).slice(1, -1);
  return {
    kind: 'exec',
    argv: [
      '/bin/sh',
      '-s',
      '--',
      file ?? '',
      source.path,
      source.identity,
      spool,
      name,
      archiveOf(start),
      compression,
      consistency,
      list ? 'list' : '',
      known,
      place,
      ...encryptedTo,
    ],
    stdin: archiveScript,
    timeoutMs: longestCopyMs,
  };
}

const archiveScript = `${shell('operations/backups/archive.sh')}\n`;

const forgetScript = `${shell('operations/backups/forget.sh')}\n`;

/** Removes what was made and has not become a backup; a complete one stays, unless it was only on its way. */
export function forgetArchive(
  { spool, start, place }: Pick<Archive, 'spool' | 'start' | 'place'>,
  onItsWay: boolean,
): ExecAction {
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-s', '--', spool, start.name, archiveOf(start), onItsWay ? 'on its way' : '', place],
    stdin: forgetScript,
    timeoutMs: 120_000,
  };
}
