import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import type { Change } from '../../../src/operations/engine/change.ts';
import type { HostPlan, Plan } from '../../../src/plan/plan.ts';
import type { RunMode } from '../../../src/run/report/recap.ts';
import { paint } from '../../../src/render/line.ts';
import { planView } from '../../../src/render/plan/plan-view.ts';
import { growing, growth, step, unreachable } from '../fleet-of-plans.ts';

const name = (number: number): string => `web-${String(number).padStart(2, '0')}`;
const forty = Array.from({ length: 40 }, (_, index) =>
  growing(name(index + 1), `docker-253:0-${String(100 + index)}-abc`, String(500 + index)),
);
const done: HostPlan = { host: 'db-1', steps: [step({ outcome: 'noop', reason: 'app-1 has 20 GiB already' })] };
const full = step({ outcome: 'refused', reason: 'the pool is full', remedy: 'grow the pool first' });
const refused: HostPlan = {
  host: 'db-2',
  steps: [full],
  error: new AppError('refused', 'the pool is full', { hint: 'grow the pool first' }),
};
/** `on_error: continue`. */
const tolerated: HostPlan = {
  host: 'db-6',
  steps: [full, step({ outcome: 'noop', reason: 'it holds' }, 'Check it', '1.2[3]')],
};
const maybe: HostPlan = {
  host: 'db-3',
  steps: [
    step({ outcome: 'change', changes: [growth('dev-a', '7')] }),
    step(
      { outcome: 'maybe', dependsOn: ['1.1'], reason: 'it reads what that changes', provisional: [] },
      'Read it back',
      '1.2',
    ),
  ],
};

const show = (hosts: readonly HostPlan[], verbose = false, mode: RunMode = 'plan'): string => {
  const plan: Plan = { playbook: 'grow.yaml', hosts };
  return paint(planView(plan, { verbose, mode, runId: 'r1' }), false);
};

describe('the plan of a mixed fleet', () => {
  const text = show([...forty, done, refused, tolerated, maybe, unreachable('db-4'), unreachable('db-5')]);

  it('is this', () => {
    expect(text).toMatchInlineSnapshot(`
      "Plan of grow.yaml
      ~ change   = nothing to do   ? depends on an earlier step   ! refused   $ command as it runs

      web-[01-40]  (40 hosts, the same on each)
        ~ Grow the root file system [grow_rootfs]
            app-1: 10 GiB → 20 GiB
              sizeBytes: 10 GiB → 20 GiB
              $ dmsetup load <device> --table '0 41943040 thin 253:0 <id>'
              # then checks that \`dmsetup table --inactive <device>\` prints "0 41943040 thin 253:0 <id>"
              # if that fails: dmsetup clear <device>
              write /meta/<device> (11 bytes, mode 0600, replaces 11 bytes)
                - {"size":10}
                + {"size":20}
              cannot be undone
            warning: the pool has 3 GiB left
            still owed: restart docker, or <device> falls back
        <device>, <id> differ from host to host: -v prints each host's own commands

      db-1
        = Grow the root file system [grow_rootfs]: app-1 has 20 GiB already

      db-6
        ! Grow the root file system [grow_rootfs]: refused: the pool is full
            remedy: grow the pool first
        = Check it, item 3 [grow_rootfs]: it holds

      db-3
        ~ Grow the root file system [grow_rootfs]
            app-1: 10 GiB → 20 GiB
              sizeBytes: 10 GiB → 20 GiB
              $ dmsetup load dev-a --table '0 41943040 thin 253:0 7'
              # then checks that \`dmsetup table --inactive dev-a\` prints "0 41943040 thin 253:0 7"
              # if that fails: dmsetup clear dev-a
              write /meta/dev-a (11 bytes, mode 0600, replaces 11 bytes)
                - {"size":10}
                + {"size":20}
              cannot be undone
        ? Read it back [grow_rootfs]: depends on "Grow the root file system": it reads what that changes

      Nothing will be done on these:
      ! refused: db-2: at "Grow the root file system": the pool is full
          → grow the pool first
      ! unreachable: 2 hosts: db-[4-5]: <host> (<address>) does not answer
          → check that <host> is up

      Plan: 41 hosts to change (41 changes), 1 with nothing to do, 2 refused, 2 unreachable.
      "
    `);
  });

  it('says what is equal once', () => {
    expect(text.match(/dmsetup load/g)).toHaveLength(2);
    expect(text.match(/is up/g)).toHaveLength(1);
  });
});

describe('a single host', () => {
  it('is shown with its exact commands', () => {
    const text = show([growing('web-01', 'docker-253:0-9-abc', '41')]);
    expect(text).toContain("$ dmsetup load docker-253:0-9-abc --table '0 41943040 thin 253:0 41'");
    expect(text).not.toContain('<device>');
  });
});

