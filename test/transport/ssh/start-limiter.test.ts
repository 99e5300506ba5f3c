import { describe, expect, it } from 'vitest';
import { StartLimiter, type StartResult } from '../../../src/transport/ssh/start-limiter.ts';
import { never } from '../../support/target.ts';

type Report = (result: StartResult) => void;

/** Asks for more than can be had, and gives what was had. */
async function takeAll(limiter: StartLimiter, signal = never): Promise<Report[]> {
  const reports: Report[] = [];
  for (let index = 0; index < 100; index += 1)
    limiter.acquire(signal).then(
      (report) => reports.push(report),
      () => undefined,
    );
  await settle();
  return reports;
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('the start limiter', () => {
  it('admits ten, and one more for each that succeeds', async () => {
    const reports = await takeAll(new StartLimiter({ initial: 10, maximum: 64 }));
    expect(reports).toHaveLength(10);
    for (const report of reports.splice(0)) report('succeeded');
    await settle();
    expect(reports).toHaveLength(20);
  });

  it('stops growing at its maximum', async () => {
    const limiter = new StartLimiter({ initial: 2, maximum: 3 });
    const reports = await takeAll(limiter);
    for (let round = 0; round < 5; round += 1) {
      for (const report of reports.splice(0)) report('succeeded');
      await settle();
    }
    expect(reports).toHaveLength(3);
  });

  it('halves once for all the drops of one burst, and again for the next', async () => {
    const limiter = new StartLimiter({ initial: 8, maximum: 64 });
    const reports = await takeAll(limiter);
    for (const report of reports.splice(0)) report('dropped');
    await settle();
    expect(reports).toHaveLength(4);
    for (const report of reports.splice(0)) report('dropped');
    await settle();
    expect(reports).toHaveLength(2);
  });

  it('always admits one', async () => {
    const limiter = new StartLimiter({ initial: 1, maximum: 64 });
    const reports = await takeAll(limiter);
    for (let round = 0; round < 5; round += 1) {
      expect(reports).toHaveLength(1);
      reports.shift()?.('dropped');
      await settle();
    }
  });

  it('lets go of those who no longer want to', async () => {
    const controller = new AbortController();
    const limiter = new StartLimiter({ initial: 1, maximum: 1 });
    const first = await limiter.acquire(never);
    const second = limiter.acquire(controller.signal);
    const third = limiter.acquire(never);
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'interrupted' });
    first('failed');
    expect(await third).toBeTypeOf('function');
  });
});
