import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { createMemoryTransport, type MemoryHost } from '../../../src/transport/local/memory.ts';
import type { Connection } from '../../../src/transport/transport.ts';
import { never, testTarget } from '../../support/target.ts';
import { describeTransport } from '../conformance.ts';
import { ada, bob, whenFree } from '../lock-conformance.ts';

describeTransport('the memory transport with /bin/sh', () => {
  const transport = createMemoryTransport({ hosts: { 'web-1': { shell: ['/bin/sh', '-c'] } } });
  return Promise.resolve({
    connect: (overrides) => transport.connect(testTarget(overrides), never),
    stop: () => transport.close(),
  });
});

function connect(host: MemoryHost): Promise<Connection> {
  return createMemoryTransport({ hosts: { 'web-1': host } }).connect(testTarget({ become: 'sudo' }), never);
}

describe('a scripted host', () => {
  it('answers what its handler says, in order, and succeeds silently otherwise', async () => {
    const scripts: string[] = [];
    const connection = await connect(async ({ script, args = [] }) => {
      await new Promise((resolve) => {
        setTimeout(resolve, script === 'first' ? 20 : 0);
      });
      scripts.push(script);
      return script === 'first' ? { status: 2, stdout: args.join('+') } : {};
    });
    expect(
      await Promise.all([connection.run({ script: 'first', args: ['a', 'b'] }), connection.run({ script: 'second' })]),
    ).toEqual([
      { status: 2, stdout: 'a+b', stderr: '', droppedBytes: 0 },
      { status: 0, stdout: '', stderr: '', droppedBytes: 0 },
    ]);
    expect(scripts).toEqual(['first', 'second']);
    expect(connection.info.runsAs).toBe('root');
  });

  it('goes on after an error of its handler, unless the connection was lost', async () => {
    const connection = await connect(({ script }) => {
      if (script === 'late') throw new AppError('timed-out', 'late');
      if (script === 'lost') throw new AppError('connection-lost', 'lost');
      return { stdout: script };
    });
    await expect(connection.run({ script: 'late' })).rejects.toMatchObject({ code: 'timed-out' });
    expect((await connection.run({ script: 'next' })).stdout).toBe('next');
    await expect(connection.run({ script: 'lost' })).rejects.toMatchObject({ code: 'connection-lost' });
    await expect(connection.run({ script: 'next' })).rejects.toMatchObject({ code: 'connection-lost' });
    expect(await connection.closed).toMatchObject({ code: 'connection-lost' });
  });

  it('is bound by time-outs and signals', async () => {
    const connection = await connect(() => new Promise(() => undefined));
    await expect(connection.run({ script: 'hang', timeoutMs: 10 })).rejects.toMatchObject({ code: 'timed-out' });
    const controller = new AbortController();
    const run = connection.run({ script: 'hang' }, { signal: controller.signal });
    setImmediate(() => {
      controller.abort();
    });
    await expect(run).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('takes the input of a stream as standard input, and gives its output', async () => {
    const connection = await connect(({ stdin = '' }) => ({ stdout: stdin.toUpperCase() }));
    const output = new PassThrough();
    const received = text(output);
    expect(await connection.stream({ script: 'up' }, { input: Readable.from(['a', 'b']), output })).toMatchObject({
      stdout: '',
    });
    expect(await received).toBe('AB');
  });

  it('has one lock for all its connections, which commands that run keep', async () => {
    let end: () => void = () => undefined;
    const transport = createMemoryTransport({
      hosts: {
        'web-1': () =>
          new Promise((resolve) => {
            end = () => {
              resolve({});
            };
          }),
        'web-2': () => ({}),
      },
    });
    const [first, second, elsewhere] = await Promise.all(
      ['web-1', 'web-1', 'web-2'].map((name) => transport.connect(testTarget({ name }), never)),
    );
    if (first === undefined || second === undefined || elsewhere === undefined) throw new Error('there are three');
    expect(await first.lock(ada)).toEqual({ held: true });
    expect(await first.lock(ada)).toEqual({ held: true });
    expect(await second.lock(bob)).toEqual({ held: false, holder: ada });
    expect(await elsewhere.lock(bob)).toEqual({ held: true });
    await second.unlock();
    await first.unlock();
    expect(await second.lock(bob)).toEqual({ held: true });
    const run = second.run({ script: 'hang' }).catch((error: unknown) => error);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    await second.close();
    expect(await first.lock(ada)).toEqual({ held: false, holder: bob });
    end();
    await run;
    await whenFree(first);
    await expect(second.lock(bob)).rejects.toMatchObject({ code: 'connection-lost' });
    await expect(elsewhere.lock(bob, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('can be out of reach', async () => {
    await expect(connect({ connectError: new AppError('auth-failed', 'no') })).rejects.toMatchObject({
      code: 'auth-failed',
    });
    await expect(createMemoryTransport({ hosts: {} }).connect(testTarget(), never)).rejects.toMatchObject({
      code: 'unreachable',
    });
    await expect(
      createMemoryTransport({ hosts: { 'web-1': () => ({}) } }).connect(testTarget(), AbortSignal.abort()),
    ).rejects.toMatchObject({ code: 'interrupted' });
  });
});
