import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputLines } from '../../../src/render/progress/output-lines.ts';

/** Adds texts of one host's stdout, so many seconds apart, and then ends it. */
function lines(texts: readonly string[], secondsApart = 0): readonly string[] {
  const output = new OutputLines();
  return [
    ...texts.flatMap((text, index) => output.add('a', 'stdout', text, index * secondsApart * 1000)),
    ...output.end('a'),
  ];
}

const updates = Array.from({ length: 61 }, (_, second) => `\r  ${String(second)} MB ${String(second)}%`);

describe('lines of what hosts print', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['whole lines', ['a\nb\n', 'c\r\n', '\n'], ['a', 'b', 'c', '']],
    [
      'a line that is cut between events',
      ['data blo', 'cks changed\nan', 'd more\n'],
      ['data blocks changed', 'and more'],
    ],
    ['a last line without its line feed', ['a\nb'], ['a', 'b']],
    ['a carriage return cut off from its line feed', ['a\r', '\nb\r', '\n'], ['a', 'b']],
    ['what a terminal would leave of a line', ['0%\r50%\r100%\n'], ['100%']],
    ['an update that is cut in two', ['\r1 M', 'B\r2 MB\r', '3 MB'], ['1 M', '3 MB']],
    ['blank updates', ['\r   \r', '\r'], []],
  ])('%s', (_what, texts, expected) => {
    expect(lines(texts)).toEqual(expected);
  });

  it('are an update every five seconds of a line that is written again and again, and the last one', () => {
    expect(lines(updates, 1)).toEqual(
      [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60].map((second) => `  ${String(second)} MB ${String(second)}%`),
    );
    expect(lines([...updates.slice(0, 58), '\n'], 1).at(-1)).toBe('  57 MB 57%');
    // Five updates a second make no more lines; the time between two lines counts, not their number.
    expect(lines(updates, 0.2)).toEqual(['  0 MB 0%', '  25 MB 25%', '  50 MB 50%', '  60 MB 60%']);
  });

  it('are not printed twice when the line ends', () => {
    expect(lines(['\r100%', '\n', 'done\n'], 10)).toEqual(['100%', 'done']);
  });

  it('count for each host, and keep its two streams apart', () => {
    const output = new OutputLines();
    expect(output.add('a', 'stdout', '\r1%', 0)).toEqual(['1%']);
    expect(output.add('b', 'stdout', '\r2%', 1000)).toEqual(['2%']);
    expect(output.add('a', 'stderr', 'warning: x\n', 2000)).toEqual(['warning: x']);
    expect(output.add('a', 'stdout', '\r3%', 3000)).toEqual([]);
    expect(output.end('b')).toEqual([]);
    expect(output.end('a')).toEqual(['3%']);
    expect(output.hosts).toEqual([]);
  });

  it('survive events without a time', () => {
    const output = new OutputLines();
    expect(output.add('a', 'stdout', '\r1%', Number.NaN)).toEqual(['1%']);
    expect(output.add('a', 'stdout', '\r2%', Number.NaN)).toEqual([]);
    expect(output.end('a')).toEqual(['2%']);
  });

  it('are the same wherever ordinary output is cut', () => {
    const text = fc
      .array(fc.constantFrom('a', 'bc', '\n', ' ', 'd\n'), { maxLength: 40 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(60), { maxLength: 6 }), (whole, cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        const pieces = at
          .slice(1)
          .map((end, index) => whole.slice(at[index], end))
          .filter((piece) => piece !== '');
        expect(lines(pieces)).toEqual(lines([whole]));
      }),
      { numRuns: 300 },
    );
  });

  it('do not grow with a line that never ends', () => {
    const output = new OutputLines();
    const printed = Array.from({ length: 100 }, () => output.add('a', 'stdout', 'x'.repeat(1000), 0)).flat();
    expect(printed.length).toBeGreaterThan(4);
    expect(Math.max(...printed.map((line) => line.length))).toBeLessThan(20_000);
  });
});
