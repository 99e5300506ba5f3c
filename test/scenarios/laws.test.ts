import { describe, expect, it } from 'vitest';
import type { Action, Change } from '../../src/operations/engine/change.ts';
import type { Intent } from '../../src/run/journal/journal.ts';
import { showChange } from '../../src/run/report/shown.ts';
import type { Call } from './calls.ts';
import { changes } from './calls.ts';
import { compareCalls, differencesFrom } from './laws.ts';
import type { Observed, Printed } from './laws.ts';
import type { Sent } from './recording.ts';

const call = (...argv: readonly string[]): Call => ({ argv, input: '-' });
const load: Action = {
  kind: 'exec',
  argv: ['dmsetup', 'load', 'x'],
  check: { argv: ['dmsetup', 'table', 'x'], equals: 'y' },
  onFailure: [['dmsetup', 'clear', 'x']],
  atEnd: [['umount', '/x']],
};
const feed: Action = { kind: 'exec', argv: ['/bin/sh', '-s'], stdin: 'cd /var/lib/docker' };

describe('what work has called', () => {
  it.each([
    [
      'is what was printed',
      [load, feed],
      [
        call('dmsetup', 'load', 'x'),
        call('dmsetup', 'table', 'x'),
        { argv: ['/bin/sh', '-s'], input: 'cd /var/lib/docker' },
        call('umount', '/x'),
      ],
      false,
      0,
    ],
    [
      'has another word',
      [load],
      [call('dmsetup', 'load', 'z'), call('dmsetup', 'table', 'x'), call('umount', '/x')],
      false,
      1,
    ],
    ['has another input', [feed], [{ argv: ['/bin/sh', '-s'], input: 'cd /' }], false, 1],
    [
      'has one call more',
      [feed],
      [{ argv: ['/bin/sh', '-s'], input: 'cd /var/lib/docker' }, call('rm', '-rf', '/')],
      false,
      1,
    ],
    ['has one call less', [load], [call('dmsetup', 'load', 'x'), call('umount', '/x')], false, 1],
    ['does not clear away', [load], [call('dmsetup', 'load', 'x'), call('dmsetup', 'table', 'x')], false, 1],
    [
      'has failed, and takes back what it said it would',
      [load],
      [call('dmsetup', 'load', 'x'), call('dmsetup', 'clear', 'x')],
      true,
      0,
    ],
    [
      'has failed, and does something else then',
      [load],
      [call('dmsetup', 'load', 'x'), call('dmsetup', 'remove', 'x')],
      true,
      1,
    ],
  ] satisfies readonly (readonly [string, readonly Action[], readonly Call[], boolean, number])[])(
    '%s',
    (_what, actions, called, failed, wrong) => {
      expect(compareCalls(actions, called, failed)).toHaveLength(wrong);
    },
  );
});

const change = (summary: string, action: Action): Change => ({
  summary,
  before: {},
  after: {},
  actions: [action],
  undo: 'irreversible',
  atomic: false,
  bindings: {},
});
const [one, two] = [
  change('one', { kind: 'exec', argv: ['docker', 'stop', 'a'] }),
  change('two', { kind: 'exec', argv: ['docker', 'stop', 'b'] }),
];
const printed = (of: Change, certain = true): Printed => ({ step: of.summary, certain, change: showChange(of) });
const intent = (of: Change): Intent => ({
  type: 'intent',
  at: '',
  host: 'h',
  step: '1.1',
  name: of.summary,
  operation: 'x',
  want: null,
  number: 0,
  change: of,
  actions: [0],
  become: true,
  work: of.summary,
});
const done = (of: Change): readonly Sent[] => [
  { kind: 'intent', intent: intent(of) },
  { kind: 'work', name: of.summary },
  { kind: 'outcome', failed: false },
];

/** Each piece of work has called what its change says. */
const wrongIn = (more: Partial<Observed>): Promise<readonly string[]> =>
  differencesFrom({
    printed: [printed(one), printed(two)],
    sent: [...done(one), ...done(two)],
    calls: (work) => Promise.resolve([call('docker', 'stop', work === 'one' ? 'a' : 'b')]),
    whole: true,
    ...more,
  });

describe('what a run has done', () => {
  it('is what was printed', async () => {
    expect(await wrongIn({})).toEqual([]);
  });

  it.each([
    ['less than was certain', { sent: done(one) }],
    ['in another order', { sent: [...done(two), ...done(one)] }],
    ['twice', { sent: [...done(one), ...done(one), ...done(two)] }],
    [
      'another change than was printed',
      { printed: [printed(one), printed({ ...two, actions: [{ kind: 'exec', argv: ['docker', 'rm', 'b'] }] })] },
    ],
    ['what was not printed as the printed change', { calls: () => Promise.resolve([call('docker', 'rm', 'a')]) }],
    ['what no intent stands for', { sent: [{ kind: 'work', name: 'stray' }, ...done(one), ...done(two)] }],
    [
      'a command beside',
      { sent: [...done(one), { kind: 'command', script: 'rm -rf /', args: [], reads: false }, ...done(two)] },
    ],
  ] satisfies readonly (readonly [string, Partial<Observed>])[])('is wrong when it is %s', async (_what, more) => {
    expect((await wrongIn(more)).length).toBeGreaterThan(0);
  });

  it('may be whatever it has become, where that was uncertain', async () => {
    expect(
      await wrongIn({
        printed: [printed(one), printed(change('two', { kind: 'exec', argv: ['docker', 'kill', 'b'] }), false)],
      }),
    ).toEqual([]);
  });
});

it.each([
  ['docker ps -a', false],
  ['docker volume inspect x', false],
  ['docker volume rm x', true],
  ['docker start x', true],
  ['docker cp x:/v -', false],
  ['docker cp - x:/v', true],
  ['dmsetup table', false],
  ['dmsetup load x', true],
  ['dmsetup create plimsoll-read-7 --readonly --table 0', false],
  ['dmsetup create x --table 0', true],
  ['systemctl is-active docker', false],
  ['systemctl restart docker', true],
  ['xfs_quota -x -c report -p /', false],
  ['xfs_quota -x -c limit -p bhard=1 2 /', true],
  ['resize2fs /dev/x', true],
  ['mount', false],
  ['mount /dev/x /y', true],
])('%s changes something: %s', (line, expected) => {
  expect(changes({ argv: line.split(' '), work: '-' })).toBe(expected);
});
