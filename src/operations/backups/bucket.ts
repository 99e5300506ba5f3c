import type { Manifest } from '../../facts/backups/backup-shelf.ts';
import { archiveOf } from '../../facts/backups/backup-shelf.ts';
import type { ExecAction } from '../engine/change.ts';
import { longestCopyMs } from '../engine/time-limits.ts';
import type { Kept } from './backup-input.ts';
import { directoryOf } from './backup-input.ts';
import { sealOf } from './vouching.ts';
import { shell } from '../../shell/shell.ts';

/** The names of objects are safe in a URL but for the @, of which the signature needs the encoded form. */
function urlOf(kept: Kept, name: string): string {
  return `${directoryOf(kept)}/${encodeURIComponent(name)}`;
}

const putScript = `${shell('operations/backups/bring-to-bucket.sh')}\n`;

const getScript = `${shell('operations/backups/bring-from-bucket.sh')}\n`;

/**
 * Brings an archive to a bucket, reads it back and compares its checksum, and only then brings the seal and the
 * manifest, without which there is no backup. What it makes superfluous goes last. The credentials are
 * in a file that only curl reads.
 */
export function putInBucket(
  to: Kept,
  spool: string,
  start: Pick<Manifest, 'name' | 'compression' | 'encryptedTo'>,
  superseded: readonly string[],
): ExecAction {
  const archive = archiveOf(start);
  const manifest = `${start.name}.json`;
  return {
    kind: 'exec',
    argv: [
      '/bin/sh',
      '-s',
      '--',
      to.credentials ?? '',
      `${spool}/${archive}`,
      `${spool}/${manifest}`,
      urlOf(to, archive),
      urlOf(to, manifest),
      sealOf(spool, start.name),
      urlOf(to, `${start.name}.seal`),
      ...superseded.map((name) => urlOf(to, name)),
    ],
    stdin: putScript,
    timeoutMs: longestCopyMs,
  };
}

/** Brings an archive from a bucket to its place on the host. */
export function getFromBucket(from: Kept, manifest: Manifest, path: string): ExecAction {
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-s', '--', from.credentials ?? '', path, manifest.sha256, urlOf(from, archiveOf(manifest))],
    stdin: getScript,
    timeoutMs: longestCopyMs,
  };
}
