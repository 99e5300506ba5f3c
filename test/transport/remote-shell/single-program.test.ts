import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runSingleProgram } from '../../../src/transport/remote-shell/single-program.ts';
import type { ShellChannel } from '../../../src/transport/remote-shell/shell-channel.ts';

const nonce = '0123456789abcdef';

/** What a channel of ssh2 is: destroyed, it is only closed, and whoever waits for that has to read all of it. */
class LikeSsh2 extends Duplex {
  override _read(): void {
    // What arrives is pushed.
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  override destroy(): this {
    this.end();
    this.push(null);
    return this;
  }
}

/** A program that has said its process group, and printed more than is read at once, before anybody listens. */
function printed(bytes: number): { readonly channel: ShellChannel; readonly ended: () => boolean } {
  const stdout = new LikeSsh2();
  const stderr = new PassThrough();
  stdout.push(Buffer.alloc(bytes));
  stderr.end(`\u0001${nonce} start 17\n`);
  let over = false;
  const ended = new Promise<{ readonly status: number }>((resolve) => {
    stdout.once('end', () => {
      over = true;
      resolve({ status: 0 });
    });
  });
  return {
    channel: {
      stdin: new PassThrough().resume(),
      stdout,
      stderr,
      ended,
      destroy: () => {
        stdout.resume();
        stdout.destroy();
      },
    },
    ended: () => over,
  };
}

async function failing(output: PassThrough, channel: ShellChannel): Promise<unknown> {
  const groups: number[] = [];
  const outcome = runSingleProgram(
    channel,
    { script: 'cat large' },
    { output },
    {
      host: 'db1',
      nonce,
      commandTimeoutMs: 600_000,
      stateDirectory: '/var/lib/plimsoll',
      reportMs: 1000,
      endGroup: (group) => {
        groups.push(group);
        return Promise.resolve(true);
      },
    },
  );
  return [await outcome.catch((thrown: unknown) => thrown), groups];
}

const noRoom = [expect.objectContaining({ code: 'action-failed', message: expect.stringContaining('output') }), [17]];

describe('a program whose output cannot be written', () => {
  it('is ended at once when that is known before it begins, although what it has printed is read by nobody', async () => {
    const output = new PassThrough();
    const gone = new Promise((resolve) => output.once('close', resolve));
    output.on('error', () => undefined).destroy(new Error('no room'));
    await gone;
    const { channel, ended } = printed(300_000);
    expect(await failing(output, channel)).toEqual(noRoom);
    expect(ended()).toBe(true);
  });

  it.each([new Error('no room'), undefined])('is ended when that shows later (%s)', async (error) => {
    const output = new PassThrough();
    output.on('error', () => undefined);
    const { channel, ended } = printed(300_000);
    setTimeout(() => output.destroy(error), 50);
    expect(await failing(output, channel)).toEqual(noRoom);
    expect(ended()).toBe(true);
  });
});
