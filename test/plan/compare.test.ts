import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/operations/engine/change.ts';
import type { Planned } from '../../src/operations/engine/operation.ts';
import { compare, compareSteps, lapsedOf } from '../../src/plan/compare.ts';
import type { StepPlan } from '../../src/plan/plan.ts';
import { canonicalJson } from '../../src/values/json.ts';
import { planneds, steps } from './arbitrary.ts';

const GiB = 1024 ** 3;
const change = (more: Partial<Change> = {}): Change => ({
  summary: 'app: 10 → 20',
  before: { bytes: 10, inner: { id: 'a', list: [1, 2] } },
  after: { bytes: 20 },
  actions: [{ kind: 'exec', argv: ['grow', 'a b'] }],
  undo: [],
  atomic: true,
  bindings: {},
  ...more,
});
const changes = (...list: readonly Change[]): Planned => ({ outcome: 'change', changes: list });
const of = (container: string, more: Partial<Change> = {}): Change =>
  change({
    summary: `${container}: 1 → 2`,
    before: { container: container.repeat(64), startedAt: '2026-10-01T10:00:00Z', deviceBytes: 10 * GiB },
    ...more,
  });
const [a, b, c] = [of('a'), of('b'), of('c')];
const unbound = ({ bindings: _bindings, ...rest }: Change): object => rest;
const noop: Planned = { outcome: 'noop', reason: 'it is so' };
const refused: Planned = { outcome: 'refused', reason: 'paused', remedy: 'unpause' };
const maybe: Planned = {
  outcome: 'maybe',
  dependsOn: ['Grow', 'Restart'],
  reason: 'as things are now',
  provisional: [change()],
};

