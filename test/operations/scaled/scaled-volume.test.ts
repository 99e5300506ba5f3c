import { describe, expect, it } from 'vitest';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { deleteScaledVolume } from '../../../src/operations/scaled/delete-scaled-volume.ts';
import { scaledVolume } from '../../../src/operations/scaled/scaled-volume.ts';
import { planLawfully } from '../plan-lawfully.ts';
import { ids, MiB, quota, state, use, volume } from '../volumes/world.ts';
import type { ScaledWorld } from './world.ts';
import { instance, scaledWorld } from './world.ts';

const wanted = { name: 'elk', scale: 3, size: '40MiB' };

function plan(world: ScaledWorld = {}, more: object = {}): Planned {
  const want = scaledVolume.schema.parse({ ...wanted, ...more });
  const known = scaledWorld(world);
  expect(
    scaledVolume
      .needs(want, known)
      .filter((request) => !known.has(request))
      .map(({ key }) => key),
  ).toEqual([]);
  return planLawfully(scaledVolume, want, known);
}

const summary = (planned: Planned): string =>
  planned.outcome === 'change'
    ? planned.changes.map((change) => change.summary).join('; ')
    : `${planned.outcome}: ${planned.reason}`;
const at = (index: number, host: string, state: 'pending' | 'current' = 'current') =>
  ({ index, host, state, run: 'another' }) as const;

