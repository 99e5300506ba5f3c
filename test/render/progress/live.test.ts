import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveRenderer } from '../../../src/render/progress/live.ts';
import type { RunEvent, StampedEvent } from '../../../src/run/report/event.ts';
import type { RunResult } from '../../../src/run/report/recap.ts';
import { endingOf, hostNames, stamped, syntheticRun } from '../events.ts';
import { FakeScreen } from '../fake-screen.ts';

// A terminal emulator on a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

const hosts = hostNames(300);
const calm = (_host: string, round: number): string => `block ${String(round)} of 17\n`;
const frame = 100;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Plays events, 150 between two frames, and calls `onFrame` when a frame is on the screen. */
async function play(
  screen: FakeScreen,
  events: readonly StampedEvent[],
  onFrame: (seen: readonly StampedEvent[]) => Promise<void> | void,
): Promise<LiveRenderer> {
  const renderer = new LiveRenderer(screen, { verbose: false });
  for (let start = 0; start < events.length; start += 150) {
    for (const event of events.slice(start, start + 150)) renderer.event(event);
    vi.advanceTimersByTime(frame);
    await screen.settle();
    await onFrame(events.slice(0, start + 150));
  }
  return renderer;
}

const seen = (events: readonly StampedEvent[], type: StampedEvent['type']): number =>
  new Set(events.flatMap((event) => (event.type === type && 'host' in event ? [event.host] : []))).size;

describe('300 hosts on 80×24', () => {
  it('stay on the screen, with true counters, and leave nothing behind', async () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    screen.write('$ plimsoll apply grow.yaml\n');
    const events = syntheticRun(hosts, calm);
    let frames = 0;
    const renderer = await play(screen, events, async (soFar) => {
      if (soFar.some((event) => event.type === 'run.finished')) return;
      frames += 1;
      const rows = await screen.visible();
      const head = rows.findIndex((row) => row.startsWith('apply grow.yaml on 300 hosts'));
      expect(head).toBeGreaterThanOrEqual(0);
      // One window: nothing of earlier frames stands above or below it, and the cursor's row is empty.
      expect((await screen.everything()).filter((row) => row.startsWith('apply grow.yaml'))).toHaveLength(1);
      expect(rows.at(screen.terminal.buffer.active.cursorY)).toBe('');
      expect(await screen.wrappedRows()).toBe(0);
      expect(screen.cursorHidden).toBe(true);
      const finished = soFar.flatMap((event) => (event.type === 'host.finished' ? [event.status] : []));
      const [counters = ''] = rows.slice(head + 1);
      expect(counters).toContain(
        `connected ${String(seen(soFar, 'host.connected'))}, planned ${String(seen(soFar, 'step.planned'))}, running ${String(seen(soFar, 'change.started') - finished.length)}, done ${String(finished.filter((status) => status === 'changed').length)}`,
      );
      for (const status of ['failed', 'refused'] as const) {
        const number = finished.filter((each) => each === status).length;
        if (number > 0) expect(counters).toContain(`${status} ${String(number)}`);
      }
      const busy = rows.filter((row) => /^web-\d+ +\|/.test(row)).length;
      const tail = rows.find((row) => row.startsWith('… and ')) ?? '';
      const more = Number(/(\d+) more/.exec(tail)?.[1] ?? 0);
      const waiting = Number(/(\d+) that wait for their turn/.exec(tail)?.[1] ?? 0);
      expect(busy + more + waiting).toBe(seen(soFar, 'host.connected') - finished.length);
    });
    expect(frames).toBeGreaterThan(30);
    expect(await screen.everything()).toEqual(['$ plimsoll apply grow.yaml']);
    renderer.recap(result());
    renderer.close();
    expect(screen.cursorHidden).toBe(false);
    const left = await screen.everything();
    expect(left[0]).toBe('$ plimsoll apply grow.yaml');
    expect(left.some((row) => row.includes('| block'))).toBe(false);
    expect(left.length).toBeLessThan(24);
  });

  it('shows a host’s last line and the newest failures', async () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    const events = syntheticRun(hosts, calm);
    let sawOutput = false;
    let sawFailure = false;
    const renderer = await play(screen, events, async () => {
      const rows = await screen.visible();
      sawOutput ||= rows.some((row) => /^web-\d+ \| Grow the root file system: app-1.* \| block \d+ of 17$/.test(row));
      sawFailure ||= rows.some((row) =>
        /^! web-\d+: failed at "Grow the root file system": dmsetup on web-\d+ failed$/.test(row),
      );
    });
    renderer.close();
    expect([sawOutput, sawFailure]).toEqual([true, true]);
  });

  it('are shown in one window while the terminal changes its size', async () => {
    const screen = new FakeScreen({ columns: 120, rows: 40 });
    screen.write('$ plimsoll apply grow.yaml\n');
    const sizes = [
      [120, 40],
      [70, 40],
      [50, 30],
      [120, 40],
      [80, 10],
      [81, 24],
    ] as const;
    let frames = 0;
    const renderer = await play(screen, syntheticRun(hosts, calm), async (soFar) => {
      if (soFar.some((event) => event.type === 'run.finished')) return;
      const rows = await screen.visible();
      // Rows that a terminal far too small pushed out of sight come back when it grows; they stay above the window.
      const head = rows.findLastIndex((row) => row.startsWith('apply grow.yaml'));
      // The whole window is there, in order, and ends where the cursor stands.
      expect(rows[head + 1]).toMatch(/^connected \d+, planned/);
      expect(
        rows.slice(head + 2, screen.terminal.buffer.active.cursorY).every((row) => /^(web-|! web-|… and )/.test(row)),
      ).toBe(true);
      expect(rows.slice(screen.terminal.buffer.active.cursorY).every((row) => row === '')).toBe(true);
      frames += 1;
      const [columns, rowCount] = sizes[frames % sizes.length] ?? [80, 24];
      screen.terminal.resize(columns, rowCount);
    });
    renderer.close();
    expect(frames).toBeGreaterThan(30);
  });
});

