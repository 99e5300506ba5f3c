import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ending, Following } from '../../../src/run/work/follow.ts';
import { LeftOnHost } from '../../../src/run/work/follow.ts';
import type { Program } from '../../../src/run/work/interpreter.ts';
import { Meeting } from '../../../src/run/work/meeting.ts';
import { newSeries, takeUpOneOf } from '../../../src/run/work/series.ts';
import { keptBytes } from '../../../src/run/work/work.ts';
import type { Link } from '../../../src/run/reach/link.ts';
import { createMemoryTransport } from '../../../src/transport/local/memory.ts';
import { eventually } from '../../support/eventually.ts';
import { testTarget } from '../../support/target.ts';
import { holder, linkWith } from '../links.ts';
import { Wire } from '../wire.ts';
import { statusOf } from './records.ts';

const host = 'web-1';
const work = { run: 'test', name: 'series' };

let directory = '';
let state = '';
let wire: Wire;
let link: Link;
let stop: AbortController;
let said: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll series-'));
  state = join(directory, 'state');
  wire = new Wire(createMemoryTransport({ hosts: { [host]: { shell: ['/bin/sh', '-c'] } } }), {});
  link = linkWith({ transport: wire, target: testTarget({ stateDirectory: state }), reconnectMs: 20_000 });
  link.persist();
  stop = new AbortController();
  said = [];
});
afterEach(async () => {
  await link.close();
  rmSync(directory, { recursive: true, force: true });
});

function following(more: Partial<Following> = {}): Following {
  return {
    link,
    work,
    lock: (unless) => link.lock({ holder, waitMs: 0 }, unless),
    onOutput: (_stream, text) => said.push(text),
    onProgress: () => undefined,
    mayEnd: true,
    stop: stop.signal,
    detach: new AbortController().signal,
    timeoutMs: 60_000,
    ...more,
  };
}

type Script = string | Pick<Program, 'script' | 'success'>;
const series = newSeries(work.name);

/** Each goes its own way; one whose script is absent does not come. */
async function carryOut(
  scripts: readonly (Script | undefined)[],
  more: Partial<Following> = {},
): Promise<readonly (Ending | undefined)[]> {
  await link.lock({ holder, waitMs: 0 });
  const meeting = new Meeting(series, scripts.length);
  return await Promise.all(
    scripts.map(async (one, nth) => {
      const named = typeof one === 'string' ? { script: one, success: [0] } : one;
      try {
        if (named === undefined) return undefined;
        const program = {
          intent: '{}',
          secrets: [],
          ...named,
          script: named.script.replaceAll('DIR', `'${directory}'`),
        };
        return await meeting.carryOut(nth, following(more), program, () => said.push(`begins ${String(nth)}`));
      } finally {
        said.push(`left ${String(nth)}`);
        meeting.left(nth);
      }
    }),
  );
}

const done = (stdout: string, status = 0, stderr = ''): Ending => ({
  kind: 'ended',
  output: { status, stdout, stderr },
});

/** What whoever continues finds of each. */
const taken = (count: number): Promise<readonly Ending[]> =>
  Promise.all(Array.from({ length: count }, (_, nth) => takeUpOneOf({ nth, mark: series.mark }, following())));

describe('a series', () => {
  it('is carried out in its order, and each is told its own output and end before the next one begins', async () => {
    const ends = await carryOut([
      'echo one; echo err >&2',
      { script: 'printf two; exit 3', success: [0, 3] },
      'exit 0',
      'echo four; exit 5',
    ]);
    expect(ends).toEqual([done('one\n', 0, 'err\n'), done('two', 3), done(''), done('four\n', 5)]);
    expect(said.filter((text) => text !== 'err\n')).toEqual([
      ...[
        'begins 0',
        'one\n',
        'left 0',
        'begins 1',
        'two',
        'left 1',
        'begins 2',
        'left 2',
        'begins 3',
        'four\n',
        'left 3',
      ],
    ]);
    expect(await taken(4)).toEqual(ends);
  });

  it('ends with the first that fails: what comes after it was not begun', async () => {
    const ends = await carryOut(['echo one', 'exit 4', `echo never >DIR/never`, 'echo never']);
    expect(ends).toEqual([done('one\n'), done('', 4), { kind: 'none' }, { kind: 'none' }]);
    expect(await taken(4)).toEqual(ends);
    expect(said).not.toContain('begins 2');
  });

  it('begins with those that come, as far as none before them is missing', async () => {
    expect(await carryOut(['echo one', undefined, 'echo three'])).toEqual([done('one\n'), undefined, { kind: 'none' }]);
  });

  it('of which none comes is none', async () => {
    expect(await carryOut([undefined, 'echo two'])).toEqual([undefined, { kind: 'none' }]);
    expect(await taken(2)).toEqual([{ kind: 'none' }, { kind: 'none' }]);
  });

  it('is told apart by what the host has written down when more is printed than is kept', async () => {
    const flood = `head -c ${String(keptBytes + 4096)} /dev/zero | tr '\\0' x`;
    const [first, second, third] = await carryOut([flood, 'echo two', 'echo three; exit 7']);
    expect([first, second, third]).toMatchObject([
      { kind: 'ended', output: { status: 0 } },
      { kind: 'ended', output: { status: 0 } },
      { kind: 'ended', output: { status: 7 } },
    ]);
  });

  it('that is stopped ends the one whose turn it is', async () => {
    const running = carryOut(['echo one', 'echo two; while :; do sleep 0.05; done', 'echo three']);
    await eventually(() => {
      expect(said).toContain('two\n');
    });
    stop.abort();
    expect(await running).toMatchObject([
      { kind: 'ended', output: { status: 0, stdout: 'one\n' } },
      { kind: 'ended', stopped: 'interrupted', output: { stdout: 'two\n' } },
      { kind: 'none' },
    ]);
  });

  it('gives each its own time', async () => {
    const ends = await carryOut(['sleep 1.2', 'sleep 1.2', 'while :; do sleep 0.05; done', 'echo four'], {
      timeoutMs: 2000,
    });
    expect(ends).toMatchObject([
      { kind: 'ended', output: { status: 0 } },
      { kind: 'ended', output: { status: 0 } },
      { kind: 'ended', stopped: 'timed-out' },
      { kind: 'none' },
    ]);
  });

  it('that is killed is cut where it was, and whoever continues finds what was done and what was not', async () => {
    const running = carryOut(['echo one', 'echo two; while :; do sleep 0.05; done', 'echo three']);
    await eventually(() => {
      expect(said).toContain('two\n');
    });
    const [group] = statusOf(state, work.run, work.name);
    process.kill(-group, 'SIGKILL');
    const ends = [done('one\n'), { kind: 'cut' }, { kind: 'none' }];
    expect(await running).toEqual(ends);
    expect(await taken(3)).toEqual(ends);
  });

  it('goes on on a host that cannot be reached any more, and is taken up there', async () => {
    const running = carryOut(
      ['echo one', 'while [ ! -e DIR/go ]; do sleep 0.05; done; echo two', 'echo three; exit 2'],
      { detach: AbortSignal.timeout(2500) },
    );
    await expect(running).rejects.toBeInstanceOf(LeftOnHost);
    await link.run({ script: ': >"$1/go"', args: [directory] });
    expect(await taken(3)).toEqual([done('one\n'), done('two\n'), done('three\n', 2)]);
  });
});
