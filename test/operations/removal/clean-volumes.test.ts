import { describe, expect, it } from 'vitest';
import { cleanVolumes } from '../../../src/operations/removal/clean-volumes.ts';
import { compare } from '../../../src/plan/compare.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { undoOperation } from '../../../src/run/continuing/undo.ts';
import { eraseWant } from '../../../src/operations/engine/erase.ts';
import { docker } from '../volumes/world.ts';
import type { CleanWorld } from '../volumes/clean-world.ts';
import {
  bindOf,
  cleanAnswers,
  container,
  day,
  entry,
  identityOf,
  mountOf,
  now,
  plainVolume,
  planClean,
  summaries,
} from '../volumes/clean-world.ts';

const anonymous = 'a1'.repeat(32);
const named = { named: true } as const;
const world = (...names: readonly string[]): CleanWorld => ({ volumes: names.map((name) => plainVolume(name)) });

describe('which volumes are cleaned up', () => {
  it('anonymous ones, unless names are asked for too; with or without the label of newer Dockers', () => {
    const both = {
      volumes: [
        plainVolume('db'),
        plainVolume(anonymous),
        plainVolume('b2'.repeat(32), { labels: { 'com.docker.volume.anonymous': '' } }),
      ],
    };
    expect(summaries(planClean(both))).toEqual([
      `${anonymous}: into quarantine for 7d`,
      `${'b2'.repeat(32)}: into quarantine for 7d`,
    ]);
    expect(summaries(planClean(both, named))).toHaveLength(3);
    expect(summaries(planClean(world('db')))).toEqual([
      'noop: no volume to be cleaned up: 1 not asked for (named: true takes those with a name too)',
    ]);
  });

  it('none that a container has, running or not, by its name, by a path in it, by a path to its directory, or by another name of either', () => {
    const used: CleanWorld = {
      ...world('free', 'mounted', 'bound', 'below', 'linked', 'free2'),
      uses: [
        container('a', mountOf('mounted')),
        container('b', bindOf('/var/lib/docker/volumes/bound/_data')),
        container('c', bindOf('/var/lib/docker/volumes/below')),
        container('d', bindOf('/srv/link')),
        container('e', bindOf('/var/lib/docker'), bindOf('/var/lib/docker/volumes'), bindOf('/srv/free')),
      ],
      real: {
        '/var/lib/docker/volumes': '/data/docker/volumes',
        '/srv/link': '/data/docker/volumes/linked/_data/x',
        '/srv/free': '/data/docker/volumes-2/free',
      },
    };
    expect(summaries(planClean(used, named))).toEqual([
      'free: into quarantine for 7d',
      'free2: into quarantine for 7d',
    ]);
  });

  it('none of a container of another storage driver, which Docker does not see and calls dangling', () => {
    const record = (name: string, driver: string, volume: string) => ({
      id: name.repeat(64),
      name,
      driver,
      volumes: [volume],
    });
    const hidden: CleanWorld = {
      ...world('free', 'hidden', 'left'),
      records: [record('a', 'devicemapper', 'hidden'), record('b', docker.driver, 'left')],
    };
    expect(docker.driver).toBe('overlay2');
    expect(summaries(planClean(hidden, named))).toEqual([
      'free: into quarantine for 7d',
      'left: into quarantine for 7d',
    ]);
  });

  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ['a name', { name: 'ci-*' }, ['ci-1', 'ci-2']],
    ['several names', { name: ['ci-1', 'tmp?'] }, ['ci-1', 'tmp1']],
    ['not a name', { except: ['ci-*', 'db'] }, ['tmp1']],
    ['a label', { label: 'tier=ci' }, ['ci-1', 'ci-2']],
    ['labels', { label: ['tier', 'keep'] }, ['ci-2']],
    ['not a label', { not_label: 'keep' }, ['ci-1', 'db', 'tmp1']],
    ['age', { older_than: '9d' }, ['ci-1', 'db', 'tmp1']],
    ['more age', { older_than: '2w' }, []],
  ])('by %s', (_what, more, expected) => {
    const all: CleanWorld = {
      volumes: [
        plainVolume('ci-1', { labels: { tier: 'ci' } }),
        plainVolume('ci-2', { labels: { tier: 'ci', keep: '' } }),
        plainVolume('db'),
        plainVolume('tmp1'),
      ],
      directories: { 'ci-2': { changedAt: now - 9 * day } },
    };
    const planned = planClean(all, { ...named, ...more });
    expect(planned.outcome === 'change' ? planned.changes.map(({ before }) => before['volume']) : []).toEqual(expected);
  });

  it('by size, which is measured only then', () => {
    const sized = {
      ...world('large', 'small', 'used'),
      uses: [container('a', mountOf('used'))],
      sizes: { large: 3 * 1024 ** 3, small: 1024 },
    };
    const planned = planClean(sized, { ...named, larger_than: '1GiB' });
    expect(summaries(planned)).toEqual(['large: into quarantine for 7d, 3 GiB']);
    expect(planned.warnings).toContain('together 3 GiB');
  });

  it('none that plimsoll keeps for something, that holds nothing itself, or is not as Docker has made it', () => {
    const kept: CleanWorld = {
      volumes: [
        plainVolume('foo'),
        plainVolume('foo-1', {
          labels: { 'plimsoll.volume': 'foo', 'plimsoll.version': '1', 'plimsoll.replaces': 'foo' },
        }),
        plainVolume('left'),
        plainVolume('source'),
        plainVolume('target'),
        plainVolume('owned', { labels: { 'plimsoll.something': 'x' } }),
        plainVolume('share', { options: { type: 'nfs', device: ':/x' } }),
        plainVolume('plugin', { driver: 'rexray' }),
        plainVolume('elsewhere', { mountpoint: '/srv/x/_data' }),
        plainVolume('gone'),
        plainVolume('torn'),
        plainVolume('covered'),
        plainVolume('bar-1', {
          labels: { 'plimsoll.volume': 'bar', 'plimsoll.version': '1', 'plimsoll.replaces': 'bar' },
        }),
      ],
      left: ['left'],
      copies: [{ from: '/var/lib/docker/volumes/source/_data', to: '/var/lib/docker/volumes/target/_data' }],
      directories: { gone: null, torn: { whole: false } },
      mounts: ['/var/lib/docker/volumes/covered/_data/x'],
    };
    const planned = planClean(kept, named);
    // Its old version has been finalized: it is a volume like any other.
    expect(summaries(planned)).toEqual(['bar-1: into quarantine for 7d']);
    expect(planned.warnings?.map((text) => text.replace(/ stays.*/, ''))).toEqual([
      'covered',
      'elsewhere',
      'foo',
      'foo-1',
      'gone',
      'left',
      'owned',
      'source',
      'target',
      'torn',
    ]);
  });

  it('says which belong to projects that are down', () => {
    const planned = planClean(
      { volumes: [plainVolume('shop_db', { labels: { 'com.docker.compose.project': 'shop' } })] },
      named,
    );
    expect(planned.warnings?.[0]).toMatch(/^of projects of Compose or Swarm that have no container here now .*: shop$/);
  });

  it('at most so many in one run, those first that were not changed for the longest time', () => {
    const planned = planClean(
      { ...world('a1', 'b1', 'c1'), directories: { a1: { changedAt: now - day } } },
      { ...named, at_most: 2 },
    );
    expect(summaries(planned)).toEqual(['b1: into quarantine for 7d', 'c1: into quarantine for 7d']);
    expect(planned.warnings).toContain('1 volume more is left to the next run (at_most)');
  });

  it.each([
    ['a name without named', { name: 'x*' }],
    ['no time', { keep_for: 'soon' }],
    ['less than nothing', { keep_for: -1 }],
    ['a size without a unit', { named: true, larger_than: '5' }],
    ['none', { at_most: 0 }],
  ])('not by %s', (_what, want) => {
    expect(cleanVolumes.schema.safeParse(want).success).toBe(false);
  });
});

