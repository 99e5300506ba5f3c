import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flightFrame, preamble } from '../../../src/transport/remote-shell/frames.ts';
import { lockFrame } from '../../../src/transport/remote-shell/lock-frames.ts';

const nonce = '0123456789abcdef0123456789abcdef';

describe('a frame', () => {
  it('executes nothing when it is cut off, wherever that is', () => {
    const directory = mkdtempSync(join(tmpdir(), 'plimsoll-frame-'));
    const ran = join(directory, 'ran');
    const whole = flightFrame(nonce, [
      { index: 1, command: { script: ': >"$1"\n: >"$1"', args: [ran], stdin: "it's\n" } },
      { index: 2, command: { script: ': >"$1"', args: [ran] } },
    ]);
    const run = (frame: string): boolean => {
      rmSync(ran, { force: true });
      // `wait` at the end would be part of the cut text, so the output's end is waited for instead.
      spawnSync('/bin/sh', { input: preamble(nonce, '/nowhere') + frame });
      return existsSync(ran);
    };
    const closingBrace = whole.lastIndexOf('}');
    const lengths = Array.from({ length: 40 }, (_, index) => Math.floor((closingBrace * index) / 39));
    expect(lengths.filter((length) => run(whole.slice(0, length)))).toEqual([]);
    expect(run(whole)).toBe(true);
    rmSync(directory, { recursive: true });
  });

  it('takes no lock when it is cut off', () => {
    const directory = mkdtempSync(join(tmpdir(), 'plimsoll-frame-'));
    const state = join(directory, 'state');
    const whole = lockFrame(nonce, 1, '{}', 60_000);
    const run = (frame: string): boolean => {
      rmSync(state, { recursive: true, force: true });
      spawnSync('/bin/sh', { input: preamble(nonce, state) + frame });
      return existsSync(state);
    };
    const lengths = Array.from({ length: 40 }, (_, index) => Math.floor((whole.lastIndexOf('}') * index) / 39));
    expect(lengths.filter((length) => run(whole.slice(0, length)))).toEqual([]);
    expect(run(whole)).toBe(true);
    rmSync(directory, { recursive: true });
  });
});
