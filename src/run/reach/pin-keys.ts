import { mkdir, readFile, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../errors.ts';
import { replaceFile } from './beside.ts';

/** Adds lines to a known_hosts file that does not have them yet. What stands there stays as it is; a link stays a link. */
export async function pinKeys(file: string, lines: readonly string[]): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const place = await realpath(file).catch(() => file);
    const before = await readFile(place, 'utf8').catch(absent);
    const there = new Set(before.split('\n'));
    const added = lines.filter((line) => !there.has(line));
    if (added.length === 0) return;
    const gap = before === '' || before.endsWith('\n') ? '' : '\n';
    await replaceFile(place, `${before}${gap}${added.join('\n')}\n`);
  } catch (thrown) {
    throw new AppError('config', `${file} cannot be written: ${thrown instanceof Error ? thrown.message : ''}`, {
      hint: 'Correct known_hosts_file, or the permissions of the file and its directory; nothing was written to it.',
      cause: thrown,
    });
  }
}

function absent(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return '';
  throw thrown;
}