describe('quarantine', () => {
  const ended = entry('old', { until: now });

  it('is undone by taking it out again; nothing else is done to the volume', () => {
    const planned = planClean(world('old'), named);
    const [change] = planned.outcome === 'change' ? planned.changes : [];
    expect(change).toMatchObject({
      subject: 'volume:old',
      lapse: 'may',
      atomic: true,
      before: { volume: 'old', is: identityOf('old'), quarantine: false },
      after: { volume: 'old', is: identityOf('old'), quarantine: true },
    });
    expect(change?.undo).toHaveLength(1);
  });

  it('lasts until its date, whatever keep_for says by then, and is owed meanwhile', () => {
    for (const keep_for of ['7d', 0]) {
      const planned = planClean({ ...world('old'), entries: [entry('old')] }, { ...named, keep_for });
      expect(summaries(planned)).toEqual(['noop: no volume to be cleaned up: 1 in quarantine']);
      expect(planned.owed).toEqual([
        '1 volume is in quarantine until 2026-12-02 12:00 UTC: the same step removes what nobody uses then; plimsoll rollback takes it out again until then',
      ]);
    }
  });

  it('ends with the removal, for good, if the volume is still as asked for', () => {
    const planned = planClean({ ...world('old'), entries: [ended] }, named);
    expect(summaries(planned)).toEqual([
      'old: removed for good: its quarantine has ended (until 2026-11-28 12:00 UTC)',
    ]);
    expect(planned.outcome === 'change' ? planned.changes[0]?.undo : undefined).toBe('irreversible');
    expect(planned.warnings?.[0]).toBe(
      '1 volume is removed for good, with all that it holds: no rollback brings that back',
    );
    expect(planClean({ ...world('old'), entries: [ended] }).outcome).toBe('noop');
  });

  it.each<[string, CleanWorld, string]>([
    [
      'is used again',
      { ...world('old'), uses: [container('app', mountOf('old'))], entries: [ended] },
      'old: leaves quarantine: used by app',
    ],
    [
      'is gone',
      { ...world('other'), uses: [container('app', mountOf('other'))], entries: [ended] },
      'old: leaves quarantine: it is not there any more',
    ],
    [
      'is another one of that name, which is used',
      {
        ...world('old'),
        uses: [container('app', mountOf('old'))],
        directories: { old: { is: '8 1.5' } },
        entries: [ended],
      },
      'old: leaves quarantine: it is another volume of that name now',
    ],
  ])('is left by a volume that %s', (_what, there, summary) => {
    expect(summaries(planClean(there, named))).toEqual([summary]);
    expect(summaries(planClean(there))).toEqual([summary]);
  });

  it('begins anew for another volume of that name', () => {
    expect(
      summaries(planClean({ ...world('old'), directories: { old: { is: '8 1.5' } }, entries: [ended] }, named)),
    ).toEqual(['old: into quarantine for 7d']);
  });

  it('goes on with a removal that was cut, whatever is left of the volume', () => {
    const begun = entry('old', { until: now, removing: true });
    for (const directories of [{}, { old: { is: '7 99.5', whole: false } }])
      expect(summaries(planClean({ ...world('old'), directories, entries: [begun] }, named))).toEqual([
        'old: removed for good: that had begun',
      ]);
    // That is another volume.
    expect(
      summaries(planClean({ ...world('old'), directories: { old: { is: '7 99.5' } }, entries: [begun] }, named)),
    ).toEqual(['old: into quarantine for 7d']);
  });

  it('is none with keep_for: 0, which is said', () => {
    const planned = planClean(world('old'), { ...named, keep_for: 0 });
    expect(summaries(planned)).toEqual(['old: removed for good, with all that it holds']);
    expect(planned.warnings?.[0]).toMatch(/\(keep_for: 0\): no rollback brings that back$/);
  });
});