describe('what was approved and what is found', () => {
  it.each<[string, Planned, Planned, readonly string[]]>([
    ['the same change', changes(change()), changes(change()), []],
    [
      'the same with its keys in another order',
      changes(change({ before: { a: 1, b: 2 } })),
      changes(change({ before: { b: 2, a: 1 } })),
      [],
    ],
    ['nothing to do, for another reason', noop, { outcome: 'noop', reason: 'another' }, []],
    ['refused, for another reason', refused, { outcome: 'refused', reason: 'another', remedy: 'r' }, []],
    ['other warnings', { ...changes(change()), warnings: ['x'] }, changes(change()), []],
    ['uncertain before: anything', maybe, changes(change({ summary: 'else' })), []],
    ['uncertain before: nothing to do', maybe, noop, []],
    ['uncertain before: still', maybe, { ...maybe, reason: 'another' }, []],
    [
      'uncertain before: refused',
      maybe,
      refused,
      ['it depended on Grow, Restart when it was approved, and now it is refused: paused'],
    ],
    [
      'another size',
      changes(change()),
      changes(change({ before: { bytes: 15, inner: { id: 'a', list: [1, 2] } } })),
      ['app: 10 → 20: bytes was 10 bytes, is 15 bytes'],
    ],
    [
      'another fact deep inside',
      changes(change()),
      changes(change({ before: { bytes: 10, inner: { id: 'b', list: [2, 1] } } })),
      ['app: 10 → 20: inner.id was "a", is "b"', 'app: 10 → 20: inner.list was [1,2], is [2,1]'],
    ],
    [
      'a fact that is gone',
      changes(change({ before: { a: 1, b: 2 } })),
      changes(change({ before: { a: 1 } })),
      ['app: 10 → 20: b was 2, is not there'],
    ],
    [
      'a fact that is there now',
      changes(change({ before: { loaded: null } })),
      changes(change({ before: { loaded: '0 8 thin', mode: '0644' } })),
      ['app: 10 → 20: loaded was nothing, is "0 8 thin"', 'app: 10 → 20: mode was not there, is "0644"'],
    ],
    [
      'another command',
      changes(change()),
      changes(change({ actions: [{ kind: 'exec', argv: ['shrink', 'a b'] }] })),
      ["app: 10 → 20: actions.1.argv was grow 'a b', is shrink 'a b'"],
    ],
    [
      'another check',
      changes(change()),
      changes(change({ actions: [{ kind: 'exec', argv: ['grow', 'a b'], check: { argv: ['id'], equals: '0' } }] })),
      ['app: 10 → 20: actions.1.check was not there, is {"argv":["id"],"equals":"0"}'],
    ],
    [
      'a command more',
      changes(change()),
      changes(change({ actions: [] })),
      [expect.stringMatching(/^app: 10 → 20: actions was \[\{.*grow.*\}\], is \[\]$/)],
    ],
    [
      'another result',
      changes(change()),
      changes(change({ after: { bytes: 30 * GiB } })),
      ['app: 10 → 20: after.bytes was 20 bytes, is 30 GiB (32212254720 bytes)'],
    ],
    [
      'another way back',
      changes(change()),
      changes(change({ undo: 'irreversible' })),
      ['app: 10 → 20: undo was [], is "irreversible"'],
    ],
    [
      'another name only',
      changes(change()),
      changes(change({ summary: 'web: 10 → 20' })),
      ['app: 10 → 20: is called web: 10 → 20 now'],
    ],
    [
      'other names for its placeholders',
      changes(change({ bindings: { a: 'x' } })),
      changes(change({ bindings: { b: 'x' } })),
      [],
    ],
    ['done already', changes(change()), noop, ['app: 10 → 20: somebody has done it already (it is so)']],
    ['to do after all', noop, changes(change()), ['there was nothing to do (it is so), now it would do: app: 10 → 20']],
    ['refused now', changes(change()), refused, ['app: 10 → 20: now it is refused: paused']],
    [
      'refused now, where nothing was to do',
      noop,
      refused,
      ['there was nothing to do (it is so), now it is refused: paused'],
    ],
    [
      'uncertain now',
      changes(change()),
      maybe,
      ['app: 10 → 20: now it is uncertain: it depended on Grow, Restart (as things are now)'],
    ],
    [
      'possible now',
      refused,
      changes(change()),
      ['was refused when the plan was made (paused), now it would do: app: 10 → 20'],
    ],
    [
      'right now without it',
      refused,
      noop,
      ['was refused when the plan was made (paused), now there is nothing to do (it is so)'],
    ],
  ])('%s', (_what, approved, fresh, differences) => {
    expect(compare(approved, fresh)).toEqual(differences);
  });

  it.each<[string, Planned, Planned, readonly string[]]>([
    [
      'restarted',
      changes(a),
      changes(of('a', { before: { ...a.before, startedAt: '2026-10-02T11:00:00Z' } })),
      ['a: 1 → 2: was restarted since (2026-10-01T10:00:00Z → 2026-10-02T11:00:00Z)'],
    ],
    [
      'started for the first time',
      changes(of('a', { before: { startedAt: '0001-01-01T00:00:00Z' } })),
      changes(of('a', { before: { startedAt: '2026-10-02T11:00:00Z' } })),
      ['a: 1 → 2: was started for the first time since (0001-01-01T00:00:00Z → 2026-10-02T11:00:00Z)'],
    ],
    [
      'another one of the same name',
      changes(a),
      changes(of('a', { before: { ...b.before, startedAt: '2026-10-02T11:00:00Z' } })),
      ['a: 1 → 2: is another container now (aaaaaaaaaaaa → bbbbbbbbbbbb)'],
    ],
    [
      'grown by somebody',
      changes(a),
      changes(of('a', { before: { ...a.before, deviceBytes: 15 * GiB + 512 } })),
      ['a: 1 → 2: deviceBytes was 10 GiB (10737418240 bytes), is 15 GiB (16106127872 bytes)'],
    ],
    ['one more', changes(a, c), changes(a, b, c), ['b: 1 → 2: was not to be done when the plan was approved']],
    ['one less', changes(a, b, c), changes(a, c), ['b: 1 → 2: was approved, and is not to be done any more']],
    [
      'the first made anew',
      changes(a, b),
      changes(b, c),
      ['a: 1 → 2: is another container now (aaaaaaaaaaaa → cccccccccccc)'],
    ],
    ['in another order', changes(a, b), changes(b, a), ['b: 1 → 2, a: 1 → 2: in another order than was approved']],
    [
      'two changes of one container, one done',
      changes(a, of('a', { summary: 'start a' })),
      changes(of('a', { summary: 'start a' })),
      ['a: 1 → 2: is called start a now', 'start a: was approved, and is not to be done any more'],
    ],
    [
      'many, done',
      changes(a, b, c, of('d'), of('e')),
      noop,
      ['a: 1 → 2, b: 1 → 2, c: 1 → 2, and 2 more: somebody has done it already (it is so)'],
    ],
  ])('a container: %s', (_what, approved, fresh, differences) => {
    expect(compare(approved, fresh)).toEqual(differences);
  });

  it('shows of long texts where they begin to differ, and nothing that could move a cursor', () => {
    const write = (content: string): Planned =>
      changes(change({ actions: [{ kind: 'write-file', path: '/r', content, mode: '0600', expect: null }] }));
    const [line = '', ...more] = compare(
      write(`${'x'.repeat(500)}"size":1}`),
      write(`${'x'.repeat(500)}"size":2\u001b[2J\u202e}`),
    );
    expect(more).toEqual([]);
    expect(line).toBe(
      'app: 10 → 20: actions.1.content was …"xxxxxxxxxxxxx\\"size\\":1}", is …"xxxxxxxxxxxxx\\"size\\":2\\u001b[2J\\u202e}"',
    );
  });

  it('is silent about equals, and about nothing else that is certain', () => {
    fc.assert(
      fc.property(planneds.map(lasting), planneds.map(lasting), (one, other) => {
        expect(compare(one, one)).toEqual([]);
        const waits =
          one.outcome === 'change' &&
          one.changes.length > 0 &&
          one.changes.every(
            ({ actions }) =>
              actions.length > 0 && actions.every(({ kind }) => kind === 'wait-until' || kind === 'pause'),
          );
        const cameByItself = waits && other.outcome === 'noop';
        const certain = one.outcome !== 'maybe' && one.outcome !== other.outcome && !cameByItself;
        const refusedNow = one.outcome === 'maybe' && other.outcome === 'refused';
        const differ =
          one.outcome === 'change' &&
          other.outcome === 'change' &&
          canonicalJson(one.changes.map(unbound)) !== canonicalJson(other.changes.map(unbound));
        expect(compare(one, other).length > 0).toBe(certain || refusedNow || differ);
      }),
    );
  });
});

