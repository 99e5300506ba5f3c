import { describe, expect, it } from 'vitest';
import { recorded } from '../../../src/run/journal/recorded-output.ts';

const stdoutOf = (stdout: string): string => recorded({ status: 0, stdout, stderr: '' }).stdout;

describe('what the journal keeps of an output', () => {
  it('is all of it, when it is short', () => {
    expect(recorded({ status: 3, stdout: '10 %\r20 %\n', stderr: 'why\n' })).toEqual({
      status: 3,
      stdout: '10 %\r20 %\n',
      stderr: 'why\n',
    });
  });

  it('is the last writing of each line of a long one', () => {
    const progress = Array.from({ length: 20_000 }, (_, index) => `${String(index)} %\r`).join('');
    expect(stdoutOf(`first\r\n${progress}\nlast\n`)).toBe('first\r\n19999 %\r\nlast\n');
    expect(stdoutOf(`${progress}done`)).toBe('done');
    expect(stdoutOf('\r'.repeat(100_000))).toBe('\r'.repeat(100_000));
  });

  it('is bounded, and takes no time to be found, however long a line is', () => {
    expect(stdoutOf('x'.repeat(8_000_000))).toBe('x'.repeat(1024 * 1024));
  });
});