describe('verbose', () => {
  it("shows each host's own commands", () => {
    const text = show(forty, true);
    for (const index of forty.keys()) expect(text).toContain(`$ dmsetup load docker-253:0-${String(100 + index)}-abc `);
    expect(text).not.toContain('<device>');
  });
});

describe('folding', () => {
  it('keeps hosts apart that differ in anything but their bindings', () => {
    const other = growing('web-02', 'dev-b', '8');
    const smaller: HostPlan = {
      ...other,
      steps: other.steps.map((each) => ({
        ...each,
        planned: { outcome: 'change', changes: [{ ...growth('dev-b', '8'), summary: 'app-1: 11 GiB → 20 GiB' }] },
      })),
    };
    const text = show([growing('web-01', 'dev-a', '7'), smaller]);
    expect(text).toContain('dmsetup load dev-a');
    expect(text).toContain('dmsetup load dev-b');
  });

  it('never shows one host’s undo or output limit for another’s', () => {
    const withUndo = (host: string, size: string): HostPlan => ({
      host,
      steps: [
        step({
          outcome: 'change',
          changes: [{ ...growth('d', '7'), undo: [{ kind: 'exec', argv: ['truncate', '-s', size] }] }],
        }),
      ],
    });
    // What a rollback would run is not shown here, and still keeps the two apart.
    expect(show([withUndo('a', '1'), withUndo('b', '2')]).match(/can be rolled back/g)).toHaveLength(2);
  });

  it('does not take a part of a number for a binding', () => {
    const two = (host: string, id: string): HostPlan => ({
      host,
      steps: [
        step({ outcome: 'change', changes: [{ ...growth(`dev-${host}`, id), summary: 'grow 1.7 GiB by 77 of 7' }] }),
      ],
    });
    expect(show([two('a', '7'), two('b', '8')])).toContain('grow 1.7 GiB by 77 of 7');
  });
});

describe('notes', () => {
  it('do not keep hosts apart, and name the hosts that they are about', () => {
    const warned = (host: string, free: string): HostPlan => ({
      host,
      steps: [step({ outcome: 'change', changes: [growth(`dev-${host}`, '7')], warnings: [`${free} GiB free`] })],
    });
    const text = show([warned('a-1', '3'), warned('a-2', '3'), warned('a-3', '4')]);
    expect(text.match(/dmsetup load/g)).toHaveLength(1);
    expect(text).toContain('warning on a-[1-2]: 3 GiB free\n');
    expect(text).toContain('warning on a-3: 4 GiB free\n');
  });

  it('stay few when every host says something else', () => {
    const reading = (index: number): HostPlan => ({
      host: `a-${String(index)}`,
      steps: [step({ outcome: 'noop', reason: `read dev-${String(index)}` })],
    });
    const text = show(Array.from({ length: 300 }, (_, index) => reading(index)));
    expect(text.split('\n').length).toBeLessThan(20);
    expect(text).toContain('nothing to do on a-0: read dev-0\n');
    expect(text).toContain("… and 292 more reasons: -v shows each host's own\n");
  });
});

describe('files whose content differs from host to host', () => {
  const writing = (host: string, record: string): HostPlan => ({
    host,
    steps: [
      step({
        outcome: 'change',
        changes: [
          {
            ...growth('d', '1'),
            actions: [{ kind: 'write-file', path: '/m', content: `${record}+\n`, mode: '0600', expect: `${record}\n` }],
            bindings: { old: `${record}\n`, new: `${record}+\n` },
          },
        ],
      }),
    ],
  });

  it('are folded, whatever their sizes', () => {
    const text = show([writing('a', '{"id":9}'), writing('b', '{"id":10}')]);
    expect(text).toContain('write /m (its size, mode 0600, replaces its size)\n          - <old>\n          + <new>\n');
    expect(show([writing('a', '{"id":9}')])).toContain(
      'write /m (10 bytes, mode 0600, replaces 9 bytes)\n          - {"id":9}\n          + {"id":9}+\n',
    );
  });
});

describe('what hosts and files say', () => {
  it('cannot pass for a line of ours or reach the terminal', () => {
    const text = show([
      { host: 'a', steps: [step({ outcome: 'noop', reason: 'x\nb: fine \x1b[2J\x1b]0;title\x07' })] },
    ]);
    expect(text).not.toMatch(/[\x1b\x07]/);
    expect(text).not.toMatch(/^b: fine/m);
  });
});

it('counts no hosts', () => {
  expect(show([])).toContain('Plan: no hosts.');
});