/** Its changes have no reason that could go. */
function lasting(planned: Planned): Planned {
  return planned.outcome === 'change'
    ? { ...planned, changes: planned.changes.map(({ lapse: _, ...rest }) => rest) }
    : planned;
}

describe('what is done only as long as there is a reason for it', () => {
  const may = (name: string, more: Partial<Change> = {}): Change => of(name, { subject: name, lapse: 'may', ...more });
  const has = (name: string): Change => of(name, { subject: name, lapse: 'has', summary: `put away ${name}` });
  it.each<[string, Planned, Planned, readonly string[]]>([
    ['has none any more', changes(may('a'), may('b')), changes(may('b')), []],
    ['has none any more, of all', changes(may('a'), may('b')), noop, []],
    ['is put away', changes(may('a'), may('b')), changes(has('a'), may('b')), []],
    ['is put away where there was nothing to do', noop, changes(has('a')), []],
    ['was to be put away, and is already', changes(has('a')), noop, []],
    [
      'is more than was approved',
      changes(may('a')),
      changes(may('a'), may('b')),
      ['b: 1 → 2: was not to be done when the plan was approved'],
    ],
    ['is refused now', changes(may('a')), refused, ['a: 1 → 2: now it is refused: paused']],
    ['beside what is not', changes(may('a'), b), noop, ['b: 1 → 2: somebody has done it already (it is so)']],
  ])('%s', (_what, approved, fresh, differences) => {
    expect(compare(approved, fresh)).toEqual(differences);
  });

  it('is named when it is passed over', () => {
    expect(lapsedOf(changes(may('a'), may('b'), b), changes(has('a'), may('b'), b))).toEqual(['a: 1 → 2']);
    expect(lapsedOf(changes(may('a')), noop)).toEqual(['a: 1 → 2']);
    expect(lapsedOf(changes(may('a'), b), changes(may('a'), b))).toEqual([]);
    expect(lapsedOf(noop, noop)).toEqual([]);
  });
});

