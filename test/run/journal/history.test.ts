import { describe, expect, it } from 'vitest';
import type { HostStatus } from '../../../src/errors.ts';
import type { Change } from '../../../src/operations/engine/change.ts';
import type { PlanFile } from '../../../src/plan/plan-file.ts';
import type { HostHistory } from '../../../src/run/journal/history.ts';
import { basisOf, changesInEffect, historyOf, isUnfinished } from '../../../src/run/journal/history.ts';
import type { Intent, JournalRecord } from '../../../src/run/journal/journal.ts';
import { elementsIn } from '../../support/counted.ts';
import { begin, change, continued, effects, end, ended, intent, outcome, runId } from '../records.ts';

const a = change('a');
const b = change('b');
const two = change('two', ['first', 'second']);

function hostOf(...records: readonly JournalRecord[]): HostHistory {
  const [host] = historyOf([begin(), ...records]).hosts;
  if (host === undefined) throw new Error('no host');
  return host;
}

/** `a done, b failed undone` */
const shown = (host: HostHistory): string =>
  host.changes
    .map(
      ({
        intent: {
          change: { summary },
        },
        outcome: came,
        undone,
      }) => `${summary} ${came}${undone ? ' undone' : ''}`,
    )
    .join(', ');
const undoOf = (of: Change, more: Partial<Intent> = {}): Partial<Intent> => ({
  operation: 'undo',
  step: '0.1',
  name: 'Undo Grow',
  want: {
    step: '1.1',
    number: 0,
    operation: 'grow_rootfs',
    want: { size: 20 },
    change: JSON.parse(JSON.stringify(of)),
    complete: true,
    undoBegun: false,
  },
  ...more,
});
const undo = (of: Change): Change => change(`undo ${of.summary}`, ['undo'], { undo: 'irreversible' });

describe('what has become of a run', () => {
  it('is told by its parts', () => {
    const history = historyOf([begin(['web-1', 'web-2']), end('failed'), continued('resume')]);
    expect(history).toMatchObject({
      runId,
      playbook: 'grow.yaml',
      parts: [
        { mode: 'apply', by: 'ann@laptop', status: 'failed' },
        { mode: 'resume', by: 'bob@laptop' },
      ],
      hosts: [
        { host: 'web-1', state: 'not-started' },
        { host: 'web-2', state: 'not-started' },
      ],
    });
    expect(history.parts[1]).not.toHaveProperty('status');
  });

  it('of a host that no list names, and of one with an odd name', () => {
    expect(
      historyOf([begin(['__proto__']), ended('ok', { host: '__proto__' }), ended('locked', { host: 'constructor' })])
        .hosts,
    ).toMatchObject([
      { host: '__proto__', state: 'done' },
      { host: 'constructor', state: 'locked' },
    ]);
  });
});