describe('a window that fits every size of the terminal', () => {
  it('leaves nothing behind, however often that changes', async () => {
    const screen = new FakeScreen({ columns: 120, rows: 40 });
    screen.write('$ plimsoll apply grow.yaml\n');
    const sizes = [
      [120, 40],
      [60, 40],
      [45, 40],
      [100, 40],
      [77, 38],
    ] as const;
    const renderer = new LiveRenderer(screen, { verbose: false });
    for (const [index, event] of syntheticRun(hostNames(8), calm).entries()) {
      renderer.event(event);
      vi.advanceTimersByTime(frame);
      await screen.settle();
      const [columns, rows] = sizes[index % sizes.length] ?? [80, 24];
      screen.terminal.resize(columns, rows);
    }
    renderer.close();
    expect(await screen.everything()).toEqual(['$ plimsoll apply grow.yaml']);
  });
});

describe('hostile output', () => {
  const attacks = [
    '\x1b]0;owned\x07',
    '\x1b[2J\x1b[H',
    '\x9b2J',
    'a\rb\rc',
    '\x1b[?25h\x1b[?1049h',
    'x'.repeat(10_000),
    '漢字🚀'.repeat(500),
    'e\u0301'.repeat(400),
    'one\ntwo\nthree',
    '\u202eevil',
    '\u2028split',
    '\b\b\b\b',
    '\x1bP1;2q\x1b\\',
    '\ud800',
    '\t\t\t\tx',
    '👩‍👩‍👧‍👦❤️'.repeat(60),
  ];

  it('leaves title, cursor and rows alone', async () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    screen.write('$ plimsoll apply grow.yaml\n');
    const events = syntheticRun(hosts, (_host, round) => attacks[round % attacks.length] ?? '');
    const renderer = await play(screen, events, async (soFar) => {
      if (soFar.some((event) => event.type === 'run.finished')) return;
      expect(screen.terminal.buffer.active.type).toBe('normal');
      expect(await screen.wrappedRows()).toBe(0);
      expect((await screen.everything()).filter((row) => row.startsWith('apply grow.yaml'))).toHaveLength(1);
      expect(screen.cursorHidden).toBe(true);
    });
    renderer.close();
    expect(screen.titles).toEqual([]);
    expect(await screen.everything()).toEqual(['$ plimsoll apply grow.yaml']);
    // Only what we write ourselves: cursor up, clear to the end of line or screen, colours, cursor and wrapping.
    expect(screen.written.replaceAll(/\x1b\[(?:\d+A|K|J|\d*m|\?25[lh]|\?7[lh])|\r\x1b/g, '')).not.toMatch(
      /[\x00-\x09\x0b-\x0c\x0e-\x1f\x7f-\x9f]/,
    );
  });
});

