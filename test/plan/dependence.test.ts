import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/operations/engine/change.ts';
import type { Planned } from '../../src/operations/engine/operation.ts';
import { dependsOn, qualify } from '../../src/plan/dependence.ts';

const pending = [
  { step: 'grow', changes: ['container:a', 'device:d'] },
  { step: 'run', changes: ['*'] },
  { step: 'read', changes: [] },
  { step: 'run', changes: ['path:/x'] },
];

describe('which earlier steps a step depends on', () => {
  it.each([
    [['container:a'], ['grow', 'run']],
    [['container:b'], ['run']],
    [['*'], ['grow', 'run']],
    [['path:/x'], ['run']],
    [['container:'], ['run']],
    [[], []],
  ])('%j: %j', (reads, steps) => {
    expect(dependsOn(reads, pending)).toEqual(steps);
  });

  it('none without earlier changes', () => {
    expect(dependsOn(['*'], [{ step: 'read', changes: [] }])).toEqual([]);
  });
});

describe('what becomes of its plan', () => {
  const change: Change = { summary: 's', before: {}, after: {}, actions: [], undo: [], atomic: true, bindings: {} };
  const grow = [{ step: 'grow', changes: ['container:a'] }];
  const notes = { warnings: ['w'], owed: ['o'] };

  it.each<[Planned, Planned]>([
    [
      { outcome: 'noop', reason: 'done', ...notes },
      { outcome: 'maybe', dependsOn: ['grow'], reason: 'as things are now: done', provisional: [], ...notes },
    ],
    [
      { outcome: 'change', changes: [change], ...notes },
      { outcome: 'maybe', dependsOn: ['grow'], reason: 'as things are now', provisional: [change], ...notes },
    ],
    [
      { outcome: 'refused', reason: 'paused', remedy: 'r' },
      {
        outcome: 'maybe',
        dependsOn: ['grow'],
        reason: 'as things are now it would be refused: paused',
        provisional: [],
      },
    ],
    [
      { outcome: 'maybe', dependsOn: ['x'], reason: 'r', provisional: [] },
      { outcome: 'maybe', dependsOn: ['x'], reason: 'r', provisional: [] },
    ],
  ])('$outcome', (planned, qualified) => {
    expect(qualify(planned, ['container:a'], grow)).toEqual(qualified);
    expect(qualify(planned, ['container:b'], grow)).toEqual(planned);
  });
});
