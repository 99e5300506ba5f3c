import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MarkerReader } from '../../../src/transport/remote-shell/marker-reader.ts';

const nonce = '0123456789abcdef0123456789abcdef';
const marker = (words: string): Buffer => Buffer.from(`\u0001${nonce} ${words}\n`);

function read(chunks: readonly Buffer[]): { readonly data: Buffer; readonly markers: readonly string[] } {
  const data: Buffer[] = [];
  const markers: string[] = [];
  const reader = new MarkerReader(
    nonce,
    (piece) => {
      data.push(Buffer.from(piece));
    },
    (words) => {
      markers.push(words.join(' '));
    },
  );
  for (const chunk of chunks) reader.push(chunk);
  return { data: Buffer.concat(data), markers };
}

describe('the marker reader', () => {
  it('gives the same whatever the chunks are', () => {
    const output = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('\u0001', `\u0001${nonce}`, `\u0001${nonce.slice(0, 9)}`, '\n', `${nonce} end`)
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(output, { maxLength: 5 }), fc.array(fc.nat(400), { maxLength: 12 }), (outputs, cuts) => {
        // An end without a line feed after half a marker is the one thing that stays undecided; a byte after it decides.
        const pieces = outputs.flatMap((piece, index) => [piece, Buffer.from('.'), marker(`end ${String(index)} 0`)]);
        const whole = Buffer.concat(pieces);
        const ends = [...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].sort((a, b) => a - b);
        const chunks = ends.map((end, index) => whole.subarray(index === 0 ? 0 : ends[index - 1], end));
        const result = read(chunks);
        expect(result.markers).toEqual(outputs.map((_output, index) => `end ${String(index)} 0`));
        expect(result.data.equals(Buffer.concat(outputs.flatMap((piece) => [piece, Buffer.from('.')])))).toBe(true);
      }),
    );
  });

  it('does not hold back ordinary output', () => {
    expect(read([Buffer.from('a line\n')]).data.toString()).toBe('a line\n');
  });

  it('does not collect a marker that never ends', () => {
    const endless = Buffer.concat([Buffer.from(`\u0001${nonce} `), Buffer.alloc(5000, 'x')]);
    expect(read([endless]).data.length).toBe(endless.length);
  });
});
