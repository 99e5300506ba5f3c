import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordNote } from '../../src/operations/engine/change.ts';
import { VersionRecords } from '../../src/records/records.ts';
import type { Claimant } from '../../src/run/journal/records.ts';
import type { StoresUnderTest } from './conformance.ts';

const never = new AbortController().signal;
const ann: Claimant = { run: 'run-a', who: 'ann@laptop', at: '2026-11-20T10:00:00.000Z' };
const bob: Claimant = { run: 'run-b', who: 'bob@desk', at: '2026-11-20T11:00:00.000Z' };

/** What holds of scaled volumes in every record store. */
export function scaledConformance(
  name: string,
  open: () => Promise<StoresUnderTest>,
  close: () => Promise<void> = () => Promise.resolve(),
): void {
  describe(`scaled volumes in ${name}`, () => {
    let one: VersionRecords;
    let other: VersionRecords;
    beforeAll(async () => {
      const stores = await open();
      [one, other] = [new VersionRecords(stores.one), new VersionRecords(stores.other)];
    });
    afterAll(close);
    const fresh = (): string => `elk_${randomBytes(6).toString('hex')}`;
    const note = (set: string, index: number, scale: number): RecordNote => ({
      kind: 'scaled',
      name: set,
      version: index,
      scale,
      spec: { name: `${set}-${String(index)}`, sizeBytes: 4096 },
    });
    const shown = async (set: string): Promise<readonly string[]> =>
      (await other.scaled(set, never)).instances.map(
        ({ index, host, state, run }) => `${String(index)} ${host} ${state} ${run}`,
      );

    it('an instance is pending when it is claimed, and there when it is made', async () => {
      const set = fresh();
      const claim = await one.claim('h1', note(set, 1, 2), ann, never);
      expect(await shown(set)).toEqual(['1 h1 pending run-a']);
      await one.settle('h1', claim, 'current', ann, never);
      await one.settle('h1', claim, 'current', ann, never);
      expect(await other.scaled(set, never)).toMatchObject({
        v: 1,
        scale: 2,
        next: 2,
        instances: [
          {
            index: 1,
            host: 'h1',
            state: 'current',
            volume: `${set}-1`,
            sizeBytes: 4096,
            who: 'ann@laptop',
            at: ann.at,
          },
        ],
      });
    });

    it('of many hosts that claim at one moment, from two processes, exactly as many have one as its scale says', async () => {
      const set = fresh();
      const hosts = Array.from({ length: 12 }, (_, index) => `h${String(index)}`);
      const claims = await Promise.allSettled(
        hosts.map((host, index) =>
          (index % 2 === 0 ? one : other).claim(host, note(set, index + 1, 3), index % 2 === 0 ? ann : bob, never),
        ),
      );
      expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
      for (const claim of claims)
        if (claim.status === 'rejected')
          expect(claim.reason).toMatchObject({
            code: 'refused',
            message: expect.stringContaining(`3 of 3 instances of ${set} exist by now`),
          });
      expect(await shown(set)).toHaveLength(3);
    });

    it('one number goes to one host only: the second is told who was first', async () => {
      const set = fresh();
      const claims = await Promise.allSettled([
        one.claim('h1', note(set, 1, 9), ann, never),
        other.claim('h2', note(set, 1, 9), bob, never),
      ]);
      expect(claims.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(claims.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'refused', message: expect.stringMatching(/has been taken meanwhile by h\d \(run run-/) },
      });
    });

    it('what a host has claimed is its own, also for another run, and is given up only by the run that has it', async () => {
      const set = fresh();
      const first = await one.claim('h1', note(set, 1, 1), ann, never);
      expect(await other.claim('h1', note(set, 1, 1), bob, never)).toEqual(first);
      expect(await shown(set)).toEqual(['1 h1 pending run-b']);
      await one.settle('h1', first, 'abandoned', ann, never);
      expect(await shown(set)).toEqual(['1 h1 pending run-b']);
      await expect(one.claim('h1', note(set, 2, 9), ann, never)).rejects.toMatchObject({ code: 'records-conflict' });
      await other.settle('h1', first, 'abandoned', bob, never);
      expect(await shown(set)).toEqual([]);
    });

    it('fewer than there are removes nothing, and what is removed makes room without its number being used again', async () => {
      const set = fresh();
      for (const index of [1, 2, 3])
        await one.settle(
          `h${String(index)}`,
          await one.claim(`h${String(index)}`, note(set, index, 3), ann, never),
          'current',
          ann,
          never,
        );
      await expect(one.claim('h4', note(set, 4, 2), bob, never)).rejects.toMatchObject({ code: 'refused' });
      expect(await shown(set)).toHaveLength(3);
      const removing: RecordNote = { kind: 'scaled', name: set, version: 3, removes: true, spec: {} };
      await other.settle('h3', await other.claim('h3', removing, bob, never), 'removed', bob, never);
      expect(await other.scaled(set, never)).toMatchObject({ next: 4, scale: 3 });
      await one.claim('h4', note(set, 4, 3), bob, never);
      expect(await shown(set)).toEqual(['1 h1 current run-a', '2 h2 current run-a', '4 h4 pending run-b']);
    });

    it('what a run has claimed and never begun is given up; nothing of them shows among the versions', async () => {
      const set = fresh();
      await one.claim('h1', note(set, 1, 3), ann, never);
      await one.claim('h2', note(set, 2, 3), ann, never);
      await one.claim('h3', note(set, 3, 3), bob, never);
      expect(
        await other.scaledVolumes.giveUp('run-a', ({ host, name: its }) => its === set && host === 'h2', never),
      ).toBeGreaterThanOrEqual(1);
      expect(await shown(set)).toEqual(['2 h2 pending run-a', '3 h3 pending run-b']);
      expect((await one.all(undefined, never)).filter(({ name: its }) => its === set)).toEqual([]);
      expect((await one.scaledVolumes.all(never)).map((record) => record.name)).toContain(set);
    });
  });
}
