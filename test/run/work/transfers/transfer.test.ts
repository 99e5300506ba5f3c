import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/errors.ts';
import { type TransferEnd, type Origin, transfer } from '../../../../src/run/work/transfers/transfer.ts';

const expected = { sha256: 'f'.repeat(64), bytes: 5 };
const lost = new AppError('connection-lost', 'a channel could not be opened');

function destination(receive: TransferEnd['receive'], kept: boolean[] = []): TransferEnd {
  return {
    arrived: () => Promise.resolve(0),
    receive,
    keep: () => Promise.resolve(kept.push(true) > 0),
    discard: () => Promise.resolve(),
  };
}

describe('a file from one end to the other', () => {
  it('an end that fails before the other one has begun to listen fails the transfer, and nothing else', async () => {
    const uncaught: unknown[] = [];
    const hear = (error: unknown): void => {
      uncaught.push(error);
    };
    process.on('uncaughtException', hear);
    const origin: Origin = { send: () => Promise.reject(lost) };
    const late = destination(async (_at, input) => {
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
      await text(input);
    });
    await expect(transfer(origin, late, expected, () => undefined)).rejects.toBe(lost);
    process.off('uncaughtException', hear);
    expect(uncaught).toEqual([]);
  });

  it('says how many bytes have arrived, and keeps what it was', async () => {
    const progress: number[] = [];
    const kept: boolean[] = [];
    const origin: Origin = {
      send: (_at, output) => {
        output.end('hello');
        return Promise.resolve();
      },
    };
    const arrived: string[] = [];
    await transfer(
      origin,
      destination(async (_at, input) => {
        arrived.push(await text(input));
      }, kept),
      expected,
      (bytes) => progress.push(bytes),
    );
    expect({ arrived, progress, kept }).toEqual({ arrived: ['hello'], progress: [5], kept: [true] });
  });

  it('ends where it is to end, however much is sent, and removes what has arrived', async () => {
    const thrown: string[] = [];
    let sent = 0;
    const endless: Origin = {
      send: (_at, output) =>
        pipeline(
          new Readable({
            read() {
              sent += 65_536;
              this.push(Buffer.alloc(65_536));
            },
          }),
          output,
        ),
    };
    const discarded: true[] = [];
    const there: TransferEnd = {
      ...destination(async (_at, input) => {
        await text(input);
      }),
      discard: () => Promise.resolve(discarded.push(true)).then(() => undefined),
    };
    await transfer(endless, there, { sha256: 'f'.repeat(64), bytes: 100_000 }, () => undefined).catch(
      (error: unknown) => thrown.push(String(error)),
    );
    expect({ thrown, discarded, boundedBy: sent < 10_000_000 }).toEqual({
      thrown: [expect.stringContaining('more arrives than the 100000 bytes')],
      discarded: [true],
      boundedBy: true,
    });
  });
});
