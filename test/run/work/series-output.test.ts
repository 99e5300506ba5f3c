import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeriesOutput } from '../../../src/run/work/series-output.ts';

const mark = 'plimsoll-0123';
/** What looks like a mark, and is none. */
const text = fc.array(fc.constantFrom('a', '\n', 'p', 'plimsoll-', 'plimsoll-012', '0', ' ', 'é'), { maxLength: 6 });
const printed = fc.record({ stdout: text, stderr: text, status: fc.nat(255) });

interface Said {
  readonly nth: number;
  stdout: string;
  stderr: string;
  status?: number;
}

/** The texts of both streams, cut where `cuts` say, one piece of each after the other. */
function divide(
  all: readonly { readonly stdout: readonly string[]; readonly stderr: readonly string[]; readonly status: number }[],
  cuts: readonly number[],
): readonly Said[] {
  const said: Said[] = [{ nth: 0, stdout: '', stderr: '' }];
  const output = new SeriesOutput(mark, {
    onOutput: (stream, piece) => {
      const last = said.at(-1);
      if (last !== undefined) last[stream] += piece;
    },
    onEnd: ({ status, stdout, stderr }) => {
      const last = said.at(-1);
      if (last !== undefined) last.status = status;
      expect({ stdout, stderr }).toEqual({ stdout: last?.stdout, stderr: last?.stderr });
      said.push({ nth: said.length, stdout: '', stderr: '' });
      output.goOn();
    },
  });
  const whole = (stream: 'stdout' | 'stderr'): string =>
    all
      .map((one, nth) =>
        [
          one[stream].join(''),
          nth === all.length - 1 ? '' : stream === 'stdout' ? `${mark} ${String(one.status)}\n` : `${mark}\n`,
        ].join(''),
      )
      .join('');
  const rest = { stdout: whole('stdout'), stderr: whole('stderr') };
  for (const cut of cuts)
    for (const stream of ['stdout', 'stderr'] as const) {
      output.add(stream, rest[stream].slice(0, cut));
      rest[stream] = rest[stream].slice(cut);
    }
  output.add('stdout', rest.stdout);
  output.add('stderr', rest.stderr);
  output.end();
  return said;
}

describe('the output of a series', () => {
  it('is divided into what each of it has printed, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(
        fc.array(printed, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(9), { maxLength: 30 }),
        (all, cuts) => {
          expect(divide(all, cuts)).toEqual(
            all.map(({ stdout, stderr, status }, nth) => ({
              nth,
              stdout: stdout.join(''),
              stderr: stderr.join(''),
              ...(nth === all.length - 1 ? {} : { status }),
            })),
          );
        },
      ),
    );
  });

  it('hands on nothing of the next one before it is its turn', () => {
    const said: string[] = [];
    const output = new SeriesOutput(mark, {
      onOutput: (_stream, piece) => said.push(piece),
      onEnd: ({ status }) => said.push(`ended ${String(status)}`),
    });
    output.add('stdout', `one${mark} 3\ntwo`);
    expect(said).toEqual(['one']);
    output.add('stderr', `${mark}\n`);
    expect(said).toEqual(['one', 'ended 3']);
    output.goOn();
    expect(said).toEqual(['one', 'ended 3', 'two']);
  });
});
