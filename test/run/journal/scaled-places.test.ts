import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import type { ScaledInstance } from '../../../src/facts/volumes/scaled-set.ts';
import type { Records } from '../../../src/run/journal/records.ts';
import { ScaledPlaces } from '../../../src/run/journal/scaled-places.ts';

const unasked = (): Promise<never> => Promise.reject(new Error('only the scaled volume may be asked for'));
const at = (index: number, host: string): ScaledInstance => ({ index, host, state: 'current', run: 'r' });

function places(instances: readonly ScaledInstance[], next: number, scaled?: Records['scaled']): ScaledPlaces {
  return new ScaledPlaces(
    { check: unasked, claim: unasked, settle: unasked, scaled: scaled ?? (() => Promise.resolve({ next, instances })) },
    new AbortController().signal,
  );
}

describe('what the hosts of one run are told of a scaled volume', () => {
  it('is another number for each, the same again when it is asked again, and none once there are enough', async () => {
    const run = places([at(1, 'h1')], 3);
    const offers = await Promise.all(['h2', 'h3', 'h4'].map((host) => run.setFor(host, ['elk', '3', '0'])));
    expect(offers.map(({ offered }) => offered)).toEqual([3, 4, undefined]);
    expect(offers[2]?.promised).toEqual([
      { host: 'h2', index: 3 },
      { host: 'h3', index: 4 },
    ]);
    expect((await run.setFor('h3', ['elk', '3', '0'])).offered).toBe(4);
    expect(await run.setFor('h1', ['elk', '3', '0'])).toEqual({
      host: 'h1',
      instances: [at(1, 'h1')],
      promised: offers[2]?.promised,
    });
  });

  it('is promised to nobody who only looks, and to a host of a saved plan what it had there', async () => {
    const run = places([], 1);
    expect(await run.setFor('h1', ['elk'])).toEqual({ host: 'h1', instances: [], promised: [] });
    expect((await run.setFor('h2', ['elk', '2', '0', '7'])).offered).toBe(7);
    expect((await run.setFor('h3', ['elk', '2', '0'])).offered).toBe(8);
  });

  it('is a number above all that were used on the host, and another one once somebody else has it', async () => {
    const instances: ScaledInstance[] = [];
    const run = places(instances, 1);
    expect((await run.setFor('h1', ['elk', '9', '4'])).offered).toBe(5);
    instances.push(at(5, 'elsewhere'));
    expect((await run.setFor('h1', ['elk', '9', '5'])).offered).toBe(6);
  });

  it('is not kept from a host by a promise that somebody else has taken', async () => {
    const instances: ScaledInstance[] = [];
    const run = places(instances, 1);
    for (const host of ['h1', 'h2', 'h3']) await run.setFor(host, ['elk', '3', '0']);
    instances.push(at(1, 'elsewhere'), at(2, 'h2'));
    expect(await run.setFor('h3', ['elk', '3', '0', '3'])).toEqual({ host: 'h3', instances, promised: [], offered: 3 });
  });

  it('is why, when the records are away, and nothing else may be the reason', async () => {
    const away = places([], 1, () =>
      Promise.reject(new AppError('records-unavailable', 'nobody answers', { hint: 'is etcd up?' })),
    );
    expect(await away.setFor('h1', ['elk', '1', '0'])).toEqual({
      host: 'h1',
      instances: [],
      promised: [],
      away: { reason: 'nobody answers', remedy: 'is etcd up?' },
    });
    await expect(
      places([], 1, () => Promise.reject(new Error('a bug'))).setFor('h1', ['elk', '1', '0']),
    ).rejects.toThrow('a bug');
  });
});