describe('the state of a host', () => {
  it.each<[string, readonly JournalRecord[], Partial<HostHistory>, boolean]>([
    ['nothing of it', [end('failed')], { state: 'not-started', mode: 'apply', ended: false }, true],
    ['done, with nothing to do', [ended('ok'), end('ok')], { state: 'done', ended: true }, false],
    ['done', [...effects(a), ended('changed', { owed: ['restart'] })], { state: 'done', owed: ['restart'] }, false],
    ['cut', [intent(a)], { state: 'interrupted', mode: 'apply', ended: false, step: 'Grow' }, true],
    ['cut between two actions', [...effects(two).slice(0, 2)], { state: 'interrupted', step: 'Grow' }, true],
    [
      'failed',
      [
        ...effects(a, {}, 'action-failed'),
        ended('failed', { step: 'Grow', error: { code: 'action-failed', message: 'no' } }),
      ],
      { state: 'failed', step: 'Grow', error: { code: 'action-failed', message: 'no' } },
      true,
    ],
    [
      'resumed, and cut before anything was done there: as it was',
      [ended('failed', { step: 'Grow' }), end('failed'), continued('resume')],
      { state: 'failed', mode: 'apply', step: 'Grow', ended: true },
      true,
    ],
    [
      'resumed, and cut',
      [ended('failed', { step: 'Grow', owed: ['x'] }), end('failed'), continued('resume'), intent(b, { name: 'More' })],
      { state: 'interrupted', mode: 'resume', step: 'More', ended: false, owed: ['x'] },
      true,
    ],
    [
      'cut, and settled only',
      [intent(a), continued('resume'), outcome(intent(a))],
      { state: 'interrupted', mode: 'apply', open: [] },
      true,
    ],
    [
      'cut, then resumed to its end',
      [intent(a), continued('resume'), outcome(intent(a)), ended('ok')],
      { state: 'done', mode: 'resume' },
      false,
    ],
    [
      'done, and another host resumed',
      [ended('changed'), end('failed'), continued('resume', ['web-2']), end('ok')],
      { state: 'done', mode: 'apply' },
      false,
    ],
    [
      'rolled back',
      [...effects(a), ended('changed'), continued('rollback'), ended('changed')],
      { state: 'rolled-back', mode: 'rollback' },
      false,
    ],
    [
      'rolled back in part',
      [
        ...effects(a),
        ...effects(b, { number: 1 }),
        ended('changed'),
        continued('rollback'),
        ...effects(undo(b), undoOf(b, { want: { step: '1.1', number: 1, change: JSON.parse(JSON.stringify(b)) } })),
        ended('refused', { step: 'Undo Grow' }),
      ],
      { state: 'refused', mode: 'rollback', step: 'Undo Grow' },
      true,
    ],
    [
      'to be rolled back, which was refused: as it was',
      [
        ...effects(a),
        ended('changed', { owed: ['restart'] }),
        continued('rollback'),
        ended('refused', { step: 'Undo Grow' }),
      ],
      { state: 'done', mode: 'apply', ended: true, owed: ['restart'] },
      false,
    ],
    [
      'cut, and not reached by the rollback: as it was',
      [intent(a), continued('rollback'), ended('unreachable')],
      { state: 'interrupted', mode: 'apply', step: 'Grow' },
      true,
    ],
    [
      'to be finalized, and not reached: as it was',
      [...effects(a), ended('changed'), continued('finalize'), ended('unreachable')],
      { state: 'done', mode: 'apply' },
      false,
    ],
    [
      'finalized in part',
      [
        ...effects(a),
        ended('changed'),
        continued('finalize'),
        ...effects(change('give up', ['rm']), { operation: 'finalize', step: '0.1' }, 'action-failed'),
        ended('failed', { step: 'Grow' }),
      ],
      { state: 'failed', mode: 'finalize' },
      true,
    ],
    [
      'rolled back, and applied after all',
      [...effects(a), ended('changed'), continued('rollback'), ended('ok'), continued('resume'), ended('changed')],
      { state: 'done', mode: 'resume' },
      false,
    ],
    [
      'finalized',
      [...effects(a), ended('changed'), continued('finalize'), ended('changed')],
      { state: 'finalized' },
      false,
    ],
  ])('%s', (_, records, expected, unfinished) => {
    const host = hostOf(...records);
    expect(host).toMatchObject(expected);
    expect(isUnfinished(host)).toBe(unfinished);
  });

  it.each<HostStatus>(['unreachable', 'refused', 'drifted', 'locked', 'interrupted', 'not-started'])('%s', (status) => {
    expect(hostOf(ended(status)).state).toBe(status);
  });
});