describe('a plan that goes on from an earlier run', () => {
  const undoing = (host: string, device: string, id: string): HostPlan => {
    const undo = { ...growth(device, id), summary: 'app-1: 20 GiB → 10 GiB' };
    return {
      host,
      steps: [
        {
          ...step({ outcome: 'change', changes: [undo], warnings: ['Note it: cannot be undone: /etc/motd'] }),
          operation: 'undo',
        },
        { ...step({ outcome: 'noop', reason: 'it has been undone already' }, 'Tidy up', '1.2'), operation: 'undo' },
      ],
    };
  };

  it('reads as what would be undone', () => {
    expect(show([undoing('a-1', 'dev-a', '7'), undoing('a-2', 'dev-b', '8'), unreachable('a-3')], false, 'rollback'))
      .toMatchInlineSnapshot(`
      "Rollback of run r1 (grow.yaml): what would be undone, the newest first
      ~ undo   = nothing to undo   ? depends on an earlier step   ! refused   $ command as it runs

      a-[1-2]  (2 hosts, the same on each)
        ~ would undo: Grow the root file system
            app-1: 20 GiB → 10 GiB
              sizeBytes: 10 GiB → 20 GiB
              $ dmsetup load <device> --table '0 41943040 thin 253:0 <id>'
              # then checks that \`dmsetup table --inactive <device>\` prints "0 41943040 thin 253:0 <id>"
              # if that fails: dmsetup clear <device>
              write /meta/<device> (11 bytes, mode 0600, replaces 11 bytes)
                - {"size":10}
                + {"size":20}
            warning: Note it: cannot be undone: /etc/motd
        = Tidy up: it has been undone already
        <device>, <id> differ from host to host: -v prints each host's own commands

      Nothing will be done on these:
      ! unreachable: a-3: a-3 (10.0.0.9) does not answer
          → check that a-3 is up

      Plan: 2 hosts to undo (2 changes), 1 unreachable.
      "
    `);
    expect(
      show([{ host: 'a-1', steps: [step({ outcome: 'noop', reason: 'it is undone' })] }], false, 'rollback'),
    ).toContain('Plan: 0 hosts to undo, 1 with nothing to undo.');
  });

  it('reads as what would be finalized', () => {
    const text = show([undoing('a-1', 'dev-a', '7')], true, 'finalize');
    expect(text).toContain(
      'Finalize run r1 (grow.yaml): it cannot be rolled back after this\n~ finalize   = nothing to finalize',
    );
    expect(text).toContain('  ~ would finalize: Grow the root file system\n');
    expect(text).toContain('Plan: 1 host to finalize (1 change).');
  });

  it('is an ordinary one in a resumed run', () => {
    const text = show([growing('a-1', 'dev-a', '7')], false, 'resume');
    expect(text).toContain('Plan of grow.yaml: continues run r1\n');
    expect(text).toContain('  ~ Grow the root file system [grow_rootfs]\n');
    expect(text).toContain('cannot be undone');
  });
});

describe('the rescue of a block', () => {
  const rescued = (host: string, device: string, id: string, provisional: readonly Change[]): HostPlan => ({
    host,
    steps: [
      step({ outcome: 'change', changes: [growth(device, id)] }),
      step(
        { outcome: 'maybe', dependsOn: ['Grow'], reason: 'only if a step of "Grow" fails', provisional },
        'Shrink it again',
        '1.2',
      ),
      step(
        { outcome: 'maybe', dependsOn: ['Grow'], reason: 'only if a step of "Grow" fails', provisional: [] },
        'Tell somebody',
        '1.3',
      ),
      step(
        { outcome: 'maybe', dependsOn: ['Grow', '1.1'], reason: 'only if a step of "Grow" fails', provisional: [] },
        'Look at it',
        '1.4',
      ),
    ],
  });

  it('says once when it is done, and folds like every other step', () => {
    const put = (device: string, id: string): Change => ({
      ...growth(device, id),
      summary: 'app-1: 20 GiB → 10 GiB',
      actions: [{ kind: 'exec', argv: ['dmsetup', 'clear', device] }],
      undo: [],
    });
    const text = show([
      rescued('a-1', 'dev-a', '7', [put('dev-a', '7')]),
      rescued('a-2', 'dev-b', '8', [put('dev-b', '8')]),
    ]);
    expect(text.slice(text.indexOf('  ? Shrink'), text.indexOf('  <device>'))).toMatchInlineSnapshot(`
      "  ? Shrink it again [grow_rootfs]: only if a step of "Grow" fails:
            app-1: 20 GiB → 10 GiB
              sizeBytes: 10 GiB → 20 GiB
              $ dmsetup clear <device>
        ? Tell somebody [grow_rootfs]: only if a step of "Grow" fails
        ? Look at it [grow_rootfs]: depends on "Grow the root file system": only if a step of "Grow" fails
      "
    `);
    expect(text).toContain('a-[1-2]  (2 hosts, the same on each)');
  });

  it('keeps hosts apart that would do something else in it', () => {
    expect(
      show([rescued('a-1', 'dev-a', '7', []), rescued('a-2', 'dev-b', '8', [growth('dev-b', '8')])]).match(/^a-\d$/gm),
    ).toHaveLength(2);
  });
});
