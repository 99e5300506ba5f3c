import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import type { ExecAction } from '../../../src/operations/engine/change.ts';
import { compile } from '../../../src/run/work/compile.ts';
import type { Ending, Following } from '../../../src/run/work/follow.ts';
import { carryOutWork, LeftOnHost, takeUp } from '../../../src/run/work/follow.ts';
import type { Link } from '../../../src/run/reach/link.ts';
import type { Progress } from '../../../src/run/report/progress.ts';
import { startWork } from '../../../src/run/work/work.ts';
import type { CommandHandler } from '../../../src/transport/local/memory.ts';
import { createMemoryTransport } from '../../../src/transport/local/memory.ts';
import type { Command } from '../../../src/transport/transport.ts';
import { testTarget } from '../../support/target.ts';
import { errorOf, holder, linkWith } from '../links.ts';
import { Wire, type WireHooks } from '../wire.ts';
import { eventually } from '../../support/eventually.ts';
import { statusOf } from './records.ts';

const host = 'web-1';
const work = { run: 'test', name: '0-1.1-0-0-1' };
type Sent = 'start' | 'look' | 'end' | 'output';

function kindOf({ script }: Command): Sent {
  if (script.includes('setsid')) return 'start';
  if (script.includes('kill')) return 'end';
  return script.includes('look()') ? 'look' : 'output';
}

/** A host, the way to it, and one piece of work there. */
class Scene {
  readonly directory = mkdtempSync(join(tmpdir(), 'plimsoll follow-'));
  readonly sent: Sent[] = [];
  readonly printed: string[] = [];
  readonly progress: Progress[] = [];
  readonly wire: Wire;
  readonly link: Link;
  readonly stop = new AbortController();
  readonly detach = new AbortController();

  /** `hook` is called before something is sent, and after it has been answered. */
  constructor(
    hook: (when: 'before' | 'after', sent: Sent, scene: Scene) => void | Promise<void> = () => undefined,
    reconnectMs = 20_000,
  ) {
    const hooks: WireHooks = {
      before: async (_host, command) => {
        this.sent.push(kindOf(command));
        await hook('before', kindOf(command), this);
      },
      after: (_host, command) => hook('after', kindOf(command), this),
    };
    this.wire = new Wire(createMemoryTransport({ hosts: { [host]: { shell: ['/bin/sh', '-c'] } } }), hooks);
    this.link = linkWith({
      transport: this.wire,
      target: testTarget({ stateDirectory: join(this.directory, 'state') }),
      reconnectMs,
    });
    this.link.persist();
  }

