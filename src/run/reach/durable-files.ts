import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';

/** Writes a new file, for its owner only; it is on the disk when this resolves. Its name is once its directory is. */
export async function writeSynced(path: string, text: string): Promise<void> {
  await withFile(await open(path, 'wx', 0o600), async (file) => {
    await file.writeFile(text);
    await file.sync();
  });
}

/** A new name is durable once its directory is. Windows has no such thing, and keeps what has been renamed. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  await withFile(await open(path, 'r'), (file) => file.sync());
}

async function withFile(file: FileHandle, work: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await work(file);
  } finally {
    await file.close();
  }
}