describe('the changes of a host', () => {
  it.each<[string, readonly JournalRecord[], string]>([
    ['done', effects(two), 'two done'],
    ['as one script', [intent(two, { actions: [0, 1] }), outcome(intent(two, { actions: [0, 1] }))], 'two done'],
    ['failed', effects(two, {}, 'action-failed'), 'two failed'],
    ['an action without an outcome', effects(two).slice(0, 3), 'two unknown'],
    ['some of its actions only', effects(two).slice(0, 2), 'two unknown'],
    ['the connection was lost', effects(two, {}, 'connection-lost'), 'two unknown'],
    ['nobody can tell', effects(two, {}, 'outcome-unknown'), 'two unknown'],
    ['it never arrived', effects(a, {}, 'not-started'), ''],
    ['its second action never arrived', effects(two, {}, 'not-started'), 'two failed'],
    ['several of one step', [...effects(a), ...effects(b, { number: 1 })], 'a done, b done'],
    ['the same one twice in one attempt', [...effects(a), ...effects(a, { number: 1 })], 'a done, a done'],
    ['the same one in two steps', [...effects(a), ...effects(a, { step: '1.2' })], 'a done, a done'],
    ['tried again: the last attempt decides', [...effects(two, {}, 'action-failed'), ...effects(two)], 'two done'],
    ['tried again in vain', [...effects(two), ...effects(two, {}, 'timed-out')], 'two failed'],
    [
      'tried again, where half of it is left: both have happened',
      [...effects(a), ...effects(b, { number: 1 }, 'action-failed'), ...effects(b)],
      'a done, b done',
    ],
    ['settled by a later part', [intent(a), continued('resume'), outcome(intent(a), 'outcome-unknown')], 'a unknown'],
    [
      'resumed: another change is left to be done',
      [...effects(a, {}, 'action-failed'), continued('resume'), ...effects(b)],
      'a failed, b done',
    ],
    [
      'resumed: the numbers begin anew',
      [...effects(a), ...effects(b, { number: 1 }, 'action-failed'), continued('resume'), ...effects(b)],
      'a done, b done',
    ],
    ['an outcome without an intent', [outcome(intent(a))], ''],
    ['an outcome of another host', [intent(a), outcome(intent(a, { host: 'web-2' }))], 'a unknown'],
    [
      'undone',
      [...effects(a), ...effects(b, { number: 1 }), continued('rollback'), ...effects(undo(a), undoOf(a))],
      'a done undone, b done',
    ],
    [
      'undone in vain',
      [...effects(a), continued('rollback'), ...effects(undo(a), undoOf(a), 'action-failed')],
      'a done',
    ],
    [
      'undone at the second try',
      [
        ...effects(a),
        continued('rollback'),
        ...effects(undo(a), undoOf(a), 'action-failed'),
        continued('rollback'),
        ...effects(undo(a), undoOf(a)),
      ],
      'a done undone',
    ],
    [
      'undone, and done again',
      [...effects(a), continued('rollback'), ...effects(undo(a), undoOf(a)), continued('resume'), ...effects(a)],
      'a done undone, a done',
    ],
    [
      'done, undone, done, undone',
      [
        ...effects(a),
        continued('rollback'),
        ...effects(undo(a), undoOf(a)),
        continued('resume'),
        ...effects(a),
        continued('rollback'),
        ...effects(undo(a), undoOf(a)),
      ],
      'a done undone, a done undone',
    ],
    [
      'another one than the undo names',
      [...effects(a), continued('rollback'), ...effects(undo(b), undoOf(b))],
      'a done',
    ],
    [
      'an undo that names none',
      [...effects(a), continued('rollback'), ...effects(undo(a), { ...undoOf(a), want: 'nonsense' })],
      'a done',
    ],
    [
      'rolled back without anything to do for it',
      [...effects(a, {}, 'action-failed'), continued('rollback'), ended('ok')],
      'a failed undone',
    ],
    [
      'rolled back but for what cannot be',
      [...effects(change('gone', ['rm'], { undo: 'irreversible' })), continued('rollback'), ended('ok')],
      'gone done',
    ],
  ])('%s', (_, records, expected) => {
    expect(shown(hostOf(...records))).toBe(expected);
  });

  it('are those of a rollback while they may have an effect, in the order in which they were begun', () => {
    const host = hostOf(
      ...effects(a),
      ...effects(b, { number: 1 }),
      ...effects(two, { step: '1.2' }, 'action-failed'),
      continued('rollback'),
      ...effects(undo(b), undoOf(b, { want: { step: '1.1', number: 1, change: JSON.parse(JSON.stringify(b)) } })),
    );
    expect(changesInEffect(host).map((each) => each.intent.change.summary)).toEqual(['a', 'two']);
  });

  it('know what has been finalized', () => {
    const kept = change('kept', ['grow'], { finalize: [{ kind: 'exec', argv: ['rm'] }] });
    const finalize = {
      operation: 'finalize',
      step: '0.1',
      want: { step: '1.1', number: 0, change: JSON.parse(JSON.stringify(kept)) },
    };
    expect(
      hostOf(...effects(kept), ended('changed'), continued('finalize'), ...effects(change('give up', ['rm']), finalize))
        .changes,
    ).toMatchObject([{ finalized: true, undone: false }]);
  });

  it('keep the intent of their first actions, and what the last program printed', () => {
    const [first, second] = [intent(two), intent(two, { actions: [1] })];
    expect(
      hostOf(first, outcome(first, undefined, 'one'), second, outcome(second, undefined, 'two')).changes,
    ).toMatchObject([{ intent: first, output: { stdout: 'two' } }]);
  });
});

