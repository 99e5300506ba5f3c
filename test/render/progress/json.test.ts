import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRenderer } from '../../../src/render/progress/choose.ts';
import { eventLine } from '../../../src/render/progress/json.ts';
import { hostNames, stamped, syntheticRun } from '../events.ts';
import { TextScreen } from '../text-screen.ts';

describe('JSON output', () => {
  it('is exactly the events, one a line, and nothing else', () => {
    const screen = new TextScreen();
    const renderer = createRenderer('json', screen, { verbose: true });
    const events = syntheticRun(hostNames(30), (host, round) => `${host} ${String(round)}\nsecond\n`);
    for (const event of events) renderer.event(event);
    renderer.plan({ playbook: 'p', hosts: [] });
    renderer.hold()();
    renderer.recap({
      runId: 'r',
      mode: 'plan',
      hosts: [],
      status: 'ok',
      pending: false,
      exitCode: 0,
      seconds: 1,
      programs: { programs: 0, hosts: 0 },
    });
    renderer.close();
    const lines = screen.text.split('\n');
    expect(lines.pop()).toBe('');
    const parsed = lines.map((line): unknown => JSON.parse(line));
    expect(parsed).toEqual(events);
    expect(lines.map((line) => /^\{"v":1,"seq":(\d+),/.exec(line)?.[1])).toEqual(
      events.map((_, index) => String(index + 1)),
    );
  });

  it('is not held back by a question, which is asked elsewhere, and passes on why a host waits', () => {
    const screen = new TextScreen();
    const renderer = createRenderer('json', screen, { verbose: false });
    renderer.hold();
    for (const event of stamped([{ type: 'host.waiting', host: 'a', reason: 'waiting for the lock' }]))
      renderer.event(event);
    expect(screen.text).toBe(
      '{"v":1,"seq":1,"at":"2026-11-20T12:00:00.000Z","type":"host.waiting","host":"a","reason":"waiting for the lock"}\n',
    );
  });

  it('begins each line with v, seq, at and type', () => {
    const scrambled = { type: 'step.verified', operation: 'o', step: 's', host: 'h', at: 'now', seq: 3, v: 1 } as const;
    expect(eventLine(scrambled)).toBe(
      '{"v":1,"seq":3,"at":"now","type":"step.verified","operation":"o","step":"s","host":"h"}',
    );
  });

  it('survives whatever a host prints: the text comes back, and no line of it harms a terminal or a line reader', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
      fc.constantFrom('\ud800', '\u2028\u2029', '\x9b2J', '\r\n', '\x1b[2J', '\u202e'),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const [event] = stamped([{ type: 'action.output', host: 'h', step: 's', stream: 'stdout', text }]);
        if (event === undefined) throw new Error('no event');
        const line = eventLine(event);
        expect(JSON.parse(line)).toEqual(event);
        expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]|\p{Cs}/u);
      }),
      { numRuns: 200 },
    );
  });
});
