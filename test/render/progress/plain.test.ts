import { describe, expect, it } from 'vitest';
import type { RunEvent, StampedEvent } from '../../../src/run/report/event.ts';
import type { RunMode } from '../../../src/run/report/recap.ts';
import { PlainRenderer } from '../../../src/render/progress/plain.ts';
import { hostNames, stamped, syntheticRun } from '../events.ts';
import { TextScreen } from '../text-screen.ts';

function show(events: readonly RunEvent[], options = { verbose: false }): string {
  const screen = new TextScreen();
  const renderer = new PlainRenderer(screen, options);
  for (const event of stamped(events)) renderer.event(event);
  renderer.close();
  return screen.text;
}

const started = (hosts: readonly string[], mode: RunMode = 'apply'): RunEvent => ({
  type: 'run.started',
  runId: 'r1',
  mode,
  playbook: 'grow.yaml',
  hosts,
});
const printed = (text: string): RunEvent => ({ type: 'action.output', host: 'a', step: 's', stream: 'stdout', text });

describe('plain output', () => {
  it('is a line for each noteworthy event', () => {
    const step = 'Grow';
    const text = show([
      started(['web-1', 'db']),
      { type: 'host.connected', host: 'web-1', hostKey: 'SHA256:x', runsAs: 'root' },
      {
        type: 'host.finished',
        host: 'db',
        status: 'unreachable',
        error: { code: 'unreachable', message: 'db does not answer', hint: 'check its power' },
      },
      { type: 'facts.read', host: 'web-1', step, facts: ['docker.info'] },
      { type: 'step.planned', host: 'web-1', step, operation: 'grow_rootfs', outcome: 'change', changes: [] },
      { type: 'change.started', host: 'web-1', step, summary: 'app-1: 10 GiB → 20 GiB' },
      { type: 'action.output', host: 'web-1', step, stream: 'stdout', text: 'data blocks changed\r\nand more\n' },
      { type: 'change.applied', host: 'web-1', step, summary: 'app-1: 10 GiB → 20 GiB', seconds: 5.21 },
      { type: 'rollback.started', host: 'web-1', step, reason: 'it did not hold' },
      {
        type: 'host.finished',
        host: 'web-1',
        status: 'failed',
        step,
        error: { code: 'action-failed', message: 'two\nlines', hint: '' },
      },
      { type: 'run.finished', runId: 'r1', status: 'failed', hosts: {}, exitCode: 1 },
    ]);
    expect(text).toMatchInlineSnapshot(`
      "apply grow.yaml: 2 hosts (run r1)
      web-1 | connected as root, host key SHA256:x
      db    | unreachable: db does not answer
      db    |   → check its power
      web-1 | ~ Grow: app-1: 10 GiB → 20 GiB …
      web-1 |   data blocks changed
      web-1 |   and more
      web-1 | ✓ Grow: app-1: 10 GiB → 20 GiB (5.2 s)
      web-1 | ! Grow: rolling back: it did not hold
      web-1 | failed at "Grow": two
      web-1 | lines
      "
    `);
  });

  it('says every few seconds, or with each tenth, how far a copy is, and nothing of what is over at once', () => {
    const screen = new TextScreen();
    const renderer = new PlainRenderer(screen, { verbose: false });
    const gibibyte = 1024 ** 3;
    const far = (second: number, what: 'copied' | 'compared', bytes: number, more: object = {}): void => {
      const at = new Date(Date.UTC(2026, 10, 20, 12, 0, second)).toISOString();
      const rate = 210 * 1024 ** 2;
      const event: RunEvent = {
        type: 'action.progress',
        host: 'a',
        step: 'Copy',
        what,
        bytes,
        total: 100 * gibibyte,
        ...(second === 0 ? {} : { rate, left: Math.ceil((100 * gibibyte - bytes) / rate) }),
        ...more,
      };
      renderer.event({ v: 1, seq: second + 2, at, ...event });
    };
    renderer.event({ v: 1, seq: 1, at: '2026-11-20T11:59:59.000Z', ...started(['a']) });
    for (let second = 0; second <= 12; second += 1) far(second, 'copied', second * 0.2 * gibibyte);
    far(13, 'copied', 30 * gibibyte);
    far(13, 'copied', 30 * gibibyte, { ended: true });
    far(14, 'compared', 0, { rate: 0, left: undefined });
    renderer.close();
    expect(screen.text).toMatchInlineSnapshot(`
      "apply grow.yaml: 1 host (run r1)
      a |   0.2 of 100 GiB copied, 210 MiB/s, 8 min 7 s left
      a |   1.2 of 100 GiB copied, 210 MiB/s, 8 min 2 s left
      a |   2.2 of 100 GiB copied, 210 MiB/s, 7 min 57 s left
      a |   30 of 100 GiB copied, 210 MiB/s, 5 min 42 s left
      a |   0 of 100 GiB compared, 0 bytes/s
      "
    `);
  });

  it('counts instead of naming when there are many hosts', () => {
    const lines = show(syntheticRun(hostNames(300), () => 'x')).split('\n');
    expect(lines.filter((line) => /^connected \d+ of 300$/.test(line))).toHaveLength(10);
    expect(lines).toContain('connected 300 of 300');
    expect(lines).toContain('finished 300 of 300');
  });

  it('lets nothing of a host reach the terminal, and marks each line with its host', () => {
    const text = show([
      started(['a', 'bb']),
      printed('\x1b]0;owned\x07\x1b[2J\nbb | ok\n50%\r60%'),
      printed('x'.repeat(10_000)),
    ]);
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    const lines = text.trimEnd().split('\n').slice(1);
    expect(lines.every((line) => line.startsWith('a  | '))).toBe(true);
    expect(lines.at(-1)).toContain('… (8003 more characters)');
  });

  it('is colourless unless the screen has colour', () => {
    const screen = new TextScreen(true);
    new PlainRenderer(screen, { verbose: false }).event({ v: 1, seq: 1, at: '', ...started(['a']) });
    expect(screen.text).toContain('\x1b[1m');
    expect(show([started(['a'])])).not.toContain('\x1b');
  });

  it('says what is done of a run that goes on from an earlier one', () => {
    const change = { host: 'a', step: 'Grow', summary: 'app-1: 10 GiB → 20 GiB' };
    const part = (mode: RunMode): string =>
      show([
        started(['a', 'b'], mode),
        { type: 'change.started', ...change },
        { type: 'change.applied', ...change, seconds: 2 },
        { type: 'host.finished', host: 'a', status: 'changed' },
        { type: 'host.finished', host: 'b', status: 'ok' },
      ]);
    expect(part('resume')).toMatchInlineSnapshot(`
      "resume grow.yaml: 2 hosts (continues run r1)
      a | ~ Grow: app-1: 10 GiB → 20 GiB …
      a | ✓ Grow: app-1: 10 GiB → 20 GiB (2 s)
      a | changed
      b | ok
      "
    `);
    expect(part('rollback')).toMatchInlineSnapshot(`
      "rollback grow.yaml: 2 hosts (undoes run r1)
      a | ~ undo Grow: app-1: 10 GiB → 20 GiB …
      a | ✓ undone: Grow: app-1: 10 GiB → 20 GiB (2 s)
      a | undone
      b | ok
      "
    `);
    expect(part('finalize')).toMatchInlineSnapshot(`
      "finalize grow.yaml: 2 hosts (finalizes run r1)
      a | ~ finalize Grow: app-1: 10 GiB → 20 GiB …
      a | ✓ finalized: Grow: app-1: 10 GiB → 20 GiB (2 s)
      a | finalized
      b | ok
      "
    `);
  });

  it('lists what has drifted', () => {
    const message = 'the host is not as it was when the plan was approved: app-1: sizeBytes was 1, is 2; app-2: gone';
    expect(
      show([
        started(['a']),
        {
          type: 'host.finished',
          host: 'a',
          status: 'drifted',
          step: 'Grow',
          error: { code: 'drift', message, hint: 'plan again' },
        },
      ]),
    ).toMatchInlineSnapshot(`
      "apply grow.yaml: 1 host (run r1)
      a | drifted at "Grow": the host is not as it was when the plan was approved:
      a |   - app-1: sizeBytes was 1, is 2
      a |   - app-2: gone
      a |   → plan again
      "
    `);
  });
});