describe('what happens between the plan and its turn', () => {
  function fresh(before: CleanWorld, after: CleanWorld): { readonly approved: Planned; readonly planned: Planned } {
    const want = cleanVolumes.schema.parse(named);
    const pinned = cleanVolumes.pin?.(want, cleanAnswers(before)) ?? want;
    return {
      approved: cleanVolumes.plan(pinned, cleanAnswers(before)),
      planned: cleanVolumes.plan(pinned, cleanAnswers(after)),
    };
  }
  const before = world('a1', 'b1');

  it('a volume that is used by then stays, and the others are taken: no drift', () => {
    const { approved, planned } = fresh(before, { ...before, uses: [container('app', mountOf('a1'))] });
    expect(summaries(planned)).toEqual(['b1: into quarantine for 7d']);
    expect(compare(approved, planned)).toEqual([]);
    expect(compare(approved, fresh(before, { volumes: [] }).planned)).toEqual([]);
  });

  it('volumes that are dangling only since, or old enough only since, are left to the next run', () => {
    const { approved, planned } = fresh(before, { ...world('a1', 'b1', 'c1'), now: now + day });
    expect(compare(approved, planned)).toEqual([]);
    expect(summaries(planned)).toHaveLength(2);
    expect(compare(planClean({ ...before, entries: [entry('a1')] }, named), planned)).not.toEqual([]);
  });

  it('one whose quarantine has ended and that is used by then leaves it: no drift, and no removal', () => {
    const due = { ...before, entries: [entry('a1', { until: now }), entry('b1', { until: now })] };
    const { approved, planned } = fresh(due, { ...due, uses: [container('app', mountOf('a1'))] });
    expect(summaries(planned)).toEqual([
      'a1: leaves quarantine: used by app',
      'b1: removed for good: its quarantine has ended (until 2026-11-28 12:00 UTC)',
    ]);
    expect(compare(approved, planned)).toEqual([]);
  });

  it('another volume of that name is drift, and so is a removal where quarantine was approved', () => {
    expect(compare(...both(fresh(before, { ...before, directories: { a1: { is: '9 9.9' } } })))).toEqual([
      expect.stringContaining('is was "7 2.5", is "9 9.9"'),
    ]);
    const { approved, planned } = fresh(before, { ...before, entries: [entry('a1', { until: now - day })] });
    expect(compare(approved, planned)).not.toEqual([]);
  });

  it('what was put there by this very run is not looked at again by it', () => {
    const since = entry('a1', { since: now, until: now + day });
    expect(
      fresh(before, { volumes: [plainVolume('a1')], uses: [container('app', mountOf('a1'))], entries: [since] }).planned
        .outcome,
    ).toBe('noop');
  });
});

