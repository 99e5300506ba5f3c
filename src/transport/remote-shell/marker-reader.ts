const lineFeed = 0x0a;
/** Our markers are shorter than a hundred bytes: more than this is no marker, whatever it began with. */
const longestMarker = 1024;
/** First byte of every marker. Rare in text, so that ordinary output is never held back. */
const markerByte = 0x01;

/** How a marker is written on the remote side, as the beginning of a `printf` format. */
export function markerFormat(nonce: string): string {
  return `\\001${nonce} `;
}

/**
 * Separates one output stream into what commands printed and our own markers. A marker is
 * `\x01NONCE word word…\n` at any place in the stream, also in the middle of a line and across
 * chunk borders. The nonce is unguessable, so output that merely looks like a marker stays output.
 */
export class MarkerReader {
  readonly #prefix: Buffer;
  readonly #onData: (data: Buffer) => void;
  readonly #onMarker: (words: readonly string[]) => void;
  #held: Buffer = Buffer.alloc(0);

  constructor(nonce: string, onData: (data: Buffer) => void, onMarker: (words: readonly string[]) => void) {
    this.#prefix = Buffer.concat([Buffer.from([markerByte]), Buffer.from(`${nonce} `)]);
    this.#onData = onData;
    this.#onMarker = onMarker;
  }

  push(chunk: Buffer): void {
    const buffer = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    let from = 0;
    for (;;) {
      const start = buffer.indexOf(this.#prefix, from);
      if (start === -1) break;
      this.#data(buffer.subarray(from, start));
      const end = buffer.indexOf(lineFeed, start);
      if (end === -1) {
        if (buffer.length - start > longestMarker) return this.#data(buffer.subarray(start));
        this.#held = Buffer.from(buffer.subarray(start));
        return;
      }
      this.#onMarker(buffer.toString('latin1', start + this.#prefix.length, end).split(' '));
      from = end + 1;
    }
    const hold = this.#partialPrefix(buffer, from);
    this.#data(buffer.subarray(from, hold));
    this.#held = Buffer.from(buffer.subarray(hold));
  }

  /** Where the end of the buffer could be the beginning of a marker; the buffer's length when nowhere. */
  #partialPrefix(buffer: Buffer, from: number): number {
    const last = buffer.lastIndexOf(markerByte);
    if (last < from || buffer.length - last >= this.#prefix.length) return buffer.length;
    return this.#prefix.subarray(0, buffer.length - last).equals(buffer.subarray(last)) ? last : buffer.length;
  }

  #data(data: Buffer): void {
    if (data.length > 0) this.#onData(data);
  }
}
