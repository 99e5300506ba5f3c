import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/run/report/event.ts';
import type { EventLimits } from '../../../src/run/report/event-log.ts';
import { EventLog } from '../../../src/run/report/event-log.ts';
import { needRoom } from '../../../src/run/reach/room.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-events-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const printed = (host: string, text: string): RunEvent => ({
  type: 'action.output',
  host,
  step: 's',
  stream: 'stdout',
  text,
});
const finished = (host: string): RunEvent => ({ type: 'host.finished', host, status: 'ok' });

/** What is kept of these, as lines. */
async function kept(
  events: readonly RunEvent[],
  limits?: Partial<EventLimits>,
  opened = 0,
): Promise<
  readonly {
    readonly type: string;
    readonly seq: number;
    readonly host?: string;
    readonly events?: number;
    readonly bytes?: number;
  }[]
> {
  const log = new EventLog({ hostBytes: 10_000, runBytes: 100_000, waitingBytes: 1e9, ...limits });
  events.forEach((event, index) => {
    if (index === opened) log.keepIn(directory);
    log.add({ v: 1, seq: index + 1, at: '2026-11-29T00:00:00Z', ...event });
  });
  await log.close();
  return readFileSync(join(directory, 'events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as never);
}

describe('what is kept of events', () => {
  it('is of how far a change is only the last, where a day of it would leave no room for anything else', async () => {
    const far = { type: 'action.progress', host: 'a', step: 's', what: 'copied', total: 10 } as const;
    const events: readonly RunEvent[] = [{ ...far, bytes: 1 }, { ...far, bytes: 9, ended: true }, finished('a')];
    expect((await kept(events)).map(({ type, seq }) => [type, seq])).toEqual([
      ['action.progress', 2],
      ['host.finished', 3],
    ]);
  });

  it('is all of them, also of before there was a place for them, each once', async () => {
    const events = [printed('a', '1'), printed('a', '2'), finished('a')];
    expect((await kept(events, {}, 2)).map(({ type, seq }) => [type, seq])).toEqual([
      ['action.output', 1],
      ['action.output', 2],
      ['host.finished', 3],
    ]);
  });

  it('ends for a host that prints without end, which is said, and for no other one; its end is kept', async () => {
    const flood = Array.from({ length: 1000 }, () => printed('liar', 'x'.repeat(500)));
    const lines = await kept([...flood, printed('honest', 'y'), finished('liar'), finished('honest')]);
    const liar = lines.filter(({ host }) => host === 'liar');
    const outputs = liar.filter(({ type }) => type === 'action.output').length;
    expect(outputs).toBeLessThan(20);
    expect(liar.slice(outputs).map(({ type }) => type)).toEqual(['events.omitted', 'host.finished', 'events.omitted']);
    expect(liar.at(-1)).toMatchObject({ events: 1000 - outputs, bytes: expect.any(Number) });
    expect(lines.filter(({ host }) => host === 'honest').map(({ type }) => type)).toEqual([
      'action.output',
      'host.finished',
    ]);
  });

  it('ends for a run of many such hosts', async () => {
    const hosts = Array.from({ length: 100 }, (_, index) => `h${String(index)}`);
    const lines = await kept([
      ...hosts.flatMap((host) => Array.from({ length: 10 }, () => printed(host, 'x'.repeat(500)))),
      ...hosts.map(finished),
    ]);
    expect(Buffer.byteLength(readFileSync(join(directory, 'events.jsonl')))).toBeLessThan(150_000);
    expect(lines.filter(({ type }) => type === 'host.finished')).toHaveLength(100);
  });

  it('ends while the disk does not keep up', async () => {
    const lines = await kept(
      Array.from({ length: 100 }, () => printed('a', 'x'.repeat(50))),
      { waitingBytes: 1000 },
    );
    expect(lines.some(({ type }) => type === 'events.omitted')).toBe(true);
    expect(lines.length).toBeLessThan(20);
  });
});

describe('room for a run', () => {
  it('is looked at, also where the directory is not made yet', async () => {
    await needRoom(join(directory, 'not/yet'), 1);
    await expect(needRoom(join(directory, 'not/yet'), 2 ** 60)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^the disk of .*not\/yet has .* free, and a run needs 1 EiB|1024 PiB|1048576 TiB/),
      hint: expect.stringContaining('make room'),
    });
  });
});
