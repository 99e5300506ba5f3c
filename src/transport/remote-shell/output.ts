import { TextDecoder } from 'node:util';

/** Very many tiny chunks would cost far more than their bytes. */
const chunksBeforeCompaction = 512;
/** A line without end is passed on in pieces, so that it cannot fill the memory. */
const longestLine = 64 * 1024;

/** The kept beginning of one output stream, and its lines as they arrive. */
export class Output {
  readonly #limit: number;
  readonly #lines: LineEmitter | undefined;
  #chunks: Buffer[] = [];
  #kept = 0;
  #dropped = 0;

  constructor(limit: number, onText?: (text: string) => void) {
    this.#limit = limit;
    this.#lines = onText === undefined ? undefined : new LineEmitter(onText);
  }

  get keptBytes(): number {
    return this.#kept;
  }

  get droppedBytes(): number {
    return this.#dropped;
  }

  push(data: Buffer): void {
    const room = this.#limit - this.#kept;
    if (data.length > room) this.#dropped += data.length - room;
    if (room <= 0) return;
    // What is handed on as it comes ends where what is kept ends.
    this.#lines?.push(data.subarray(0, room));
    // A copy: a slice would keep the whole network buffer alive.
    this.#chunks.push(Buffer.from(data.subarray(0, room)));
    this.#kept += Math.min(room, data.length);
    if (this.#chunks.length > chunksBeforeCompaction) this.#chunks = [Buffer.concat(this.#chunks)];
  }

  /** Passes on the last line, which may have no line feed. */
  end(): void {
    this.#lines?.end();
  }

  text(): string {
    // In streaming mode a character cut in two by the limit is left out instead of replaced.
    return decoder().decode(Buffer.concat(this.#chunks), { stream: this.#dropped > 0 });
  }
}

class LineEmitter {
  readonly #emit: (text: string) => void;
  readonly #decoder = decoder();
  #partial = '';

  constructor(emit: (text: string) => void) {
    this.#emit = emit;
  }

  push(data: Buffer): void {
    const text = this.#partial + this.#decoder.decode(data, { stream: true });
    const end = text.length > longestLine ? text.length : text.lastIndexOf('\n') + 1;
    this.#partial = text.slice(end);
    if (end > 0) this.#emit(text.slice(0, end));
  }

  end(): void {
    const rest = this.#partial + this.#decoder.decode();
    this.#partial = '';
    if (rest !== '') this.#emit(rest);
  }
}

function decoder(): TextDecoder {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}
