import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { type Destination, type Origin, transfer } from '../../src/run/transfer.ts';

const expected = { sha256: 'f'.repeat(64), bytes: 5 };
const lost = new AppError('connection-lost', 'a channel could not be opened');

function destination(receive: Destination['receive'], kept: boolean[] = []): Destination {
  return { arrived: () => Promise.resolve(0), receive, keep: () => Promise.resolve(kept.push(true) > 0) };
}

describe('a file from one end to the other', () => {
  it('an end that fails before the other one has begun to listen fails the transfer, and nothing else', async () => {
    const uncaught: unknown[] = [];
    const hear = (error: unknown): void => { uncaught.push(error); };
    process.on('uncaughtException', hear);
    const origin: Origin = { send: () => Promise.reject(lost) };
    const late = destination(async (_at, input) => {
      await new Promise((resolve) => { setTimeout(resolve, 20); });
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
    await transfer(origin, destination(async (_at, input) => { arrived.push(await text(input)); }, kept), expected, (bytes) => progress.push(bytes));
    expect({ arrived, progress, kept }).toEqual({ arrived: ['hello'], progress: [5], kept: [true] });
  });
});
