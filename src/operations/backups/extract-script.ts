import type { Manifest } from '../../facts/backups/backup-shelf.ts';
import type { Action, ExecAction } from '../engine/change.ts';
import { longestCopyMs } from '../engine/time-limits.ts';
import { shell } from '../../shell/shell.ts';

export interface Extraction {
  readonly manifest: Manifest;
  readonly archive: string;
  readonly volume: string;
  readonly directory: string;
  /** Removed once it has been extracted. */
  readonly onItsWay: boolean;
  /** The file on the host with the key; undefined when the archive is not encrypted. */
  readonly identity: string | undefined;
}

/**
 * Checks the archive (of one that is encrypted also what is in it, before anything is written), extracts it into the volume's directory, which is emptied first of what an attempt
 * that was cut has left, and compares what is there with what the manifest says. `$state/restored/VOLUME`
 * says from before the first byte that it has begun, and at the end that it is whole.
 */
export function extract({ manifest, archive, volume, directory, onItsWay, identity }: Extraction): ExecAction {
  const { list } = manifest;
  const parts = [list.names, list.contents, list.attributes, list.acls].map((digest, index) =>
    digest === undefined ? '' : `${['names', 'contents', 'attributes', 'acls'][index] ?? ''} ${digest}`,
  );
  return {
    kind: 'exec',
    argv: [
      '/bin/sh',
      '-s',
      '--',
      archive,
      directory,
      volume,
      manifest.name,
      manifest.compression,
      manifest.sha256,
      String(manifest.consistency === 'live' ? '' : manifest.entries - manifest.sockets),
      onItsWay ? archive : '',
      identity ?? '',
      manifest.inside?.sha256 ?? '',
      String(longestUnpacked(manifest)),
      String(longestFiles(manifest)),
      ...parts.filter((part) => part !== ''),
    ],
    stdin: extractScript,
    timeoutMs: longestCopyMs,
  };
}

const extractScript = `${shell('operations/backups/extract.sh')}\n`;

const emptyScript = `${shell('operations/backups/empty-restored.sh')}\n`;

const mebibyte = 1024 ** 2;

/**
 * No more than this is taken from an archive, whatever it unpacks to. Manifests of an earlier plimsoll say only what the
 * files have been; of those, what names and attributes take is allowed for, and what was written to while it was read may have doubled.
 */
export function longestUnpacked({
  unpackedBytes,
  allocatedBytes,
  apparentBytes,
  entries,
  consistency,
}: Manifest): number {
  if (unpackedBytes !== undefined) return unpackedBytes;
  return Math.max(allocatedBytes, apparentBytes) * (consistency === 'live' ? 2 : 1) + entries * 65_536 + 64 * mebibyte;
}

/** With the holes in them. What a directory takes is not the same on every file system. */
function longestFiles({ apparentBytes, entries }: Manifest): number {
  return apparentBytes + entries * 8192 + 16 * mebibyte;
}

/** Empties the volume again, if nobody uses it and nothing has been written to it since it was restored. */
export function unextract(volume: string, directory: string, spooled: string | undefined): readonly Action[] {
  return [
    {
      kind: 'exec',
      argv: ['/bin/sh', '-s', '--', volume, directory, spooled ?? ''],
      stdin: emptyScript,
      timeoutMs: longestCopyMs,
    },
  ];
}