describe('the window', () => {
  it('makes room for the plan and comes back when work begins', async () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    const events = syntheticRun(hosts, calm);
    const renderer = new LiveRenderer(screen, { verbose: false });
    for (const event of events.slice(0, 500)) renderer.event(event);
    renderer.plan({ playbook: 'grow.yaml', hosts: [] });
    expect(screen.cursorHidden).toBe(false);
    screen.write('Apply? ');
    vi.advanceTimersByTime(frame * 5);
    expect((await screen.everything()).at(-1)).toMatch(/^Apply\? *$/);
    screen.write('yes\n');
    for (const event of events.slice(500, 1500)) renderer.event(event);
    vi.advanceTimersByTime(frame);
    expect((await screen.visible()).some((row) => row.startsWith('apply grow.yaml on 300'))).toBe(true);
    renderer.close();
    expect((await screen.everything()).at(-1)).toBe('Apply? yes');
    expect(screen.cursorHidden).toBe(false);
  });

  it('draws nothing when nothing has happened', () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    const renderer = new LiveRenderer(screen, { verbose: false });
    for (const event of syntheticRun(hosts, calm).slice(0, 400)) renderer.event(event);
    vi.advanceTimersByTime(frame);
    const before = screen.written.length;
    vi.advanceTimersByTime(frame * 5);
    expect(screen.written.length).toBe(before);
    renderer.close();
    renderer.close();
  });

  it('gives the cursor back when the process ends by an exception', () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    const listeners = process.listeners('exit');
    const renderer = new LiveRenderer(screen, { verbose: false });
    for (const event of syntheticRun(hosts, calm).slice(0, 5)) renderer.event(event);
    expect(screen.cursorHidden).toBe(true);
    const added = process.listeners('exit').filter((listener) => !listeners.includes(listener));
    expect(added).toHaveLength(1);
    for (const listener of added) listener.call(process, 1);
    expect(screen.cursorHidden).toBe(false);
    renderer.close();
    expect(process.listeners('exit')).toEqual(listeners);
  });

  it.each([
    [1, 1],
    [2, 3],
    [10, 2],
    [20, 5],
  ])('fits a terminal of %i×%i', async (columns, rows) => {
    const screen = new FakeScreen({ columns, rows });
    const renderer = await play(screen, syntheticRun(hosts, calm), async () => {
      expect(await screen.wrappedRows()).toBe(0);
    });
    renderer.close();
    expect((await screen.everything()).filter((row) => row !== '')).toEqual([]);
  });
});

describe('a question that is asked while hosts work', () => {
  /** Work is under way, and a frame of it on the screen. */
  const working = async (
    screen: FakeScreen,
  ): Promise<{ readonly renderer: LiveRenderer; readonly later: readonly StampedEvent[] }> => {
    screen.write('$ plimsoll apply grow.yaml\n');
    const events = syntheticRun(hosts, calm);
    const renderer = new LiveRenderer(screen, { verbose: false });
    for (const event of events.slice(0, 3000)) renderer.event(event);
    vi.advanceTimersByTime(frame);
    await screen.settle();
    return { renderer, later: events.slice(3000) };
  };

  it('stands alone on the screen, with the cursor, and the window comes back below it with what has happened', async () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    const { renderer, later } = await working(screen);
    const release = renderer.hold();
    const inner = renderer.hold();
    expect(screen.cursorHidden).toBe(false);
    screen.write('Detach, stop or roll back? [d/s/r] ');
    const written = screen.written;
    for (const event of later.slice(0, 500)) {
      renderer.event(event);
      vi.advanceTimersByTime(frame);
    }
    inner();
    vi.advanceTimersByTime(frame * 5);
    expect(screen.written).toBe(written);
    expect(await screen.everything()).toEqual([
      '$ plimsoll apply grow.yaml',
      expect.stringMatching(/^Detach, stop or roll back\? \[d\/s\/r\] *$/),
    ]);
    screen.write('d\n');
    release();
    release();
    vi.advanceTimersByTime(frame);
    const rows = await screen.everything();
    expect(rows.slice(0, 3)).toEqual([
      '$ plimsoll apply grow.yaml',
      'Detach, stop or roll back? [d/s/r] d',
      expect.stringMatching(/^apply grow\.yaml on 300 hosts/),
    ]);
    const all = [...syntheticRun(hosts, calm)].slice(0, 3500);
    expect(rows[3]).toContain(
      `connected ${String(seen(all, 'host.connected'))}, planned ${String(seen(all, 'step.planned'))}`,
    );
    expect(screen.cursorHidden).toBe(true);
    renderer.close();
    expect(await screen.everything()).toEqual(['$ plimsoll apply grow.yaml', 'Detach, stop or roll back? [d/s/r] d']);
  });

  it('is not covered by the end of the run, which comes out after it', async () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    const { renderer, later } = await working(screen);
    const release = renderer.hold();
    screen.write('Stop? ');
    for (const event of later) renderer.event(event);
    renderer.recap(result());
    vi.advanceTimersByTime(frame * 5);
    expect(await screen.everything()).toEqual(['$ plimsoll apply grow.yaml', expect.stringMatching(/^Stop\? *$/)]);
    screen.write('\n');
    release();
    vi.advanceTimersByTime(frame * 5);
    const rows = await screen.everything();
    expect(rows[2]).toBe('Recap of apply r1');
    expect(rows.filter((row) => row.startsWith('apply grow.yaml on'))).toEqual([]);
    expect(screen.cursorHidden).toBe(false);
    renderer.close();
  });

  it('may come before anything has been shown', async () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    const renderer = new LiveRenderer(screen, { verbose: false });
    const release = renderer.hold();
    for (const event of syntheticRun(hosts, calm).slice(0, 400)) renderer.event(event);
    vi.advanceTimersByTime(frame * 5);
    expect(screen.written).toBe('');
    release();
    vi.advanceTimersByTime(frame);
    expect((await screen.visible())[0]).toMatch(/^apply grow\.yaml on 300 hosts/);
    renderer.close();
  });

  it('does not keep back what is printed at the end, and nothing is drawn after it', async () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    const { renderer, later } = await working(screen);
    const release = renderer.hold();
    renderer.plan({ playbook: 'grow.yaml', hosts: [] });
    for (const event of later.slice(0, 100)) renderer.event(event);
    renderer.close();
    release();
    vi.advanceTimersByTime(frame * 5);
    const rows = await screen.everything();
    expect(rows[1]).toBe('Plan of grow.yaml');
    expect(rows.at(-1)).toBe('Plan: no hosts.');
    expect(screen.cursorHidden).toBe(false);
  });
});

