import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../errors.ts';
import { formatBytes } from '../../values/size.ts';

/** A run is not begun with less: its journal must find room for all that it will do, and so must whatever else is on the disk. */
export const leastForRun = 32 * 1024 * 1024;

/** What is free where the directory is, or will be made. */
export async function roomAt(
  directory: string,
): Promise<{ readonly exists: boolean; readonly availableBytes: number }> {
  const free = await statfs(directory).catch(() => undefined);
  if (free !== undefined) return { exists: true, availableBytes: free.bavail * free.bsize };
  const above = dirname(directory);
  return { exists: false, availableBytes: above === directory ? 0 : (await roomAt(above)).availableBytes };
}

/** Errors: `usage`, when there is less. */
export async function needRoom(directory: string, bytes = leastForRun): Promise<void> {
  const { availableBytes } = await roomAt(directory);
  if (availableBytes >= bytes) return;
  throw new AppError(
    'usage',
    `the disk of ${directory} has ${formatBytes(availableBytes)} free, and a run needs ${formatBytes(bytes)} there: nothing is done without a record of it`,
    {
      hint: 'make room (plimsoll runs lists the runs that are kept), or set XDG_STATE_HOME to a directory on another disk',
    },
  );
}
