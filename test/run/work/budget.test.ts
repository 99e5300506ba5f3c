import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compile, compileSeries } from '../../../src/run/work/compile.ts';
import { startWork } from '../../../src/run/work/work.ts';
import { forkedFrame, preamble } from '../../../src/transport/remote-shell/frames.ts';
import { quote } from '../../../src/values/shell.ts';

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'plimsoll-budget-'));
  writeFileSync(join(state, 'lock'), '');
  writeFileSync(
    join(state, 'sync'),
    '#!/bin/sh\nfor each do echo fsync >>"$PLIMSOLL_STATE/fsyncs"; done\nexec /bin/sync "$@"\n',
  );
  chmodSync(join(state, 'sync'), 0o755);
});
afterEach(() => {
  rmSync(state, { recursive: true, force: true });
});

/**
 * What a piece of work costs the host, from the frame that brings it to its answer, beside the shell that reads its script
 * and what that starts. Processes are counted by the last number that a namespace of their own has given out.
 */
function costOf(name: string, script: string): { readonly processes: number; readonly fsyncs: number } {
  writeFileSync(join(state, 'fsyncs'), '');
  const { stdout, stderr } = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', '/bin/sh'], {
    encoding: 'utf8',
    env: { PATH: `${state}:${process.env['PATH'] ?? ''}` },
    input: [
      preamble('0123456789abcdef', quote(state)),
      forkedFrame({ index: 1, command: startWork({ run: 'r', name }, '{}', script) }),
      'wait "$plimsoll_flight"; cat /proc/sys/kernel/ns_last_pid\n',
    ].join(''),
  });
  expect({ stdout, stderr }).toMatchObject({
    stdout: expect.stringMatching(/ended 0 [-\d ]+\n/),
    stderr: expect.stringMatching(/^(?:err\n|(?:mark\n)+)?\S+ end 1\n$/),
  });
  // The command shell, the one that reads the script, and the last one.
  return {
    processes: Number(/\d+\n$/.exec(stdout)?.[0]) - 3,
    fsyncs: readFileSync(join(state, 'fsyncs'), 'utf8').split('\n').length - 1,
  };
}

describe('a piece of work', { tags: ['lab:mount'] }, () => {
  it('costs six processes and three fsyncs, and one more process for each stream that has something to say', () => {
    const first = costOf('first', 'exit 0');
    expect(costOf('second', 'exit 0')).toEqual({ processes: 6, fsyncs: 3 });
    // The directory of the run is made, and what it lies in written through.
    expect(first).toEqual({ processes: 7, fsyncs: 5 });
    expect(costOf('third', 'echo out')).toEqual({ processes: 7, fsyncs: 3 });
    expect(costOf('fourth', 'echo out; echo err >&2')).toEqual({ processes: 8, fsyncs: 3 });
  });

  it('costs two processes and one fsync more for each further effect that it is a series of', () => {
    const seriesOf = (size: number): string =>
      compileSeries(
        Array.from({ length: size }, () => ({ script: 'exit 0', success: [0] })),
        'mark',
      );
    costOf('first', 'exit 0');
    const one = costOf('one', seriesOf(1));
    const two = costOf('two', seriesOf(2));
    // Its shell; and from the second on both streams have something to say, and a file of ends is made.
    expect(one).toEqual({ processes: 7, fsyncs: 3 });
    expect(two).toEqual({ processes: 7 + 2 + 2, fsyncs: 3 + 2 });
    expect(costOf('six', seriesOf(6))).toEqual({ processes: two.processes + 4 * 2, fsyncs: two.fsyncs + 4 });
  });

  it('costs for an atomic change no more than for one action, beside its programs, and what a small file takes to be written safely', () => {
    const file = join(state, 'made');
    const programs = [
      { kind: 'exec', argv: ['true'] },
      { kind: 'check', argv: ['true'], equals: '', otherwise: 'not so' },
    ] as const;
    const write = { kind: 'write-file', path: file, content: 'text\n', mode: '0644', expect: null } as const;
    costOf('first', 'exit 0');
    // Each program runs in a copy of the shell, which becomes it.
    expect(costOf('programs', compile(programs).script)).toEqual({ processes: 6 + 3, fsyncs: 3 });
    expect(costOf('file', compile([write]).script)).toEqual({ processes: 6 + 25, fsyncs: 3 + 2 });
    expect(readFileSync(file, 'utf8')).toBe('text\n');
  });
});