  async carryOut(script: string, more: Partial<Following> = {}): Promise<Ending> {
    await this.link.lock({ holder, waitMs: 0 });
    const start = startWork(work, '{}', script.replaceAll('DIR', `'${this.directory}'`));
    // Of what does not end by itself the end is not waited for long.
    const endless = /while|sleep 60/.test(script);
    return carryOutWork(this.#following(more), endless ? { ...start, forked: { enoughMs: 200 } } : start);
  }

  takeUp(more: Partial<Following> = {}): Promise<Ending> {
    return takeUp(this.#following(more));
  }

  #following(more: Partial<Following>): Following {
    return {
      link: this.link,
      work,
      lock: (unless) => this.link.lock({ holder, waitMs: 0 }, unless),
      onOutput: (_stream, text) => this.printed.push(text),
      onProgress: (progress) => this.progress.push(progress),
      mayEnd: true,
      stop: this.stop.signal,
      detach: this.detach.signal,
      timeoutMs: 60_000,
      ...more,
    };
  }

  cut(): void {
    this.wire.cut(host);
  }

  go(): void {
    writeFileSync(join(this.directory, 'go'), '');
  }

  has(name: string): boolean {
    return existsSync(join(this.directory, name));
  }

  read(name: string): string {
    return readFileSync(join(this.directory, name), 'utf8');
  }
}

const scenes: Scene[] = [];
afterAll(async () => {
  for (const { link, directory } of scenes) {
    await link.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

function scene(...args: ConstructorParameters<typeof Scene>): Scene {
  const made = new Scene(...args);
  scenes.push(made);
  return made;
}

const untilGo = ': >DIR/begun; while [ ! -e DIR/go ]; do sleep 0.05; done';
/** Leaves a line for each time that it is begun. */
const once = 'echo x >>DIR/count';

describe.concurrent('work that is followed', () => {
  it('that has ended by the first look needs no other', async () => {
    const one = scene();
    expect(await one.carryOut('echo out; echo err >&2; exit 3')).toEqual({
      kind: 'ended',
      output: { status: 3, stdout: 'out\n', stderr: 'err\n' },
    });
    expect({ sent: one.sent, printed: one.printed }).toEqual({ sent: ['start'], printed: ['out\n', 'err\n'] });
  });

  it('prints everything once, in order, as it comes, and has all of it in the end', async () => {
    const one = scene((when, sent, self) => {
      if (when === 'before' && sent === 'look') self.go();
    });
    expect(await one.carryOut(`echo one; ${untilGo}; printf 'two\\nthree'`)).toMatchObject({
      kind: 'ended',
      output: { status: 0, stdout: 'one\ntwo\nthree' },
    });
    // The rest may come in one piece or in two.
    expect(one.printed[0]).toBe('one\n');
    expect(one.printed.join('')).toBe('one\ntwo\nthree');
  });

  it('of much output', async () => {
    const one = scene();
    const ending = await one.carryOut('yes "0123456789 größer" | head -n 60000');
    const text = '0123456789 größer\n'.repeat(60_000);
    expect(ending).toMatchObject({ kind: 'ended', output: { status: 0, stdout: text } });
    expect(one.printed.join('')).toBe(text);
    expect(one.printed.length).toBeGreaterThan(2);
  });
});

/** A host that answers each look with more of it. */
function endless(state: 'running' | 'ended', chunk: string, looked: (number: number) => void = () => undefined) {
  let [looks, at] = [0, 0];
  return scripted((command) => {
    const kind = kindOf(command);
    if (kind === 'end') return { stdout: 'told\n' };
    if (kind === 'output') return { stdout: 'kept\n' };
    looks += 1;
    looked(looks);
    at += chunk.length;
    const [bytes, total] = [chunk.length, at + chunk.length].map(String);
    return {
      stdout: `${state} 0 ${String(bytes)} ${String(bytes)} ${String(total)} ${String(total)}\n${chunk}`,
      stderr: chunk,
    };
  });
}

function scripted(handler: CommandHandler): {
  readonly printed: { stdout: number; stderr: number };
  readonly said: string[];
  carryOut(more?: Partial<Following>): Promise<Ending>;
} {
  const link = linkWith({ transport: createMemoryTransport({ hosts: { [host]: handler } }) });
  const printed = { stdout: 0, stderr: 0 };
  const said: string[] = [];
  return {
    printed,
    said,
    carryOut: async (more = {}) => {
      const { signal } = new AbortController();
      const onOutput: Following['onOutput'] = (stream, text) => {
        if (text.startsWith('plimsoll: ')) said.push(text);
        else printed[stream] += text.length;
      };
      try {
        return await carryOutWork(
          {
            link,
            work,
            lock: () => Promise.resolve(),
            onOutput,
            onProgress: () => undefined,
            mayEnd: true,
            stop: signal,
            detach: signal,
            timeoutMs: 60_000,
            ...more,
          },
          startWork(work, '{}', 'true'),
        );
      } finally {
        await link.close();
      }
    },
  };
}

describe('a host that has more to be read for ever', () => {
  const kept = 8 * 1024 * 1024;

  it.each([
    ['once the work has ended', 'ended'],
    ['of work that runs, until its time is over', 'running'],
  ] as const)('%s, is not read beyond what is kept', async (_when, state) => {
    const one = endless(state, `${'x'.repeat(199_999)}\n`);
    const ending = one.carryOut({
      timeoutMs: 1000,
      detach: state === 'running' ? AbortSignal.timeout(3000) : new AbortController().signal,
    });
    if (state === 'ended')
      expect(await ending).toEqual({ kind: 'ended', output: { status: 0, stdout: 'kept\n', stderr: '' } });
    else await expect(ending).rejects.toBeInstanceOf(LeftOnHost);
    expect(one.printed).toEqual({ stdout: kept, stderr: kept });
    expect(one.said).toEqual(
      ['stdout', 'stderr'].map(
        (stream) => `plimsoll: of what it prints on ${stream} no more than ${String(kept)} bytes are read\n`,
      ),
    );
  });

  it('but sends nothing of it, has nothing more', async () => {
    const one = scripted((command) =>
      kindOf(command) === 'output' ? { stdout: 'kept\n' } : { stdout: 'ended 3 0 0 5 5\n' },
    );
    expect(await one.carryOut()).toEqual({ kind: 'ended', output: { status: 3, stdout: '', stderr: '' } });
  });

  it('and sends it byte by byte, has a time for it', async () => {
    const now = vi.spyOn(performance, 'now');
    let [past, looks] = [0, 0];
    now.mockImplementation(() => past);
    const one = endless('ended', '\n', (number) => {
      looks = number;
      past += 60_000;
    });
    expect(await one.carryOut({ timeoutMs: 1000 })).toMatchObject({ kind: 'ended', output: { status: 0 } });
    expect(looks).toBeLessThan(20);
    now.mockRestore();
  });
});

describe.concurrent('a connection that is lost', () => {
  it('before the start was sent: it is begun once, with the lock', async () => {
    let cuts = 0;
    const one = scene((when, sent, self) => {
      if (when !== 'before' || sent !== 'start' || cuts > 0) return;
      cuts += 1;
      self.cut();
    });
    expect(await one.carryOut(`${once}; ( flock -n "$PLIMSOLL_STATE/lock" true ) 9>&- || echo locked`)).toMatchObject({
      kind: 'ended',
      output: { status: 0, stdout: 'locked\n' },
    });
    expect({ count: one.read('count'), starts: one.sent.filter((sent) => sent === 'start').length }).toEqual({
      count: 'x\n',
      starts: 2,
    });
  });

  it('with the answer to the start: it is begun once', async () => {
    let cuts = 0;
    const one = scene((when, sent, self) => {
      if (when !== 'after' || sent !== 'start' || cuts > 0) return;
      cuts += 1;
      self.cut();
    });
    expect(await one.carryOut(`${once}; echo out`)).toMatchObject({
      kind: 'ended',
      output: { status: 0, stdout: 'out\n' },
    });
    expect({
      count: one.read('count'),
      printed: one.printed,
      starts: one.sent.filter((sent) => sent === 'start').length,
    }).toEqual({ count: 'x\n', printed: ['out\n'], starts: 1 });
  });

  it('with every answer: everything is printed once', async () => {
    let looks = 0;
    const one = scene((when, sent, self) => {
      if (when !== 'after' || sent === 'output') return;
      looks += 1;
      if (looks % 2 === 1) self.cut();
      if (looks === 4) self.go();
    });
    expect(await one.carryOut(`${once}; echo one; ${untilGo}; echo two`)).toMatchObject({
      kind: 'ended',
      output: { status: 0, stdout: 'one\ntwo\n' },
    });
    expect({ count: one.read('count'), printed: one.printed }).toEqual({ count: 'x\n', printed: ['one\n', 'two\n'] });
    expect(one.wire.connected).toBeGreaterThan(2);
  });

  it('between two looks, to a host that is away for a while', async () => {
    const one = scene((when, sent, self) => {
      if (when !== 'after' || sent !== 'start') return;
      setTimeout(() => {
        self.wire.refusals.push(new AppError('unreachable', 'away'));
        self.cut();
        self.go();
      }, 50);
    });
    expect(await one.carryOut(`echo one; ${untilGo}; echo two`)).toMatchObject({
      kind: 'ended',
      output: { status: 0, stdout: 'one\ntwo\n' },
    });
    expect(one.printed).toEqual(['one\n', 'two\n']);
  });

  it('for good: the work goes on, and its end is found by whoever takes it up', async () => {
    const one = scene((when, sent, self) => {
      if (when !== 'after' || sent !== 'start') return;
      self.wire.away.add(host);
      self.cut();
    }, 0);
    const error = await errorOf(one.carryOut(`echo one; ${untilGo}; echo two`));
    expect(error).toBeInstanceOf(LeftOnHost);
    expect(error).toMatchObject({ code: 'connection-lost', hint: expect.stringContaining('plimsoll resume') });
    one.wire.away.delete(host);
    one.go();
    expect(await one.takeUp()).toMatchObject({ kind: 'ended', output: { status: 0, stdout: 'one\ntwo\n' } });
  });

  it('over what was printed, once it has ended: that is no outcome', async () => {
    const one = scene((when, sent, self) => {
      if (when === 'before' && sent === 'look') self.go();
      if (when !== 'before' || sent !== 'output') return;
      self.wire.away.add(host);
      self.cut();
    }, 0);
    expect(await errorOf(one.carryOut(`${untilGo}; echo two`))).toBeInstanceOf(LeftOnHost);
  });

  it.each(['timed-out', 'privilege-denied'] as const)(
    'a question that ends with "%s" says nothing about the work, which nobody begins again or passes over',
    async (code) => {
      const one = scene((when, sent) => {
        if (when === 'before' && sent === 'look') throw new AppError(code, 'why');
      });
      const error = await errorOf(one.carryOut(untilGo));
      expect(error).toBeInstanceOf(LeftOnHost);
      expect(error).toMatchObject({ code: 'outcome-unknown', message: 'why' });
      one.go();
    },
  );
});

describe.concurrent('what cannot be begun', () => {
  it('is not: the state directory cannot be written', async () => {
    const one = scene((when, sent, self) => {
      if (when === 'before' && sent === 'start') writeFileSync(join(self.directory, 'state', 'runs'), '');
    });
    const error = await errorOf(one.carryOut(once));
    expect(error).not.toBeInstanceOf(LeftOnHost);
    expect({ code: error.code, begun: one.has('count') }).toEqual({ code: 'refused', begun: false });
  });

  it('has never arrived: the connection is lost on each attempt', async () => {
    const one = scene((when, sent, self) => {
      if (when === 'before' && sent === 'start') self.cut();
    });
    expect(await one.carryOut(once)).toEqual({ kind: 'none' });
    expect({ begun: one.has('count'), starts: one.sent.filter((sent) => sent === 'start').length }).toEqual({
      begun: false,
      starts: 3,
    });
  });
});

describe.concurrent('what is told to stop', () => {
  it('a program that may be ended is, with everything it has started', async () => {
    const one = scene((when, sent, self) => {
      if (when === 'after' && sent === 'start') self.stop.abort();
    });
    const ending = await one.carryOut(`echo begun; sh -c 'sleep 60; : >DIR/late' & sleep 60`);
    expect(ending).toMatchObject({ kind: 'ended', stopped: 'interrupted', output: { status: 143, stdout: 'begun\n' } });
    expect(one.sent).toContain('end');
  });

  it('an atomic script is waited for', async () => {
    const one = scene((when, sent, self) => {
      if (when === 'after' && sent === 'start') self.stop.abort();
      if (when === 'after' && sent === 'look') self.go();
    });
    const ending = await one.carryOut(`${untilGo}; echo done`, { mayEnd: false });
    expect(ending).toEqual({ kind: 'ended', output: { status: 0, stdout: 'done\n', stderr: '' } });
    expect(one.sent).not.toContain('end');
  });

  it('an atomic script is waited for over a connection that is made again after the stop', async () => {
    const one = scene((when, sent, self) => {
      if (when === 'after' && sent === 'start') self.stop.abort();
      if (when === 'after' && sent === 'look' && !self.has('go')) {
        self.cut();
        self.go();
      }
    });
    expect(await one.carryOut(`${untilGo}; echo done`, { mayEnd: false })).toMatchObject({
      kind: 'ended',
      output: { status: 0, stdout: 'done\n' },
    });
    expect(one.wire.connected).toBe(2);
  });

  it('what has ended by itself before it was told is what it is', async () => {
    const one = scene(async (when, sent, self) => {
      if (when === 'after' && sent === 'start') self.stop.abort();
      if (when !== 'before' || sent !== 'end') return;
      self.go();
      await eventually(() => {
        expect(statusOf(join(self.directory, 'state'), 'test', work.name)).toHaveLength(2);
      });
    });
    expect(await one.carryOut(`${untilGo}; echo done`)).toEqual({
      kind: 'ended',
      output: { status: 0, stdout: 'done\n', stderr: '' },
    });
  });

  it.each([true, false])('what is left to itself goes on (may it be ended: %s)', async (mayEnd) => {
    const one = scene((when, sent, self) => {
      if (when !== 'after' || sent !== 'start') return;
      self.detach.abort(new AppError('interrupted', 'detached'));
      self.stop.abort();
    });
    const error = await errorOf(one.carryOut(`${untilGo}; echo done`, { mayEnd }));
    expect(error).toBeInstanceOf(LeftOnHost);
    expect(error).toMatchObject({ code: 'interrupted', message: 'what was begun on the host is left to finish there' });
    expect(one.sent).not.toContain('end');
    one.go();
    expect(
      await one.takeUp({ stop: new AbortController().signal, detach: new AbortController().signal }),
    ).toMatchObject({ kind: 'ended', output: { status: 0, stdout: 'done\n' } });
  });

  it('what takes too long is ended', async () => {
    const one = scene();
    expect(await one.carryOut('echo begun; sleep 60', { timeoutMs: 0 })).toMatchObject({
      kind: 'ended',
      stopped: 'timed-out',
      output: { status: 143, stdout: 'begun\n' },
    });
  });

  it('of an atomic script that takes too long only the program that hangs is ended: the script cleans up', async () => {
    const one = scene();
    const note = (word: string): readonly string[] => [
      '/bin/sh',
      '-c',
      'echo "$1" >>"$2"',
      'sh',
      word,
      join(one.directory, 'notes'),
    ];
    const actions: readonly ExecAction[] = [
      { kind: 'exec', argv: note('mounted'), atEnd: [note('unmounted')] },
      { kind: 'exec', argv: ['sleep', '60'], onFailure: [note('put back')] },
      { kind: 'exec', argv: note('never') },
    ];
    const ending = await one.carryOut(compile(actions).script, { mayEnd: false, timeoutMs: 0 });
    expect(ending).toMatchObject({
      kind: 'ended',
      stopped: 'timed-out',
      output: { status: 70, stderr: expect.stringContaining('plimsoll-failed-action 2') },
    });
    expect(one.read('notes')).toBe('mounted\nput back\nunmounted\n');
  });

  it('an atomic script that is gone after it was told to end has not failed for certain', async () => {
    const one = scene((when, sent, self) => {
      if (when === 'after' && sent === 'end')
        process.kill(-statusOf(join(self.directory, 'state'), 'test', work.name)[0], 'SIGKILL');
    });
    expect(await one.carryOut(`trap '' TERM; while :; do sleep 0.1; done`, { mayEnd: false, timeoutMs: 0 })).toEqual({
      kind: 'cut',
    });
  });
});

describe.concurrent('what an earlier part has begun, or has not', () => {
  it('never arrived, which is certain only with the lock', async () => {
    const one = scene();
    mkdirSync(join(one.directory, 'state'), { mode: 0o700 });
    writeFileSync(join(one.directory, 'state', 'lock'), '');
    const earlier = linkWith({
      transport: one.wire,
      target: testTarget({ stateDirectory: join(one.directory, 'state') }),
    });
    await earlier.lock({ holder, waitMs: 0 });
    const taken = one.takeUp();
    await eventually(() => {
      expect(one.sent.length).toBeGreaterThan(1);
    });
    // It was on its way all the time.
    await earlier.run(startWork(work, '{}', 'echo late'));
    expect(await taken).toMatchObject({ kind: 'ended', output: { status: 0, stdout: 'late\n' } });
    await earlier.close();
  });

  it('never arrived, and nothing is on its way', async () => {
    const one = scene();
    mkdirSync(join(one.directory, 'state'), { mode: 0o700 });
    writeFileSync(join(one.directory, 'state', 'lock'), '');
    expect(await one.takeUp()).toEqual({ kind: 'none' });
  });

  it('is not known where there are no records of anything', async () => {
    expect(await scene().takeUp()).toEqual({ kind: 'cut' });
  });

  it('was killed', async () => {
    const one = scene((when, sent, self) => {
      if (when !== 'after' || sent !== 'look') return;
      try {
        process.kill(-statusOf(join(self.directory, 'state'), 'test', work.name)[0], 'SIGKILL');
      } catch {
        // It has not begun yet, or is gone already: what is asked next tells.
      }
    });
    expect(await one.carryOut(`echo one; ${untilGo}`)).toEqual({ kind: 'cut' });
  });
});
