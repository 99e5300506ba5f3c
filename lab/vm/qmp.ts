import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';

interface Waiting {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The QEMU Machine Protocol: one JSON object a line, answers in the order of the commands, events in between. */
export class Qmp {
  readonly #output: Writable;
  readonly #waiting: Waiting[] = [];
  readonly #events: {
    readonly name: string;
    readonly resolve: () => void;
    readonly reject: (reason: Error) => void;
  }[] = [];
  #ended: Error | undefined;

  constructor(input: Readable, output: Writable) {
    this.#output = output;
    output.on('error', () => undefined); // told by #end
    const lines = createInterface({ input });
    lines.on('line', (line) => {
      this.#line(line);
    });
    lines.on('close', () => {
      this.end(new Error('qemu has ended'));
    });
  }

  /** Every open and later command fails with this reason. */
  end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    for (const waiting of [...this.#waiting.splice(0), ...this.#events.splice(0)]) waiting.reject(reason);
  }

  execute(
    command: string,
    parameters: Readonly<Record<string, unknown>> = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    return new Promise<unknown>((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      this.#waiting.push({ command, resolve, reject });
      this.#output.write(`${JSON.stringify({ execute: command, arguments: parameters })}\n`);
    }).then(record);
  }

  event(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      this.#events.push({ name, resolve, reject });
    });
  }

  #line(line: string): void {
    let message: Readonly<Record<string, unknown>>;
    try {
      message = record(JSON.parse(line));
    } catch {
      return; // not QMP
    }
    if (typeof message['event'] === 'string') {
      const name = message['event'];
      for (const waiting of this.#events.filter((each) => each.name === name)) {
        this.#events.splice(this.#events.indexOf(waiting), 1);
        waiting.resolve();
      }
    } else if ('return' in message) {
      this.#waiting.shift()?.resolve(message['return']);
    } else if ('error' in message) {
      const waiting = this.#waiting.shift();
      waiting?.reject(new Error(`qemu refused ${waiting.command}: ${String(record(message['error'])['desc'])}`));
    }
  }
}
