import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/operations/engine/change.ts';
import type { HostPlan } from '../../../src/plan/plan.ts';
import { foldChanges } from '../../../src/render/plan/fold-changes.ts';
import { planView } from '../../../src/render/plan/plan-view.ts';

function removal(volume: string, identity: string, more: Partial<Change> = {}): Change {
  return {
    summary: `${volume}: removed`,
    subject: `volume:${volume}`,
    before: { volume, is: identity },
    after: { volume, is: 'nothing' },
    actions: [{ kind: 'exec', argv: ['remove', volume, identity] }],
    undo: 'irreversible',
    atomic: true,
    bindings: { volume, identity },
    ...more,
  };
}
const many = Array.from({ length: 100 }, (_, index) =>
  removal(`v-${String(index + 1).padStart(3, '0')}`, `9.${String(index)}5`),
);

describe('changes of one step', () => {
  it('that differ only in what they are about are one, with all of their names', () => {
    const groups = foldChanges([
      ...many.slice(0, 50),
      removal('other', '1.5', { summary: 'other: kept' }),
      ...many.slice(50),
    ]);
    expect(groups.map(({ change, all }) => [change.summary, all])).toEqual([
      ['v-001: removed', { number: 100, names: 'v-[001-100]' }],
      ['other: kept', undefined],
    ]);
  });

  it('are shown one by one where there are few, or they differ in anything else', () => {
    expect(foldChanges(many.slice(0, 3))).toHaveLength(3);
    const differing = many.slice(0, 4).map((change, index) => ({ ...change, after: { volume: 'x', number: index } }));
    expect(foldChanges(differing)).toHaveLength(4);
    expect(foldChanges(many.slice(0, 4).map((change) => ({ ...change, bindings: {} })))).toHaveLength(4);
  });
});

describe('the preview', () => {
  const host = (name: string, changes: readonly Change[]): HostPlan => ({
    host: name,
    steps: [
      {
        id: '1.1',
        step: 'Clean up',
        operation: 'clean_volumes',
        where: 'p.yaml:1:1',
        want: null,
        planned: { outcome: 'change', changes },
      },
    ],
  });
  const view = (hosts: readonly HostPlan[], verbose: boolean, mode: 'plan' | 'rollback' = 'plan'): string =>
    planView({ playbook: 'p.yaml', hosts }, { verbose, mode })
      .map(({ text }) => text)
      .join('\n');

  it('names each of them once, and shows the commands of all of them with -v', () => {
    const text = view([host('web-1', many)], false);
    expect(text).toContain(
      '      <volume>: removed\n        is: <identity> → nothing\n        $ remove <volume> <identity>\n        cannot be undone\n        each of these 100: v-[001-100]\n',
    );
    expect(text).toContain('1 host to change (100 changes)');
    expect(view([host('web-1', many)], true).match(/\$ remove v-/g)).toHaveLength(100);
  });

  it('folds hosts that would do as much, each to its own', () => {
    const text = view([host('web-1', many.slice(0, 50)), host('web-2', many.slice(50))], false);
    expect(text).toContain('web-[1-2]  (2 hosts, the same on each)');
    expect(text).toContain('        so each of 50 on every host\n');
    expect(text).not.toContain('v-0');
  });

  it('of a rollback shows the steps that take one step back as one', () => {
    const steps = many.map((change, index) => ({
      id: `0.${String(index + 1)}`,
      step: 'Clean up',
      operation: 'undo',
      where: 'p.yaml:1:1',
      want: null,
      planned: { outcome: 'change' as const, changes: [change] },
    }));
    const text = view([{ host: 'web-1', steps }], false, 'rollback');
    expect(text.match(/Clean up/g)).toHaveLength(1);
    expect(text).toContain('each of these 100: v-[001-100]');
  });
});