describe('scaled_volume', () => {
  it('makes the instance that the host is offered, labelled, with its quota in force, and claims it for the fleet', () => {
    const planned = plan(
      { set: { instances: [at(1, 'web-2')], promised: [{ host: 'web-3', index: 2 }], offered: 3 } },
      { labels: { tier: 'log' } },
    );
    expect(summary(planned)).toBe(
      'elk-3: a new volume of 40 MiB, with its quota in force (instance 3 of elk, of at most 3)',
    );
    const [change] = planned.outcome === 'change' ? planned.changes : [];
    expect(change?.records).toEqual([
      {
        kind: 'scaled',
        name: 'elk',
        version: 3,
        scale: 3,
        spec: {
          name: 'elk-3',
          driver: 'local',
          sizeBytes: 40 * MiB,
          labels: {
            tier: 'log',
            'plimsoll.scaled': 'elk',
            'plimsoll.index': '3',
            'plimsoll.operation': 'scaled_volume',
            'plimsoll.volume': 'elk-3',
          },
        },
      },
    ]);
    expect(change?.atomic).toBe(true);
    expect(JSON.stringify(change?.actions)).toContain('size=41943040');
  });

  it('has nothing to do where the host has its own, whatever the scale is by now', () => {
    expect(plan({ here: [7] }, { scale: 1 })).toEqual({
      outcome: 'noop',
      reason: "elk-7 is this host's instance of elk, of 40 MiB",
    });
    expect(plan({ here: [7], set: { instances: [], away: { reason: 'nobody answers', remedy: '' } } })).toMatchObject({
      outcome: 'noop',
      warnings: ['whether the records have elk-7 is not known: nobody answers'],
    });
    expect(plan({ here: [2] }, { size: '80MiB' })).toMatchObject({
      outcome: 'noop',
      warnings: [expect.stringContaining('elk-2 has 40 MiB, and new instances get 80 MiB: scale_volume')],
    });
  });

  it('goes on with what was cut: the number that the host has claimed, and the quota that is not in force', () => {
    expect(summary(plan({ set: { instances: [at(2, 'web-1', 'pending'), at(3, 'web-2'), at(4, 'web-3')] } }))).toMatch(
      /^elk-2: a new volume/,
    );
    const cut = state('elk-2', 40 * MiB, { quota: quota(0, { project: 0 }) });
    const planned = plan({ here: [2], states: { 2: cut } });
    expect(summary(planned)).toMatch(/^elk-2: put its quota in force of 40 MiB/);
    expect(JSON.stringify(planned)).not.toContain('"create"');
  });

  it('refuses one more than the scale, and says where the others are', () => {
    const instances = [at(1, 'web-2'), at(4, 'web-3', 'pending')];
    const { reason, remedy } = plan({ set: { instances, promised: [{ host: 'web-4', index: 5 }] } }) as Extract<
      Planned,
      { outcome: 'refused' }
    >;
    expect(reason).toBe(
      '3 of 3 instances of elk exist: elk-1 on web-2, elk-4 on web-3 (being made by run another), elk-5 on web-4 (planned in this run)',
    );
    expect(remedy).toContain('plimsoll scaled delete elk-N');
  });

  it('refuses what is not as the records say', () => {
    expect(summary(plan({ set: { instances: [at(2, 'web-1')] } }))).toBe(
      'refused: according to the records elk-2 is here, and it is not: whatever it held is gone',
    );
    expect(
      summary(plan({ set: { instances: [at(2, 'web-2')], offered: 2 }, pinned: 2 }, { pinned: { index: 2 } })),
    ).toBe('refused: elk-2 has been taken meanwhile by web-2');
    expect(summary(plan({ others: [volume('elk-1')] }))).toBe(
      'refused: there is a volume elk-1 already, and it is no instance of elk',
    );
    expect(summary(plan({ others: [volume('elk-1', { labels: { mine: 'yes' } })], begun: ['elk-1'] }))).toBe(
      'refused: there is a volume elk-1 already, and it is no instance of elk',
    );
    expect(summary(plan({ here: [1, 2] }))).toBe('refused: the host has several instances of elk: elk-1, elk-2');
    expect(summary(plan({ set: { away: { reason: 'nobody answers', remedy: 'is etcd up?' } } }))).toBe(
      'refused: which instances of elk the fleet has is not known: nobody answers',
    );
  });

  it('makes anew what its own making has left without labels, if that is empty', () => {
    const planned = plan({ others: [volume('elk-1')], begun: ['elk-1'] });
    expect(summary(planned)).toContain('in place of the empty one that a failure of power has left half made');
    const [change] = planned.outcome === 'change' ? planned.changes : [];
    expect(change?.actions.map((action) => ('argv' in action ? action.argv.slice(0, 3).join(' ') : ''))).toEqual([
      expect.stringContaining('/bin/sh -c'),
      expect.stringContaining('holds data by now'),
      '/bin/sh -s --',
      'docker volume create',
      'docker volume inspect',
      '/bin/sh -s --',
      'df -B1 --output=size',
    ]);
  });

  it('refuses a size where volumes have none, and does without one all the same', () => {
    const storage = quota(0, { fileSystem: 'ext4', project: 0 });
    expect(summary(plan({ storage }))).toMatch(/^refused: Docker's volumes lie on ext4/);
    expect(summary(plan({ storage }, { size: undefined }))).toBe(
      'elk-1: a new volume (instance 1 of elk, of at most 3)',
    );
    expect(plan({ storage: quota(0, { freeBytes: MiB, project: 0 }) })).toMatchObject({
      outcome: 'change',
      warnings: [expect.any(String), expect.stringContaining('1 MiB are free')],
    });
  });

  it('writes down an instance that the records have lost', () => {
    const planned = plan({ here: [2], set: { instances: [] } });
    expect(summary(planned)).toContain('elk-2: written down in the records');
    expect(planned).toMatchObject({
      changes: [
        { records: [{ kind: 'scaled', name: 'elk', version: 2, spec: { name: 'elk-2', sizeBytes: 40 * MiB } }] },
      ],
    });
  });

  it.each([
    [{ labels: { 'plimsoll.index': '7' } }, 'plimsoll.'],
    [{ driver: 'nfs' }, 'give another driver its option'],
    [{ options: { type: 'tmpfs' } }, 'not both'],
    [{ size: undefined, options: { o: 'username=a,password=b' } }, 'secret'],
    [{ name: '../x' }, 'must be a name'],
    [{ scale: 0 }, ''],
  ])('does not take %j', (more, said) => {
    const parsed = scaledVolume.schema.safeParse({ ...wanted, ...more });
    expect(parsed.success).toBe(false);
    expect(parsed.error?.message ?? '').toContain(said);
  });
});

describe('delete_scaled_volume', () => {
  const remove = (world: ScaledWorld, index = 1): Planned =>
    planLawfully(deleteScaledVolume, { name: 'elk', index }, scaledWorld(world));

  it('removes the instance with what it holds, and gives it up in the records', () => {
    const planned = remove({ here: [1] });
    expect(planned).toMatchObject({
      outcome: 'change',
      changes: [
        {
          summary: 'elk-1: remove it, with all that it holds (3 MiB)',
          undo: 'irreversible',
          records: [{ kind: 'scaled', name: 'elk', version: 1, removes: true }],
        },
      ],
      warnings: ['what elk-1 holds is gone then for good: plimsoll has no copy of it'],
    });
  });

  it('refuses while a container has it, running or not, by its name or by its directory', () => {
    const bind = { type: 'bind', source: instance(1).mountpoint, destination: '/d', readOnly: true, propagation: '' };
    expect(summary(remove({ here: [1], uses: [use('app', ids.app, 'elk-1', { running: false })] }))).toBe(
      'refused: elk-1 is used by app',
    );
    expect(summary(remove({ here: [1], uses: [use('web', ids.web, undefined, { mounts: [bind] })] }))).toBe(
      'refused: elk-1 is used by web',
    );
  });

  it('only corrects the records where it is gone, and has nothing to do where nobody has it', () => {
    expect(summary(remove({ set: { instances: [at(1, 'web-1')] } }))).toBe(
      'elk-1: is not on the host any more, and is taken out of the records',
    );
    expect(summary(remove({ here: [2] }))).toBe('noop: elk-1 is not on this host');
  });
});