describe('a copy that shows its progress', () => {
  it('is a line every few seconds, and the last one before what comes next', () => {
    const at = (second: number, event: RunEvent): StampedEvent => ({
      v: 1,
      seq: second + 1,
      at: new Date(Date.UTC(2026, 10, 20, 12, 0, second)).toISOString(),
      ...event,
    });
    const screen = new TextScreen();
    const renderer = new PlainRenderer(screen, { verbose: false });
    renderer.event(at(0, started(['a'])));
    for (let second = 0; second < 18; second += 1)
      renderer.event(at(second, printed(`\r  ${String(second)} MB  ${String(second)}% \x1b[K`)));
    renderer.event(at(18, { type: 'host.waiting', host: 'a', reason: 'the connection was lost' }));
    renderer.event(at(19, { type: 'host.connected', host: 'a', hostKey: 'SHA256:x', runsAs: 'root' }));
    renderer.event(at(19, printed('\r  19 MB  19% \x1b[K')));
    renderer.event(at(20, { type: 'change.applied', host: 'a', step: 'Copy', summary: '/a to /b', seconds: 20 }));
    expect(screen.text).toMatchInlineSnapshot(`
      "apply grow.yaml: 1 host (run r1)
      a |     0 MB  0% \\x1b[K
      a |     5 MB  5% \\x1b[K
      a |     10 MB  10% \\x1b[K
      a |     15 MB  15% \\x1b[K
      a | … the connection was lost
      a | connected as root, host key SHA256:x
      a |     19 MB  19% \\x1b[K
      a | ✓ Copy: /a to /b (20 s)
      "
    `);
  });
});

