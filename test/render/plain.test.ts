import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/run/event.ts';
import { PlainRenderer } from '../../src/render/plain.ts';
import { hostNames, stamped, syntheticRun } from './events.ts';
import { TextScreen } from './text-screen.ts';

function show(events: readonly RunEvent[], options = { verbose: false }): string {
  const screen = new TextScreen();
  const renderer = new PlainRenderer(screen, options);
  for (const event of stamped(events)) renderer.event(event);
  renderer.close();
  return screen.text;
}

const started = (hosts: readonly string[], mode: 'plan' | 'apply' = 'apply'): RunEvent => ({ type: 'run.started', runId: 'r1', mode, playbook: 'grow.yaml', hosts });
const printed = (text: string): RunEvent => ({ type: 'action.output', host: 'a', step: 's', stream: 'stdout', text });

describe('plain output', () => {
  it('is a line for each noteworthy event', () => {
    const step = 'Grow';
    const text = show([
      started(['web-1', 'db']),
      { type: 'host.connected', host: 'web-1', hostKey: 'SHA256:x', runsAs: 'root' },
      { type: 'host.finished', host: 'db', status: 'unreachable', error: { code: 'unreachable', message: 'db does not answer', hint: 'check its power' } },
      { type: 'facts.read', host: 'web-1', step, facts: ['docker.info'] },
      { type: 'step.planned', host: 'web-1', step, operation: 'grow_rootfs', outcome: 'change', changes: [] },
      { type: 'change.started', host: 'web-1', step, summary: 'app-1: 10 GiB → 20 GiB' },
      { type: 'action.output', host: 'web-1', step, stream: 'stdout', text: 'data blocks changed\r\nand more\n' },
      { type: 'change.applied', host: 'web-1', step, summary: 'app-1: 10 GiB → 20 GiB', seconds: 5.21 },
      { type: 'rollback.started', host: 'web-1', step, reason: 'it did not hold' },
      { type: 'host.finished', host: 'web-1', status: 'failed', step, error: { code: 'action-failed', message: 'two\nlines', hint: '' } },
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

  it('counts instead of naming when there are many hosts', () => {
    const lines = show(syntheticRun(hostNames(300), () => 'x')).split('\n');
    expect(lines.filter((line) => /^connected \d+ of 300$/.test(line))).toHaveLength(10);
    expect(lines).toContain('connected 300 of 300');
    expect(lines).toContain('finished 300 of 300');
  });

  it('lets nothing of a host reach the terminal, and marks each line with its host', () => {
    const text = show([started(['a', 'bb']), printed('\x1b]0;owned\x07\x1b[2J\nbb | ok\n50%\r60%'), printed('x'.repeat(10_000))]);
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    const lines = text.trimEnd().split('\n').slice(1);
    expect(lines.every((line) => line.startsWith('a  | '))).toBe(true);
    expect(lines.at(-1)).toContain('… (8000 more characters)');
  });

  it('is colourless unless the screen has colour', () => {
    const screen = new TextScreen(true);
    new PlainRenderer(screen, { verbose: false }).event({ v: 1, seq: 1, at: '', ...started(['a']) });
    expect(screen.text).toContain('\x1b[1m');
    expect(show([started(['a'])])).not.toContain('\x1b');
  });
});
