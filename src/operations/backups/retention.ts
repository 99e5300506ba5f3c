import type { Backup, Manifest, Shelf } from '../../facts/backups/backup-shelf.ts';
import { archiveOf } from '../../facts/backups/backup-shelf.ts';
import { sealOf } from './vouching.ts';

/**
 * The backups of the same thing, of the same host, that are more than are kept once the new one is
 * there. Only complete ones count, and only such are removed; never the new one, nor a newer one.
 */
export function superfluous(
  { backups }: Shelf,
  { name, host, source }: Pick<Manifest, 'name' | 'host' | 'source'>,
  keep: number | undefined,
): readonly Backup[] {
  if (keep === undefined) return [];
  const older = backups.filter(
    (backup) =>
      backup.complete && backup.manifest.host === host && backup.manifest.source === source && backup.name < name,
  );
  return older.toSorted((a, b) => (a.name < b.name ? 1 : -1)).slice(keep - 1);
}

/** The manifest first: without it the rest is no backup. */
export function filesOf(directory: string, backups: readonly Backup[]): readonly string[] {
  return backups.flatMap(({ name, manifest, seal }) => [
    `${directory}/${name}.json`,
    `${directory}/${archiveOf(manifest)}`,
    ...(seal === '' ? [] : [sealOf(directory, name)]),
  ]);
}
