import { readFileSync, readdirSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** What one file of tests cost. Processor, processes and sleep are the whole machine's: nothing else may run on it. */
export interface FileTime {
  readonly file: string;
  readonly tests: number;
  readonly skipped: number;
  /** Seconds. */
  readonly wall: number;
  readonly processor: number;
  readonly processes: number;
  /** Seconds of `sleep`, of all processes together. */
  readonly asleep: number;
}

interface Reading {
  readonly at: number;
  readonly processor: number;
  readonly processes: number;
  readonly asleep: number;
}

const ticksPerSecond = 100;
const sampleMs = 100;

/** Measures each file of a run of vitest in which one file comes after another. Linux only. */
export class Times implements Reporter {
  readonly files: FileTime[] = [];
  #asleep = 0;
  #began: Reading | undefined;
  readonly #sampling = setInterval(() => {
    this.#asleep += (sleepers() * sampleMs) / 1000;
  }, sampleMs);

  onTestModuleStart(): void {
    this.#began = this.#read();
  }

  onTestModuleEnd(module: TestModule): void {
    const began = this.#began;
    if (began === undefined) return;
    const now = this.#read();
    const states = [...module.children.allTests()].map((test) => test.result().state);
    this.files.push({
      file: module.relativeModuleId,
      tests: states.length,
      skipped: states.filter((state) => state === 'skipped').length,
      wall: (now.at - began.at) / 1000,
      processor: now.processor - began.processor,
      processes: now.processes - began.processes,
      asleep: now.asleep - began.asleep,
    });
  }

  onTestRunEnd(): void {
    clearInterval(this.#sampling);
  }

  #read(): Reading {
    const text = readFileSync('/proc/stat', 'utf8');
    const [user = 0, nice = 0, system = 0] = (text.split('\n')[0] ?? '').split(/\s+/).slice(1).map(Number);
    const processes = Number(/^processes (\d+)/m.exec(text)?.[1]);
    return {
      at: performance.now(),
      processor: (user + nice + system) / ticksPerSecond,
      processes,
      asleep: this.#asleep,
    };
  }
}

/** How many processes are a `sleep` at this moment. */
function sleepers(): number {
  return readdirSync('/proc').filter((id) => /^\d+$/.test(id) && nameOf(id) === 'sleep').length;
}

function nameOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/comm`, 'utf8').trim();
  } catch {
    // It has ended meanwhile.
    return '';
  }
}
