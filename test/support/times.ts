import { readFileSync, readdirSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * What one file of tests cost, or all of them. Processor, processes and sleep are the whole machine's: nothing else may
 * run on it, and of files that run beside one another only what all of them cost is known.
 */
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

/** Measures a run of vitest, and each of its files. Linux only. */
export class Times implements Reporter {
  readonly #files: FileTime[] = [];
  readonly #atEnd: (files: readonly FileTime[], all: FileTime) => void;
  readonly #began = new Map<string, Reading>();
  readonly #first: Reading;
  #asleep = 0;
  readonly #sampling = setInterval(() => {
    this.#asleep += (sleepers() * sampleMs) / 1000;
  }, sampleMs);

  constructor(atEnd: (files: readonly FileTime[], all: FileTime) => void) {
    this.#atEnd = atEnd;
    this.#first = this.#read();
  }

  onTestModuleStart({ relativeModuleId }: TestModule): void {
    this.#began.set(relativeModuleId, this.#read());
  }

  onTestModuleEnd({ relativeModuleId: file, children }: TestModule): void {
    const states = [...children.allTests()].map((test) => test.result().state);
    const skipped = states.filter((state) => state === 'skipped').length;
    const began = this.#began.get(file);
    if (began !== undefined) this.#files.push({ file, tests: states.length, skipped, ...this.#since(began) });
  }

  onTestRunEnd(): void {
    clearInterval(this.#sampling);
    const sum = (of: (each: FileTime) => number): number => this.#files.reduce((total, each) => total + of(each), 0);
    this.#atEnd(this.#files, {
      file: '**together**',
      tests: sum(({ tests }) => tests),
      skipped: sum(({ skipped }) => skipped),
      ...this.#since(this.#first),
    });
  }

  #since(began: Reading): Omit<FileTime, 'file' | 'tests' | 'skipped'> {
    const now = this.#read();
    return {
      wall: (now.at - began.at) / 1000,
      processor: now.processor - began.processor,
      processes: now.processes - began.processes,
      asleep: now.asleep - began.asleep,
    };
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
