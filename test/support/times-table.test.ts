import { describe, expect, it } from 'vitest';
import type { FileTime } from './times.ts';
import { withTimes } from './times-table.ts';

const time = (file: string, wall: number): FileTime => ({
  file,
  tests: 3,
  skipped: 1,
  wall,
  processor: wall / 2,
  processes: 40,
  asleep: 2.2,
});

const empty = 'Before.\n<!-- times:lab -->\n<!-- /times:lab -->\n<!-- times:unit -->\n<!-- /times:unit -->\nAfter.\n';
const rows = (text: string): readonly string[] => text.split('\n').filter((line) => /^\| (test|\d|\*)/.test(line));

describe('the tables of what tests cost', () => {
  const all = time('**together**', 50);

  it("keep the rows of files that a turn does not try, and say a file's own only", () => {
    const first = { files: [time('test/lab/a.test.ts', 20), time('test/lab/b.test.ts', 30)], all };
    const second = { files: [time('test/lab/b.test.ts', 10)], all };
    const once = withTimes(empty, 'lab', 'beside', first, '2026-01-01');
    const twice = withTimes(once, 'lab', 'beside', second, '2026-01-02');
    expect(rows(twice)).toEqual([
      '| test/lab/a.test.ts | 3 | 1 | 20.0 |  |  |  | 2026-01-01 |',
      '| test/lab/b.test.ts | 3 | 1 | 10.0 |  |  |  | 2026-01-02 |',
      '| **together** | 3 | 1 | 50.0 | 25.0 | 40 | 2 | 2026-01-02 |',
    ]);
    expect([twice.startsWith('Before.\n'), twice.endsWith('<!-- /times:unit -->\nAfter.\n')]).toEqual([true, true]);
  });

  it('of npm test are made anew, with what costs next to nothing in one row', () => {
    const files = [time('test/a.test.ts', 0.1), time('test/b.test.ts', 0.2), time('test/c.test.ts', 9)];
    const once = withTimes(empty, 'unit', 'alone', { files, all }, '2026-01-01');
    const twice = withTimes(once, 'unit', 'alone', { files: files.slice(0, 2), all }, '2026-01-01');
    expect([rows(once).length, rows(twice).length]).toEqual([3, 2]);
    expect(rows(once)[1]).toBe('| 2 others | 6 | 2 | 0.3 | 0.2 | 80 | 4 | 2026-01-01 |');
  });

  it('are not written into a document that has no place for them', () => {
    expect(() => withTimes('', 'lab', 'beside', { files: [], all }, '2026-01-01')).toThrow('docs/testing.md has no');
  });
});
