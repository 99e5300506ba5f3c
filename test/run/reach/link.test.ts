import { afterAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import type { Link, LinkOptions } from '../../../src/run/reach/link.ts';
import type { CommandHandler } from '../../../src/transport/local/memory.ts';
import { createMemoryTransport } from '../../../src/transport/local/memory.ts';
import { type Command, type LockHolder, ShellEnded } from '../../../src/transport/transport.ts';
import { errorOf, holder, linkWith } from '../links.ts';
import { Wire, type WireHooks } from '../wire.ts';
import { eventually } from '../../support/eventually.ts';

const host = 'web-1';
const read: Command = { script: 'read', repeatable: true };
const effect: Command = { script: 'effect' };
const other: LockHolder = { run: 'other', by: 'eve@laptop', reason: 'apply q', since: '2026-11-20T00:00:00.000Z' };

interface Linked {
  readonly link: Link;
  readonly wire: Wire;
  readonly waiting: readonly string[];
}

const links: Link[] = [];
afterAll(async () => {
  await Promise.all(links.map((link) => link.close()));
});

function linked({
  handler = () => ({ stdout: 'answer' }),
  hooks = {},
  ...more
}: { readonly handler?: CommandHandler; readonly hooks?: WireHooks } & Partial<LinkOptions> = {}): Linked {
  const wire = new Wire(createMemoryTransport({ hosts: { [host]: handler } }), hooks);
  const waiting: string[] = [];
  const link = linkWith({ transport: wire, onWaiting: (reason) => waiting.push(reason), reconnectMs: 20_000, ...more });
  links.push(link);
  return { link, wire, waiting };
}

/** Cuts the connection the first so many times that something is answered. */
function cutting(times: number): { readonly hooks: WireHooks; readonly to: (wire: Wire) => void } {
  let left = times;
  let target: Wire | undefined;
  const after = (): void => {
    if (left <= 0) return;
    left -= 1;
    target?.cut(host);
  };
  return {
    hooks: { after },
    to: (wire) => {
      target = wire;
    },
  };
}

describe.concurrent('a link', () => {
  it('connects when it is needed, once, however many ask', async () => {
    const { link, wire } = linked();
    expect(wire.connected).toBe(0);
    const outcomes = await Promise.all([link.run(read), link.run(effect), link.open(), link.run(read)]);
    expect(outcomes.flatMap((outcome) => (outcome === undefined ? [] : [outcome.stdout]))).toEqual([
      'answer',
      'answer',
      'answer',
    ]);
    expect({ connected: wire.connected, generation: link.generation }).toEqual({ connected: 1, generation: 1 });
  });

  it('that has begun nothing does not hide a loss, and is made again by whoever asks next', async () => {
    const cut = cutting(1);
    const { link, wire } = linked({ hooks: cut.hooks });
    cut.to(wire);
    expect(await errorOf(link.run(read))).toMatchObject({ code: 'connection-lost' });
    expect(await link.run(read)).toMatchObject({ stdout: 'answer' });
    expect({ connected: wire.connected, generation: link.generation }).toEqual({ connected: 2, generation: 2 });
  });

  it('that cannot be made says why, and can be tried again', async () => {
    const { link, wire } = linked();
    wire.refusals.push(new AppError('auth-failed', 'no'));
    expect(await errorOf(link.open())).toMatchObject({ code: 'auth-failed' });
    await link.open();
    expect(wire.connected).toBe(1);
  });

  it('asks again what only reads', async () => {
    const cut = cutting(1);
    const { link, wire, waiting } = linked({ hooks: cut.hooks });
    cut.to(wire);
    link.persist();
    expect(await link.run(read)).toMatchObject({ stdout: 'answer' });
    expect({ connected: wire.connected, waiting }).toEqual({
      connected: 2,
      waiting: ['connection lost, trying again'],
    });
  });

  it('says that a connection was lost also when nothing was asked over it', async () => {
    let ends = 1;
    const { link, waiting } = linked({
      handler: () => {
        ends -= 1;
        if (ends === 0) throw new AppError('connection-lost', 'cut');
        return { stdout: 'answer' };
      },
    });
    expect(await errorOf(link.run(effect))).toMatchObject({ code: 'connection-lost' });
    expect(await link.run(effect)).toMatchObject({ stdout: 'answer' });
    expect(waiting).toEqual(['connection lost, trying again']);
  });

  it('is given up when the shell of the host ends by itself three times in a row', async () => {
    const { link, wire } = linked({
      handler: () => {
        throw new ShellEnded('the remote shell ended with status 0');
      },
    });
    link.persist();
    const error = await errorOf(link.run(read));
    expect(error).toMatchObject({
      code: 'connection-lost',
      message: "the host's shell has ended 3 times in a row, each time within 10 s: it is not connected to again",
      hint: expect.stringContaining('what the login does'),
    });
    expect(await errorOf(link.run(effect))).toMatchObject({ message: error.message });
    expect(await errorOf(link.lock({ holder, waitMs: 0 }))).toMatchObject({ message: error.message });
    expect(wire.connected).toBe(3);
  });

  it('is not given up for two ends of the shell, nor for three with a lost connection between them', async () => {
    const ends = [
      new ShellEnded('0'),
      new ShellEnded('0'),
      new AppError('connection-lost', 'cut'),
      new ShellEnded('0'),
      new ShellEnded('0'),
    ];
    const { link, wire } = linked({
      handler: () => {
        const end = ends.shift();
        if (end !== undefined) throw end;
        return { stdout: 'answer' };
      },
    });
    link.persist();
    expect(await link.run(read)).toMatchObject({ stdout: 'answer' });
    expect(wire.connected).toBe(6);
  });

  it('never sends an effect again', async () => {
    const cut = cutting(1);
    const sent: string[] = [];
    const { link, wire } = linked({
      hooks: cut.hooks,
      handler: ({ script }) => {
        sent.push(script);
        return {};
      },
    });
    cut.to(wire);
    link.persist();
    expect(await errorOf(link.run(effect))).toMatchObject({ code: 'connection-lost' });
    expect(sent).toEqual(['effect']);
  });

  it('is made again once for all that have lost it', async () => {
    const cut = cutting(1);
    const { link, wire } = linked({ hooks: cut.hooks });
    cut.to(wire);
    link.persist();
    const outcomes = await Promise.all(Array.from({ length: 9 }, () => link.run(read)));
    expect(outcomes.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 9 }, () => 'answer'));
    expect(wire.connected).toBe(2);
  });

  it('is made again patiently when it was lost while nobody asked', async () => {
    const { link, wire, waiting } = linked();
    link.persist();
    await link.open();
    wire.cut(host);
    wire.refusals.push(new AppError('connection-refused', 'it restarts'));
    expect(await link.run(read)).toMatchObject({ stdout: 'answer' });
    expect({ connected: wire.connected, waiting }).toEqual({
      connected: 2,
      waiting: ['connection lost, trying again', 'the connection was lost; trying again: it restarts'],
    });
  });

  it.each(['unreachable', 'connection-refused', 'connection-lost', 'timed-out'] as const)(
    'tries again after "%s"',
    async (code) => {
      const { link, wire } = linked();
      link.persist();
      await link.open();
      wire.cut(host);
      wire.refusals.push(new AppError(code, 'passing'));
      expect(await link.run(read)).toMatchObject({ stdout: 'answer' });
    },
  );

  it.each([
    'auth-failed',
    'host-key-changed',
    'host-key-unknown',
    'privilege-denied',
    'privilege-password',
    'missing-tool',
    'internal',
  ] as const)('does not try again after "%s"', async (code) => {
    const { link, wire, waiting } = linked();
    link.persist();
    await link.open();
    wire.cut(host);
    wire.refusals.push(new AppError(code, 'for good'));
    expect(await errorOf(link.run(read))).toMatchObject({ code });
    expect({ connected: wire.connected, waiting }).toEqual({
      connected: 1,
      waiting: ['connection lost, trying again'],
    });
  });

  it('gives up after a while, with what it met last, and says what goes on', async () => {
    const { link, wire } = linked({ reconnectMs: 0 });
    link.persist();
    await link.open();
    wire.away.add(host);
    wire.cut(host);
    expect(await errorOf(link.run(read))).toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('could not be made again within 0 s: web-1 is away'),
      hint: expect.stringContaining('plimsoll resume'),
    });
    wire.away.delete(host);
    expect(await link.run(read)).toMatchObject({ stdout: 'answer' });
  });

  it('does not go round for ever when it is lost again over the same question', async () => {
    const { link, wire } = linked({
      reconnectMs: 500,
      handler: () => {
        throw new AppError('connection-lost', 'the shell has ended');
      },
    });
    link.persist();
    expect(await errorOf(link.run(read))).toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('the shell has ended'),
    });
    expect(wire.connected).toBeLessThan(5);
  });

  it('is not made again for what has been interrupted, and is for what has not', async () => {
    const [stop, detach] = [new AbortController(), new AbortController()];
    const { link, wire } = linked({ signal: stop.signal });
    link.persist();
    await link.open();
    stop.abort();
    wire.cut(host);
    expect(await link.run(read, { signal: detach.signal })).toMatchObject({ stdout: 'answer' });
    wire.cut(host);
    expect(await errorOf(link.run(read))).toMatchObject({ code: 'connection-lost' });
    detach.abort();
    await expect(link.run(read, { signal: detach.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(wire.connected).toBe(2);
  });

  it('waits for nothing once it has been interrupted', async () => {
    const stop = new AbortController();
    const { link, wire } = linked({
      signal: stop.signal,
      onWaiting: () => {
        stop.abort();
      },
    });
    link.persist();
    await link.open();
    wire.away.add(host);
    wire.cut(host);
    await expect(link.run(read)).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe.concurrent('the lock', () => {
  it('is taken once for each connection', async () => {
    const { link, wire } = linked();
    const second = linkWith({ transport: wire });
    links.push(second);
    await link.lock({ holder, waitMs: 0 });
    await link.lock({ holder, waitMs: 0 });
    expect(await errorOf(second.lock({ holder: other, waitMs: 0 }))).toMatchObject({
      code: 'locked',
      message: 'another run has the host: run test, by tester@here since 2026-11-20T00:00:00.000Z: apply p',
      hint: expect.stringContaining('plimsoll resume test'),
    });
    link.persist();
    const before = wire.connected;
    wire.cut(host);
    // That the connection is gone is known a turn later.
    await expect
      .poll(async () => {
        await link.lock({ holder, waitMs: 0 });
        return wire.connected;
      })
      .toBeGreaterThan(before);
    expect(await errorOf(second.lock({ holder: other, waitMs: 0 }))).toMatchObject({ code: 'locked' });
  });

  it('goes with the link, and can be let go of before', async () => {
    const { link, wire } = linked();
    const second = linkWith({ transport: wire });
    links.push(second);
    await link.lock({ holder, waitMs: 0 });
    await link.unlock();
    await second.lock({ holder: other, waitMs: 0 });
    await second.close();
    await link.lock({ holder, waitMs: 0 });
    await link.close();
    await second.lock({ holder: other, waitMs: 0 });
  });

  it('of another run is waited for as long as the operator says', async () => {
    const { link, wire, waiting } = linked();
    const second = linkWith({ transport: wire });
    links.push(second);
    await second.lock({ holder: other, waitMs: 0 });
    const taken = link.lock({ holder, waitMs: 60_000 });
    await eventually(() => {
      expect(waiting).toEqual([
        'waiting for the lock: run other, by eve@laptop since 2026-11-20T00:00:00.000Z: apply q',
      ]);
    });
    await second.close();
    await taken;
    expect(waiting).toHaveLength(1);
  });

  it('that this run has left behind is waited for, and not for ever once there is no need', async () => {
    const { link, wire, waiting } = linked();
    const left = linkWith({ transport: wire });
    links.push(left);
    await left.lock({ holder, waitMs: 0 });
    let needed = true;
    const given = link.lock({ holder, waitMs: 0 }, () => Promise.resolve(!needed));
    await eventually(() => {
      expect(waiting).toEqual(['waiting for what this run has left on the host to end']);
    });
    needed = false;
    await given;
    const taken = link.lock({ holder, waitMs: 0 });
    await left.close();
    await taken;
  });

  it('is not waited for by whoever has been interrupted', async () => {
    const stop = new AbortController();
    const { link, wire } = linked({
      signal: stop.signal,
      onWaiting: () => {
        stop.abort();
      },
    });
    const second = linkWith({ transport: wire });
    links.push(second);
    await second.lock({ holder: other, waitMs: 0 });
    await expect(link.lock({ holder, waitMs: 60_000 })).rejects.toMatchObject({ name: 'AbortError' });
  });
});