describe('waiting', () => {
  const waits = (host: string, since: string): RunEvent => ({
    type: 'host.waiting',
    host,
    reason: `waiting for the lock: run r0, by ops@laptop since ${since}: apply x.yaml`,
  });

  it('is a line for each host of a few, and is not said again and again', () => {
    const text = show([
      started(['a', 'bb']),
      waits('a', '2026-11-20T12:00:01Z'),
      waits('bb', '2026-11-20T12:00:02Z'),
      waits('a', '2026-11-20T12:00:01Z'),
    ]);
    expect(text).toMatchInlineSnapshot(`
      "apply grow.yaml: 2 hosts (run r1)
      a  | … waiting for the lock: run r0, by ops@laptop since 2026-11-20T12:00:01Z: apply x.yaml
      bb | … waiting for the lock: run r0, by ops@laptop since 2026-11-20T12:00:02Z: apply x.yaml
      "
    `);
  });

  it('is counted when there are many hosts, with the first one that waits for something', () => {
    const names = hostNames(300);
    const text = show([
      started(names),
      ...names.map((name, index) => waits(name, `2026-11-20T12:00:${String(index % 60).padStart(2, '0')}Z`)),
      { type: 'host.waiting', host: 'web-007', reason: 'the connection was lost' },
    ]);
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(13);
    expect(lines[1]).toBe(
      'web-001 | … waiting for the lock: run r0, by ops@laptop since 2026-11-20T12:00:00Z: apply x.yaml',
    );
    expect(lines[2]).toBe('waiting 30 of 300');
    expect(lines.at(-2)).toBe('waiting 300 of 300');
    expect(lines.at(-1)).toBe('web-007 | … the connection was lost');
    expect(
      show([started(names), ...names.map((name) => waits(name, ''))], { verbose: true }).match(/waiting for the lock/g),
    ).toHaveLength(300);
  });
});

describe('while a question is asked', () => {
  it('nothing is printed, and then everything, in order', () => {
    const screen = new TextScreen();
    const renderer = new PlainRenderer(screen, { verbose: false });
    const [first, ...others] = stamped([
      started(['a']),
      printed('one\n'),
      { type: 'change.started', host: 'a', step: 'Grow', summary: 'x' },
      printed('two\n'),
    ]);
    const early = renderer.hold();
    if (first !== undefined) renderer.event(first);
    early();
    const before = screen.text;
    expect(before).toBe('apply grow.yaml: 1 host (run r1)\n');
    const release = renderer.hold();
    const inner = renderer.hold();
    for (const event of others) renderer.event(event);
    inner();
    inner();
    expect(screen.text).toBe(before);
    release();
    expect(screen.text.slice(before.length)).toBe('a |   one\na | ~ Grow: x …\na |   two\n');
    renderer.close();
  });

  it('what programs print is bounded, and nothing else', () => {
    const screen = new TextScreen();
    const renderer = new PlainRenderer(screen, { verbose: false });
    const events = stamped([
      started(['a']),
      ...Array.from({ length: 5000 }, (_, index) => printed(`line ${String(index)}\n`)),
      ...Array.from({ length: 2500 }, (): RunEvent => ({ type: 'change.started', host: 'a', step: 's', summary: 'x' })),
      printed('the end\n'),
    ]);
    const release = renderer.hold();
    for (const event of events) renderer.event(event);
    release();
    const lines = screen.text.trimEnd().split('\n');
    const left = Number(
      /^… the first (\d+) lines that programs printed meanwhile are left out$/.exec(lines[0] ?? '')?.[1],
    );
    expect(lines[1]).toBe('apply grow.yaml: 1 host (run r1)');
    const output = lines.filter((line) => line.startsWith('a |   line '));
    expect(output).toHaveLength(5000 - left);
    expect(output[0]).toBe(`a |   line ${String(left)}`);
    expect(output.length).toBeLessThanOrEqual(2001);
    expect(lines.filter((line) => line === 'a | ~ s: x …')).toHaveLength(2500);
    expect(lines.at(-1)).toBe('a |   the end');
  });

  it('the end of the run comes out, whoever holds', () => {
    const screen = new TextScreen();
    const renderer = new PlainRenderer(screen, { verbose: false });
    const release = renderer.hold();
    for (const event of stamped([started(['a']), printed('half a li')])) renderer.event(event);
    renderer.recap({
      runId: 'r1',
      mode: 'apply',
      hosts: [],
      status: 'ok',
      pending: false,
      exitCode: 0,
      seconds: 1,
      programs: { programs: 0, hosts: 0 },
    });
    expect(screen.text).toBe('');
    renderer.close();
    const text = screen.text;
    expect(text).toMatch(/^apply grow\.yaml: 1 host \(run r1\)\na \|   half a li\n\nRecap of apply r1\n/);
    release();
    renderer.hold()();
    expect(screen.text).toBe(text);
  });
});
