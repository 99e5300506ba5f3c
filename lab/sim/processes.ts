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
    for (let left = await this.#alive(); left.length > 0; left = await this.#alive()) {
      for (const pid of left) kill(pid);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(closed);
  }

  /** By their environment, because a child may have outlived its parent. Linux only; elsewhere the direct children are known. */
  async #alive(): Promise<readonly number[]> {
    const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
    const mine = await Promise.all(pids.map(async (pid) => ((await isOf(pid, this.#directory)) ? Number(pid) : undefined)));
    return mine.filter((pid) => pid !== undefined);
  }
}

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
