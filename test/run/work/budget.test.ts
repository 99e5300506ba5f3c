import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startWork } from '../../../src/run/work/work.ts';

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
 * What a piece of work costs the host, from the frame that brings it to its end, beside the shell that reads the script and
 * what that starts. Processes are counted by the last number that a namespace of their own has given out.
 */
function costOf(name: string, script: string): { readonly processes: number; readonly fsyncs: number } {
  const { args = [], script: start } = startWork({ run: 'r', name }, '{}', script);
  writeFileSync(join(state, 'fsyncs'), '');
  const { stdout, stderr } = spawnSync(
    'unshare',
    [
      '--pid',
      '--fork',
      '/bin/sh',
      '-c',
      'printf %s "$0" | setsid /bin/sh -s -- "$@" >/dev/null; cat /proc/sys/kernel/ns_last_pid',
      start,
      ...args,
    ],
    {
      encoding: 'utf8',
      env: { PATH: `${state}:${process.env['PATH'] ?? ''}`, PLIMSOLL_STATE: state },
    },
  );
  expect(stderr).toBe('');
  // The shell that sends it, the one that reads the script, and the last one.
  return { processes: Number(stdout) - 3, fsyncs: readFileSync(join(state, 'fsyncs'), 'utf8').split('\n').length - 1 };
}

describe('a piece of work', { tags: ['lab:mount'] }, () => {
  it('costs ten processes and three fsyncs, and two more processes for each stream that has something to say', () => {
    const first = costOf('first', 'exit 0');
    expect(costOf('second', 'exit 0')).toEqual({ processes: 10, fsyncs: 3 });
    // The directory of the run is made, and what it lies in written through.
    expect(first).toEqual({ processes: 12, fsyncs: 5 });
    expect(costOf('third', 'echo out')).toEqual({ processes: 12, fsyncs: 3 });
  });
});
