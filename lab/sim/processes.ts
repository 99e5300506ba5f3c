import type { ChildProcess } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';

/** The processes of a fleet: what its hosts started, and what those left running in sessions of their own. */
export class Processes {
  readonly #directory: string;
  readonly #children = new Set<ChildProcess>();

  /** `directory`: stands in the environment of every process of the fleet, and of no other. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  add(child: ChildProcess): void {
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
  }

  /** Ends every one of them; resolves when none is left. */
  async end(): Promise<void> {
    const closed = [...this.#children].map((child) => new Promise((resolve) => child.once('close', resolve)));
    await this.endOf(this.#directory);
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(closed);
  }

  /** Ends those of one host; resolves when none is left. */
  async endOf(host: string): Promise<void> {
    for (let left = await this.of(host); left.length > 0; left = await this.of(host)) {
      for (const pid of left) kill(pid);
      await pause();
    }
  }

  /** Resolves once nothing of a host runs any more, with whether that was within the time. */
  async idle(host: string, withinMs: number): Promise<boolean> {
    const until = performance.now() + withinMs;
    // A process that is being started has no environment for a moment: nobody must be there twice.
    for (let absent = 0; absent < 2; absent = (await this.of(host)).length === 0 ? absent + 1 : 0) {
      if (performance.now() > until && absent === 0) return false;
      await pause();
    }
    return true;
  }

  /** What still runs of a host, as `ps` shows it. */
  async shown(host: string): Promise<readonly string[]> {
    return await Promise.all(
      (await this.of(host)).map(
        async (pid) =>
          `${String(pid)}: ${(await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').slice(0, 200)}`,
      ),
    );
  }

  /** By their environment, because a child may have outlived its parent. Linux only; elsewhere the direct children are known. */
  async of(host: string): Promise<readonly number[]> {
    const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
    const mine = await Promise.all(pids.map(async (pid) => ((await isOf(pid, host)) ? Number(pid) : undefined)));
    return mine.filter((pid) => pid !== undefined);
  }
}

const pause = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 50));

/** A process that has ended and is not waited for yet (a zombie) has no environment. */
async function isOf(pid: string, directory: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  return environment.includes(`SIM_STATE=${directory}/`) && Number(pid) !== process.pid;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