describe('hosts that stand still', () => {
  const started: RunEvent = { type: 'run.started', runId: 'r1', mode: 'apply', playbook: 'grow.yaml', hosts };
  const locked = (host: string, second: number): RunEvent => ({
    type: 'host.waiting',
    host,
    reason: `waiting for the lock: run r0, by ops@laptop since 2026-11-20T12:00:${String(second % 60).padStart(2, '0')}Z: apply x.yaml`,
  });
  const window = async (events: readonly RunEvent[], size = { columns: 80, rows: 24 }): Promise<readonly string[]> => {
    const screen = new FakeScreen(size);
    const renderer = await play(screen, stamped(events), () => undefined);
    const rows = (await screen.visible()).filter((row) => row !== '');
    expect(await screen.wrappedRows()).toBe(0);
    renderer.close();
    return rows;
  };

  it('say why, in colours of their own, until their next event', async () => {
    const grow: RunEvent = { type: 'change.started', host: 'web-001', step: 'Grow', summary: 'app-1' };
    const lost: RunEvent = {
      type: 'host.waiting',
      host: 'web-001',
      reason: 'the connection was lost; trying again: \x1b[2Jno route',
    };
    const rows = await window([started, grow, lost]);
    expect(rows.slice(1)).toEqual([
      'connected 0, planned 0, running 1, done 0, waiting 1',
      'web-001 | the connection was lost; trying again: \\x1b[2Jno route',
    ]);
    const back: RunEvent = { type: 'host.connected', host: 'web-001', hostKey: 'SHA256:x', runsAs: 'root' };
    expect((await window([started, grow, lost, back])).slice(1)).toEqual([
      'connected 1, planned 0, running 1, done 0',
      'web-001 | Grow: app-1',
    ]);

    const screen = new FakeScreen({ columns: 80, rows: 24, colour: true });
    (await play(screen, stamped([started, grow, lost]), () => undefined)).close();
    expect(screen.written).toContain('\x1b[2m\x1b[33mweb-001 | the connection was lost');
  });

  it('share a row when they wait for the same, and leave room for those that work', async () => {
    const working = hosts
      .slice(200)
      .map((host): RunEvent => ({ type: 'change.started', host, step: 'Grow', summary: 'app-1' }));
    const rows = await window([
      started,
      ...working,
      ...hosts.slice(0, 200).map(locked),
      { type: 'host.waiting', host: 'web-201', reason: 'the connection was lost' },
    ]);
    expect(rows).toHaveLength(23);
    expect(rows[1]).toBe('connected 0, planned 0, running 100, done 0, waiting 201');
    expect(rows.slice(2, 20).every((row) => /^web-2\d\d +\| Grow: app-1$/.test(row))).toBe(true);
    expect(rows.slice(20)).toEqual([
      'web-[001-200] | waiting for the lock: run r0, by ops@laptop since <time>: appl…',
      'web-201       | the connection was lost',
      '… and 81 more',
    ]);
  });

  it('fold like everything else when each waits for something else', async () => {
    const rows = await window([
      started,
      ...hosts.map((host, index): RunEvent => ({ type: 'host.waiting', host, reason: `reason ${String(index)}` })),
    ]);
    expect(rows).toHaveLength(23);
    expect(rows.at(-1)).toBe('… and 280 more that stand still');
  });

  it('are counted where their names are too long for a row', async () => {
    const rows = await window([
      started,
      ...['a-1', 'b-host', 'c-host', 'd-host', 'e-host'].map((host) => locked(host, 1)),
    ]);
    expect(rows[2]).toBe('5 hosts | waiting for the lock: run r0, by ops@laptop since 2026-11-20T12:00:0…');
  });
});

