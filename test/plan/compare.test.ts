import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/operations/change.ts';
import type { Planned } from '../../src/operations/operation.ts';
import { compare } from '../../src/plan/compare.ts';

const change = (more: Partial<Change> = {}): Change => ({ summary: 'app: 10 → 20', before: { bytes: 10, inner: { id: 'a', list: [1, 2] } }, after: { bytes: 20 }, actions: [{ kind: 'exec', argv: ['grow'] }], undo: [], atomic: true, bindings: {}, ...more });
const changes = (...list: readonly Change[]): Planned => ({ outcome: 'change', changes: list });
const noop: Planned = { outcome: 'noop', reason: 'it is so' };
const refused: Planned = { outcome: 'refused', reason: 'paused', remedy: 'unpause' };
const maybe: Planned = { outcome: 'maybe', dependsOn: ['a'], reason: 'as things are now', provisional: [change()] };

describe('what was approved and what is found', () => {
  it.each<[string, Planned, Planned, readonly string[]]>([
    ['the same change', changes(change()), changes(change()), []],
    ['the same with its keys in another order', changes(change({ before: { a: 1, b: 2 } })), changes(change({ before: { b: 2, a: 1 } })), []],
    ['nothing to do, for another reason', noop, { outcome: 'noop', reason: 'another' }, []],
    ['other warnings', { ...changes(change()), warnings: ['x'] }, changes(change()), []],
    ['uncertain before: anything', maybe, changes(change({ summary: 'else' })), []],
    ['uncertain before: nothing to do', maybe, noop, []],
    ['another size', changes(change()), changes(change({ before: { bytes: 15, inner: { id: 'a', list: [1, 2] } } })), ['app: 10 → 20: bytes was 10, is 15']],
    ['another fact deep inside', changes(change()), changes(change({ before: { bytes: 10, inner: { id: 'b', list: [2, 1] } } })), ['app: 10 → 20: inner.id was "a", is "b"', 'app: 10 → 20: inner.list was [1,2], is [2,1]']],
    ['a fact that is gone', changes(change({ before: { a: 1, b: 2 } })), changes(change({ before: { a: 1 } })), ['app: 10 → 20: b was 2, is undefined']],
    ['other commands', changes(change()), changes(change({ actions: [{ kind: 'exec', argv: ['shrink'] }] })), ['approved: app: 10 → 20; now: app: 10 → 20, by other commands']],
    ['one container more', changes(change()), changes(change(), change({ summary: 'b: 1 → 2' })), ['approved: app: 10 → 20; now: app: 10 → 20; b: 1 → 2']],
    ['done already', changes(change()), noop, ['approved: app: 10 → 20; now: nothing to do (it is so)']],
    ['to do after all', noop, changes(change()), ['approved: nothing to do (it is so); now: app: 10 → 20']],
    ['refused now', changes(change()), refused, ['approved: app: 10 → 20; now: refused (paused)']],
    ['possible now', refused, changes(change()), ['approved: refused (paused); now: app: 10 → 20']],
  ])('%s', (_what, approved, fresh, differences) => {
    expect(compare(approved, fresh)).toEqual(differences);
  });
});