describe('what the next part of a run starts from', () => {
  const plan: PlanFile = {
    playbook: { file: 'grow.yaml', sha256: '', text: '' },
    inputs: { inventory: [], tags: [], skipTags: [], vars: {} },
    hosts: [
      {
        host: 'web-1',
        steps: ['1.1', '1.2', '1.3'].map((id) => ({
          id,
          step: id,
          operation: 'command',
          where: '',
          want: id === '1.3' ? null : { planned: id },
          planned: { outcome: 'noop', reason: '' },
        })),
      },
    ],
  };
  const basis = (...records: readonly JournalRecord[]) =>
    basisOf(historyOf([begin(['web-1', 'web-2']), ...records]), plan);

  it('is bound to no plan', () => {
    expect(basis().approved('web-1')).toBeUndefined();
  });

  it('wants what was wanted last: in an intent, or else in the plan', () => {
    const from = basis(
      ...effects(a, { want: 1 }),
      ...effects(a, { want: 2 }),
      continued('rollback'),
      ...effects(undo(a), undoOf(a)),
    );
    expect(from.want('web-1', '1.1')).toBe(2);
    expect(from.want('web-1', '1.2')).toEqual({ planned: '1.2' });
    expect(from.want('web-1', '1.3')).toBeUndefined();
    expect(from.want('web-1', '9.9')).toBeUndefined();
    expect(from.want('web-2', '1.1')).toBeUndefined();
    // Each rollback numbers its steps anew.
    expect(from.want('web-1', '0.1')).toBeUndefined();
  });

  it.each<[string, readonly JournalRecord[], unknown]>([
    ['it was never begun', [], undefined],
    [
      'all of it is done',
      [intent(a), outcome(intent(a), undefined, 'printed')],
      { kind: 'done', output: { status: 0, stdout: 'printed', stderr: '' } },
    ],
    ['it is done and printed nothing', effects(a), { kind: 'done', output: undefined }],
    ['it failed', effects(a, {}, 'action-failed'), undefined],
    ['it was begun', [intent(a)], { kind: 'unknown', summary: 'a' }],
    ['the connection was lost', effects(a, {}, 'connection-lost'), { kind: 'unknown', summary: 'a' }],
    ['half of it is done', effects(two).slice(0, 2), { kind: 'unknown', summary: 'two' }],
    ['it never arrived', effects(a, {}, 'not-started'), undefined],
    [
      'it failed and was done then',
      [...effects(a, {}, 'action-failed'), ...effects(a)],
      { kind: 'done', output: undefined },
    ],
    ['it was done and failed then', [...effects(a), ...effects(a, {}, 'action-failed')], undefined],
    [
      'an earlier attempt was another change',
      [...effects(a, {}, 'connection-lost'), continued('resume'), ...effects(b)],
      { kind: 'done', output: undefined },
    ],
    ['one of two is unknown', [...effects(a), intent(b, { number: 1 })], { kind: 'unknown', summary: 'b' }],
    ['it was undone', [...effects(a), continued('rollback'), ...effects(undo(a), undoOf(a))], undefined],
  ])('of a step without a desired state: %s', (_, records, expected) => {
    expect(basis(...records).past('web-1', '1.1')).toEqual(expected);
  });

  it('has intents without an outcome, those of a rollback too, until their outcomes are known', () => {
    const left = intent(b, { number: 1 });
    const undoing = intent(undo(a), undoOf(a));
    const other = intent(a, { host: 'web-2' });
    const from = basis(...effects(a), left, other, continued('rollback'), undoing);
    expect(from.open('web-1')).toEqual([left, undoing]);
    expect(from.past('web-1', '1.1')).toEqual({ kind: 'unknown', summary: 'b' });

    const settled = from.knowing([outcome(left, undefined, 'printed')]);
    expect(settled.open('web-1')).toEqual([undoing]);
    expect(settled.open('web-2')).toEqual([other]);
    expect(settled.past('web-1', '1.1')).toMatchObject({ kind: 'done', output: { stdout: 'printed' } });
    expect(settled.knowing([outcome(undoing)]).past('web-1', '1.1')).toBeUndefined();
    expect(settled.want('web-1', '1.2')).toEqual({ planned: '1.2' });
    expect(from.open('web-1')).toHaveLength(2);
  });

  it('knows what became of ten times as many hosts with ten times the work', () => {
    const [few, many] = [20, 200].map((number) => {
      const hosts = Array.from({ length: number }, (_, index) => `web-${String(index)}`);
      const cut = hosts.map((host) => intent(a, { host }));
      const from = basisOf(historyOf([begin(hosts), ...cut, continued('resume', hosts)]), plan);
      return elementsIn(() => {
        for (const one of cut) expect(from.knowing([outcome(one)]).open(one.host)).toEqual([]);
      });
    });
    expect(many).toBeLessThanOrEqual(11 * (few ?? 0));
  });
});