function both({ approved, planned }: { readonly approved: Planned; readonly planned: Planned }): [Planned, Planned] {
  return [approved, planned];
}

describe('its rollback', () => {
  const operation = undoOperation(new Map([['clean_volumes', eraseWant(cleanVolumes)]]));
  const want = cleanVolumes.schema.parse(named);
  const pinned = cleanVolumes.pin?.(want, cleanAnswers(world('old'))) ?? want;
  const first = cleanVolumes.plan(pinned, cleanAnswers(world('old')));
  const [change] = first.outcome === 'change' ? first.changes : [];
  if (change === undefined) throw new Error('nothing was planned');
  const undo = (there: CleanWorld): Planned =>
    operation.plan(
      {
        step: '1.1',
        number: 0,
        operation: 'clean_volumes',
        want: JSON.parse(JSON.stringify(pinned)) as null,
        change,
        complete: true,
        undoBegun: false,
      },
      cleanAnswers(there),
    );
  const there = { ...world('old'), entries: [entry('old')] };

  it('takes it out, while its quarantine lasts and after that, used or not', () => {
    for (const state of [
      there,
      { ...there, entries: [entry('old', { until: now })] },
      { ...there, uses: [container('app', mountOf('old'))] },
    ]) {
      expect(undo(state)).toMatchObject({ outcome: 'change', changes: [{ actions: change.undo }] });
    }
  });

  it('has nothing to do when it is out already, used or not', () => {
    for (const state of [world('old'), { ...world('old'), uses: [container('app', mountOf('old'))] }])
      expect(undo(state)).toEqual({ outcome: 'noop', reason: 'it is as it was before' });
  });

  it('is refused when the volume is gone, is being removed, or is another one', () => {
    for (const state of [
      { volumes: [] },
      { ...there, entries: [entry('old', { removing: true })] },
      { ...there, directories: { old: { is: '9 9.9' } } },
    ])
      expect(undo(state)).toMatchObject({ outcome: 'refused' });
  });
});

it('asks as often, and plans the same, with thousands of volumes', () => {
  const many: CleanWorld = {
    volumes: Array.from({ length: 2000 }, (_, index) => plainVolume(`v-${String(index)}`)),
    uses: Array.from({ length: 500 }, (_, index) =>
      container(`c${String(index)}`, mountOf(`v-${String(index)}`), bindOf(`/srv/${String(index)}`)),
    ),
  };
  expect(summaries(planClean(many, { ...named, at_most: 1000 }))).toHaveLength(1000);
});