describe('a whole host', () => {
  const step = (id: string, planned: Planned, more: Partial<StepPlan> = {}): StepPlan => ({
    id,
    step: 'Grow',
    operation: 'grow_rootfs',
    where: 'p.yaml:1:1',
    want: null,
    planned,
    ...more,
  });
  it.each<[string, readonly StepPlan[], readonly StepPlan[], readonly string[]]>([
    ['the same', [step('1.1', changes(a)), step('1.2', maybe)], [step('1.1', changes(a)), step('1.2', noop)], []],
    [
      'one step differs',
      [step('1.1', changes(a)), step('1.2', noop, { step: 'Check' })],
      [step('1.1', changes(a)), step('1.2', refused, { step: 'Check' })],
      ['Check: there was nothing to do (it is so), now it is refused: paused'],
    ],
    [
      'one item differs',
      [step('1.1[1]', changes(a)), step('1.1[2]', changes(b))],
      [step('1.1[1]', changes(a)), step('1.1[2]', noop)],
      ['Grow (item 2): b: 1 → 2: somebody has done it already (it is so)'],
    ],
    [
      'an item less',
      [step('1.1[1]', noop), step('1.1[2]', maybe)],
      [step('1.1[1]', noop)],
      ['Grow (item 2): was approved, and is not there any more'],
    ],
    [
      'an item more',
      [step('1.1[1]', noop)],
      [step('1.1[1]', noop), step('1.1[2]', noop)],
      ['Grow (item 2): was not there when the plan was approved'],
    ],
    [
      'a loop that was not known may have any items',
      [step('1.1', maybe)],
      [step('1.1[1]', changes(a)), step('1.1[2]', refused)],
      [],
    ],
    ['a loop that was not known may have none', [step('1.1', maybe), step('1.2', noop)], [step('1.2', noop)], []],
    [
      'a loop that is not known any more',
      [step('1.1[1]', changes(a)), step('1.1[2]', changes(b))],
      [step('1.1', maybe)],
      ['Grow: the items of its loop are not known any more'],
    ],
    [
      'a step less',
      [step('1.1', noop), step('1.2', noop)],
      [step('1.1', noop)],
      ['Grow: was approved, and is not there any more'],
    ],
    [
      'a step more',
      [step('1.1', noop)],
      [step('1.1', noop), step('2.1', maybe, { step: 'Late' })],
      ['Late: was not there when the plan was approved'],
    ],
    [
      'another operation',
      [step('1.1', noop)],
      [step('1.1', noop, { operation: 'command' })],
      ['Grow: was approved as grow_rootfs, is command now'],
    ],
    ['nothing at all', [], [], []],
  ])('%s', (_what, approved, fresh, lines) => {
    expect(compareSteps(approved, fresh)).toEqual(lines);
  });

  it('is never different from itself', () => {
    fc.assert(
      fc.property(steps, (own) => {
        expect(compareSteps(own, own)).toEqual([]);
      }),
    );
  });
});
