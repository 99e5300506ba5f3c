import { z } from 'zod';
import { backupShelf, laptopShelf, type Shelf } from '../../facts/backup-shelf.ts';
import { ask, askOf, type FactRequest } from '../../facts/fact.ts';
import { copiedDirectory } from '../volumes/copy-input.ts';

/** Where backups are kept. */
const keptIn = z
  .strictObject({
    laptop: z.string().min(1).optional().describe('a directory on this machine, relative to the playbook'),
    path: copiedDirectory.optional().describe('a directory on the host; with host: on that other one'),
    host: z.string().min(1).optional().describe('another host of the inventory; the archive goes by way of this machine, which keeps nothing of it'),
  })
  .refine(({ laptop, path, host }) => (laptop === undefined ? path !== undefined : path === undefined && host === undefined), 'must be {laptop: DIRECTORY}, {path: DIRECTORY} or {host: NAME, path: DIRECTORY}');
export type Kept = z.infer<typeof keptIn>;

export const backupsIn = (what: string): typeof keptIn => keptIn.describe(what);

export const backupName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9_.-]+\.\d{8}T\d{6}Z$/, 'must be the name of a backup, VOLUME@HOST.TIME');

export function directoryOf({ laptop, path }: Kept): string {
  return laptop?.replace(/(?<=.)\/+$/, '') ?? path ?? '';
}

/** On the very host that the step is for. */
export function isHere({ laptop, host }: Kept): boolean {
  return laptop === undefined && host === undefined;
}

/** What is kept there of which the names begin so. */
export function shelfOf(kept: Kept, prefix: string): FactRequest<Shelf> {
  if (kept.laptop !== undefined) return ask(laptopShelf, directoryOf(kept), prefix);
  return kept.host === undefined ? ask(backupShelf, directoryOf(kept), prefix) : askOf(kept.host, backupShelf, directoryOf(kept), prefix);
}

/** For people. */
export function describedKept(kept: Kept): string {
  const directory = directoryOf(kept);
  if (kept.laptop !== undefined) return `${directory} on this machine`;
  return kept.host === undefined ? directory : `${directory} on ${kept.host}`;
}

/** The resource that a step which reads or fills it touches. */
export function resourceOf(kept: Kept): string {
  const directory = directoryOf(kept);
  if (kept.laptop !== undefined) return `laptop:${directory}`;
  return kept.host === undefined ? `path:${directory}` : `path:${kept.host}:${directory}`;
}
