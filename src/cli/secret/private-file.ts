import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../errors.ts';
import { byHand } from '../../values/shell.ts';
import type { World } from '../world.ts';

/** How long an editor has to end when it is asked to. */
const endMs = 2000;

/** A file that only we can read, in memory where there is such a place; gone when `use` has ended, however the program ends. */
export async function withPrivateFile<Result>(
  { io, interrupts }: Pick<World, 'io' | 'interrupts'>,
  name: string,
  text: string,
  use: (file: PrivateFile) => Promise<Result>,
): Promise<Result> {
  const directory = await privateDirectory([io.env['XDG_RUNTIME_DIR'] ?? '', '/dev/shm', tmpdir()]);
  const remove = (): void => {
    rmSync(directory, { recursive: true, force: true });
  };
  // A terminal that is closed ends the program as a signal to terminate does; nobody is left to be asked.
  const hangUp = (): void => {
    interrupts.terminated();
  };
  process.on('exit', remove);
  process.on('SIGHUP', hangUp);
  try {
    const path = join(directory, name);
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(text).finally(() => file.close());
    return await use({ path, read: () => readFile(path) });
  } finally {
    process.off('SIGHUP', hangUp);
    await rm(directory, { recursive: true, force: true });
    process.off('exit', remove);
  }
}

export interface PrivateFile {
  readonly path: string;
  read(): Promise<Uint8Array>;
}

/** mkdtemp makes it for us alone (0700). */
async function privateDirectory([first = '', ...others]: readonly string[]): Promise<string> {
  try {
    if (first !== '') return await mkdtemp(join(first, 'plimsoll-'));
  } catch (thrown) {
    if (others.length === 0)
      throw new AppError('usage', `no private directory can be made in ${first}`, { cause: thrown });
  }
  return await privateDirectory(others);
}

/** Resolves when the editor has ended well. While it runs, Ctrl-C is a key of its own. */
export async function runEditor(
  { io, interrupts, interactive }: Pick<World, 'io' | 'interrupts' | 'interactive'>,
  path: string,
): Promise<void> {
  const wanted = [io.env['VISUAL'], io.env['EDITOR']].find((one) => one !== undefined && one.trim() !== '');
  if (wanted === undefined && !interactive)
    throw new AppError('usage', 'there is no terminal to edit at', {
      hint: 'set EDITOR to a program that edits a file',
    });
  const argv = (wanted ?? (io.platform === 'win32' ? 'notepad' : 'vi')).trim().split(/\s+/);
  const { stop } = interrupts;
  stop.throwIfAborted();
  const keyOfEditor = interrupts.asking(() => {
    interrupts.goOn();
  });
  const [program = '', ...args] = argv;
  const editor = spawn(program, [...args, path], { stdio: 'inherit', env: io.env });
  let late: NodeJS.Timeout | undefined;
  const end = (): void => {
    editor.kill('SIGTERM');
    late = setTimeout(() => editor.kill('SIGKILL'), endMs);
  };
  stop.addEventListener('abort', end, { once: true });
  try {
    const status = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
      editor.once('error', reject);
      editor.once('exit', (code, signal) => {
        resolve(signal ?? code);
      });
    });
    stop.throwIfAborted();
    if (status !== 0)
      throw new AppError('usage', `the editor (${byHand(...argv)}) ended with ${String(status)}: nothing was changed`);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')
      throw new AppError('usage', `there is no program ${byHand(program)} to edit with`, {
        hint: 'set VISUAL or EDITOR to one',
        cause: thrown,
      });
    throw thrown;
  } finally {
    clearTimeout(late);
    stop.removeEventListener('abort', end);
    keyOfEditor();
  }
}