describe('a copy that shows its progress', () => {
  it('is shown by how far it is, before what it is, until that has ended', async () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    const renderer = new LiveRenderer(screen, { verbose: false });
    const far = { type: 'action.progress', host: 'a', step: 'Copy', what: 'copied', bytes: 1.2 * 1024 ** 3 } as const;
    const measured: RunEvent = { ...far, total: 3.4 * 1024 ** 3, rate: 210 * 1024 ** 2, left: 11 };
    const shown: string[] = [];
    for (const event of stamped([
      { type: 'run.started', runId: 'r1', mode: 'apply', playbook: 'copy.yaml', hosts: ['a'] },
      { type: 'change.started', host: 'a', step: 'Copy', summary: '/a to /b' },
      measured,
      { type: 'action.output', host: 'a', step: 'Copy', stream: 'stdout', text: 'said\n' },
      { ...measured, ended: true },
    ])) {
      renderer.event(event);
      vi.advanceTimersByTime(frame);
      shown.push((await screen.visible())[2] ?? '');
    }
    renderer.close();
    expect(shown).toEqual([
      '',
      'a | Copy: /a to /b',
      'a | 1.2 of 3.4 GiB copied, 210 MiB/s, 11 s left | Copy: /a to /b',
      'a | 1.2 of 3.4 GiB copied, 210 MiB/s, 11 s left | Copy: /a to /b | said',
      'a | Copy: /a to /b | said',
    ]);
  });

  it('is shown by its last text, on one line, wherever that was cut', async () => {
    const screen = new FakeScreen({ columns: 80, rows: 24 });
    const print = (text: string): RunEvent => ({
      type: 'action.output',
      host: 'a',
      step: 'Copy',
      stream: 'stdout',
      text,
    });
    const shown: string[] = [];
    const events = stamped([
      { type: 'run.started', runId: 'r1', mode: 'resume', playbook: 'copy.yaml', hosts: ['a'] },
      { type: 'change.started', host: 'a', step: 'Copy', summary: '/a to /b' },
      ...[
        'sending list\n',
        '\r     32,768   0%    0.00kB/s',
        '\r 1,0',
        '24,000  40%\x1b[K 1MB/s\r',
        '\n',
        'sent 9 by',
        'tes\n',
      ].map(print),
    ]);
    const renderer = new LiveRenderer(screen, { verbose: false });
    for (const event of events) {
      renderer.event(event);
      vi.advanceTimersByTime(frame);
      shown.push((await screen.visible())[2] ?? '');
    }
    expect((await screen.visible())[0]).toBe('resume copy.yaml on 1 host (continues run r1), 0 s');
    renderer.close();
    const row = 'a | Copy: /a to /b';
    expect(shown).toEqual([
      '',
      row,
      `${row} | sending list`,
      `${row} | 32,768 0% 0.00kB/s`,
      `${row} | 1,0`,
      `${row} | 1,024,000 40%\\x1b[K 1MB/s`,
      `${row} | 1,024,000 40%\\x1b[K 1MB/s`,
      `${row} | sent 9 by`,
      `${row} | sent 9 bytes`,
    ]);
  });
});

function result(): RunResult {
  return {
    runId: 'r1',
    mode: 'apply',
    programs: { programs: 0, hosts: 0 },
    status: 'failed',
    pending: false,
    exitCode: 1,
    seconds: 42,
    hosts: hosts.map((host, index) => ({
      host,
      status: endingOf(index),
      applied: [],
      undone: [],
      owed: [],
      warnings: [],
    })),
  };
}
