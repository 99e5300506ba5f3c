import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/records/store.ts';

const never = new AbortController().signal;

/** Two processes that use one store: two objects that share nothing. */
export interface StoresUnderTest {
  readonly one: Store;
  readonly other: Store;
}

/** What every record store must do. */
export function storeConformance(
  name: string,
  open: () => Promise<StoresUnderTest>,
  close: () => Promise<void> = () => Promise.resolve(),
): void {
  describe(`${name} as a store of records`, () => {
    let stores: StoresUnderTest;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(close);
    const fresh = (): string => `plimsoll/h/container/${randomBytes(6).toString('hex')}/`;

    it('has nothing under a key that nobody has written', async () => {
      const key = `${fresh()}00000001`;
      expect(await stores.one.get(key, never)).toBeUndefined();
      expect(await stores.one.list(key, never)).toEqual([]);
    });

    it('what one has created the other reads, and cannot create again', async () => {
      const key = `${fresh()}00000001`;
      const value = { text: 'ä\n"\\\u2028', none: null, list: [1, { deep: true }] };
      expect(await stores.one.createIfAbsent(key, value, never)).toBe(true);
      expect(await stores.other.createIfAbsent(key, { mine: true }, never)).toBe(false);
      expect(await stores.other.get(key, never)).toMatchObject({ key, value });
    });

    it('a swap wins with the revision that is there, and loses with an older one', async () => {
      const key = `${fresh()}00000001`;
      await stores.one.createIfAbsent(key, { is: 1 }, never);
      const first = await stores.one.get(key, never);
      expect(await stores.one.compareAndSwap(key, first?.revision ?? '', { is: 2 }, never)).toBe(true);
      expect(await stores.other.compareAndSwap(key, first?.revision ?? '', { is: 3 }, never)).toBe(false);
      const second = await stores.other.get(key, never);
      expect(second?.value).toEqual({ is: 2 });
      expect(second?.revision).not.toBe(first?.revision);
      expect(await stores.other.compareAndSwap(key, second?.revision ?? '', { is: 1 }, never)).toBe(true);
      // The first value again is not the first revision again.
      expect(await stores.one.compareAndSwap(key, first?.revision ?? '', { is: 4 }, never)).toBe(false);
    });

    it('a swap of what is not there loses', async () => {
      expect(await stores.one.compareAndSwap(`${fresh()}00000001`, '1', { is: 1 }, never)).toBe(false);
    });

    it('of writers at the same time exactly one wins, with a new key and with an old one', async () => {
      const key = `${fresh()}00000001`;
      const writers = Array.from({ length: 12 }, (_, number) => ({
        number,
        store: number % 2 === 0 ? stores.one : stores.other,
      }));
      const created = await Promise.all(
        writers.map(async ({ number, store }) => ({ number, won: await store.createIfAbsent(key, { number }, never) })),
      );
      const winners = created.filter(({ won }) => won);
      expect(winners).toHaveLength(1);
      const there = await stores.one.get(key, never);
      expect(there?.value).toEqual({ number: winners[0]?.number });
      const swapped = await Promise.all(
        writers.map(({ number, store }) =>
          store.compareAndSwap(key, there?.revision ?? '', { swapped: number }, never),
        ),
      );
      expect(swapped.filter(Boolean)).toHaveLength(1);
      expect((await stores.other.get(key, never))?.value).toEqual({ swapped: swapped.indexOf(true) });
    });

    it('counters that race are never behind: no update is lost', async () => {
      const key = `${fresh()}00000001`;
      await stores.one.createIfAbsent(key, { count: 0 }, never);
      const increment = async (store: Store): Promise<void> => {
        for (;;) {
          const there = await store.get(key, never);
          if (
            there !== undefined &&
            (await store.compareAndSwap(key, there.revision, { count: Number(there.value['count']) + 1 }, never))
          )
            return;
        }
      };
      await Promise.all(
        Array.from({ length: 10 }, (_, number) => increment(number % 2 === 0 ? stores.one : stores.other)),
      );
      expect((await stores.one.get(key, never))?.value).toEqual({ count: 10 });
    });

    it('lists what begins so, in the order of the keys, each with its newest value, in more than one page', async () => {
      const prefix = fresh();
      const keys = Array.from({ length: 230 }, (_, number) => `${prefix}${String(number).padStart(8, '0')}`);
      for (const key of [...keys].reverse()) expect(await stores.one.createIfAbsent(key, { key }, never)).toBe(true);
      await stores.one.createIfAbsent(`${prefix.slice(0, -1)}0/00000001`, { another: true }, never);
      const third = await stores.other.get(keys[3] ?? '', never);
      await stores.other.compareAndSwap(keys[3] ?? '', third?.revision ?? '', { key: 'newer' }, never);
      const listed = await stores.other.list(prefix, never);
      expect(listed.map(({ key }) => key)).toEqual(keys);
      expect(listed[3]?.value).toEqual({ key: 'newer' });
      expect(listed[229]?.value).toEqual({ key: keys[229] });
    });

    it('lists of all below one segment what goes on in the same way, and nothing that only looks alike', async () => {
      const top = `plimsoll/t-${randomBytes(6).toString('hex')}/`;
      const keys = ['a-b/volume/data/1', 'a/volume/data/1', 'a/volume/data/2', 'b/volume/data/1'];
      for (const rest of [...keys, 'a/volume/data-2/1', 'a/container/data/1', 'b/x/volume/data/1', 'c'])
        expect(await stores.one.createIfAbsent(`${top}${rest}`, { rest }, never)).toBe(true);
      const first = await stores.other.get(`${top}${keys[0] ?? ''}`, never);
      await stores.other.compareAndSwap(first?.key ?? '', first?.revision ?? '', { rest: 'newer' }, never);
      const listed = await stores.other.listEach(top, '/volume/data/', never);
      expect(listed.map(({ key }) => key)).toEqual(keys.map((rest) => `${top}${rest}`));
      expect(listed[0]?.value).toEqual({ rest: 'newer' });
      expect(await stores.one.listEach(`${top}nothing/`, '/volume/data/', never)).toEqual([]);
    });

    it('keeps a specification of 300 kB, and refuses one that is too large', async () => {
      const prefix = fresh();
      const value = { text: 'x'.repeat(300_000) };
      expect(await stores.one.createIfAbsent(`${prefix}00000001`, value, never)).toBe(true);
      expect((await stores.other.get(`${prefix}00000001`, never))?.value).toEqual(value);
      await expect(
        stores.one.createIfAbsent(`${prefix}00000002`, { text: 'x'.repeat(600_000) }, never),
      ).rejects.toMatchObject({ code: 'refused' });
    });

    it('says that it can be used, and stops when it is told to', async () => {
      await stores.one.check(never);
      await expect(stores.one.get('plimsoll/x', AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    });
  });
}
