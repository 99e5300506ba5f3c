import { spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/operations/engine/change.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { operations } from '../../../src/operations/registry.ts';
import { copyVolume } from '../../../src/operations/copies/copy-volume.ts';
import { compile, isScriptAction } from '../../../src/run/work/compile.ts';
import { undoOperation } from '../../../src/run/continuing/undo.ts';
import { runScript } from '../../facts/real-shell.ts';
import { CopyHost } from '../copy-host.ts';
import { applyHere, knowHere } from '../on-this-machine.ts';
import { planLawfully } from '../plan-lawfully.ts';

type Want = Parameters<typeof copyVolume.plan>[0];

describe('copy_volume', () => {
  let host: CopyHost;
  beforeEach(() => {
    host = new CopyHost();
    mkdirSync(join(host.from, 'inner'));
    writeFileSync(join(host.from, 'inner', 'plain'), 'plain');
    linkSync(join(host.from, 'inner', 'plain'), join(host.from, 'linked'));
    spawnSync('chmod', ['1751', host.from]);
  });
  afterEach(() => {
    host.remove();
  });

  const wanted = (more: Record<string, unknown> = {}): Want =>
    copyVolume.schema.parse({ from: { path: host.from }, to: { path: host.to }, ...more });
  const know = (want: Want): ReturnType<typeof knowHere> => knowHere(copyVolume, want, host.lead, host.answers());
  const plan = (want: Want): Planned => planLawfully(copyVolume, want, know(want));
  /** As a run does it, once, when it begins. */
  const pin = (want: Want): Want => copyVolume.pin?.(want, know(want)) ?? want;

  function changesOf(planned: Planned): readonly Change[] {
    if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
    return planned.changes;
  }
  function apply(planned: Planned): void {
    for (const { actions } of changesOf(planned)) applyHere(actions, host.lead);
  }
  function rollBack(want: Want, changes: readonly Change[], complete = true): void {
    const undo = undoOperation(operations);
    for (const [number, change] of [...changes.entries()].reverse()) {
      const wish = undo.schema.parse({ step: '1', number, operation: 'copy_volume', want, change, complete });
      const planned = undo.plan(wish, know(want));
      if (planned.outcome === 'refused') throw new Error(planned.reason);
      if (planned.outcome === 'change') for (const { actions } of planned.changes) applyHere(actions, host.lead);
    }
  }
  const read = (...path: readonly string[]): string => readFileSync(join(host.to, ...path), 'utf8');
  const left = (directory: string): readonly string[] =>
    existsSync(join(host.base, 'state', directory)) ? readdirSync(join(host.base, 'state', directory)) : [];

  describe('planned', () => {
    // What this machine lacks is not what these plans are about.
    beforeEach(() => {
      host.tools = { ...host.tools, getfattr: true, getfacl: true };
    });

    it.each<[string, Record<string, unknown>, RegExp]>([
      ['a volume that there is not', { from: { volume: 'gone' } }, /no volume gone/],
      ['a container that there is not', { from: { container: 'gone', path: '/x' } }, /no container gone/],
      [
        'the files of a container that does not run',
        { from: { container: 'stopped', path: '/etc' } },
        /layer of stopped itself, which is not mounted/,
      ],
      ['a volume of another driver', { from: { volume: 'plugged' } }, /driver rexray/],
      [
        'a volume that is mounted only while it is used',
        { from: { volume: 'nfs' } },
        /nfs of :\/export, which is mounted only while/,
      ],
      [
        'a directory that is used, unless it is said what is to become of its users',
        {},
        /app, beside run and use what is to be copied/,
      ],
      [
        'a destination that is written to',
        { stop: false, to: { path: '$base/used' } },
        /used is used by user, which is running/,
      ],
      [
        'what would be gone when it is stopped',
        { stop: true, from: { path: '$base/fleeting' } },
        /fleet was started with --rm/,
      ],
      [
        'what an orchestrator would start again',
        { stop: true, from: { path: '$base/swarm' } },
        /orchestrated belongs to swarm/,
      ],
      ['what others live in', { stop: true, from: { path: '$base/shared' } }, /guest lives in a namespace of host/],
      [
        "a container's link that leads out of what it has mounted",
        { from: { container: 'app', path: '/data/out' } },
        /symbolic link in it, which leads to .*\/elsewhere/,
      ],
    ])('refuses %s', (_what, more, reason) => {
      host.container('app', host.from);
      host.container('beside', join(host.from, 'inner'));
      host.container('from-above', '/', { mount: { readOnly: true } });
      host.container('stopped', '/nowhere', { running: false });
      for (const name of ['used', 'fleeting', 'swarm', 'shared', 'elsewhere']) mkdirSync(join(host.base, name));
      symlinkSync('../elsewhere', join(host.from, 'out'));
      host.container('user', join(host.base, 'used'));
      host.container('fleet', join(host.base, 'fleeting'), { autoRemove: true });
      host.container('orchestrated', join(host.base, 'swarm'), { labels: { 'com.docker.swarm.task.id': 'x' } });
      const id = host.container('host', join(host.base, 'shared'));
      host.container('guest', '/nowhere', { networkMode: `container:${id}` });
      host.volumes = [
        { name: 'plugged', driver: 'rexray', mountpoint: '', labels: {}, options: {}, scope: 'global', createdAt: '' },
        {
          name: 'nfs',
          driver: 'local',
          mountpoint: '/nowhere',
          labels: {},
          options: { type: 'nfs', device: ':/export' },
          scope: 'local',
          createdAt: '',
        },
      ];
      const input: unknown = JSON.parse(JSON.stringify(more).replaceAll('$base', host.base));
      expect(plan(wanted(input as Record<string, unknown>))).toMatchObject({
        outcome: 'refused',
        reason: expect.stringMatching(reason),
        remedy: expect.stringMatching(/\w{3}/),
      });
    });

    it('finds what a volume, and a path in a container, are on the host', () => {
      host.volumes = [
        {
          name: 'data',
          driver: 'local',
          mountpoint: host.from,
          labels: {},
          options: {},
          scope: 'local',
          createdAt: '',
        },
      ];
      host.container('app', host.to, { running: false, mount: { destination: '/var/data' } });
      mkdirSync(join(host.to, 'sub'));
      const planned = plan(wanted({ from: { volume: 'data' }, to: { container: 'app', path: '/var/data/sub' } }));
      expect(planned).toMatchObject({
        outcome: 'change',
        changes: [
          {
            summary: expect.stringMatching(/^volume data → app:\/var\/data\/sub: 3 entries/),
            subject: `final:${join(host.to, 'sub')}`,
          },
        ],
      });
    });

    it('finds the own files of a container where the storage driver shows them, and only while it runs', () => {
      mkdirSync(join(host.base, 'merged', 'etc', 'app'), { recursive: true });
      writeFileSync(join(host.base, 'merged', 'etc', 'app', 'conf'), 'x');
      symlinkSync('/etc', join(host.base, 'merged', 'link'));
      host.container('app', '/nowhere');
      expect(plan(wanted({ from: { container: 'app', path: '/etc/app' } }))).toMatchObject({
        outcome: 'change',
        changes: [{ summary: expect.stringMatching(/^app:\/etc\/app → .*: 1 entries/) }],
        warnings: [expect.stringMatching(/^app runs on/)],
      });
      // On the host it is the host's /etc.
      expect(plan(wanted({ from: { container: 'app', path: '/link' } }))).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining('leads to /etc on the host'),
      });
    });

    it('knows the users of a volume that is a directory elsewhere, and of one behind a symbolic link', () => {
      host.volumes = [
        {
          name: 'bound',
          driver: 'local',
          mountpoint: '/docker/volumes/bound/_data',
          labels: {},
          options: { type: 'none', device: host.from, o: '***' },
          scope: 'local',
          createdAt: '',
        },
      ];
      host.container('app', '/docker/volumes/bound/_data');
      symlinkSync(host.to, join(host.base, 'link'));
      host.container('web', join(host.base, 'link'));
      expect(plan(wanted({ from: { volume: 'bound' }, to: { path: join(host.base, 'link') } }))).toMatchObject({
        outcome: 'refused',
        reason: expect.stringMatching(/^app, web run and use/),
      });
    });

    it('takes a mount from above for no use that it has to stop, and says so where it could write', () => {
      host.container('agent', '/', { mount: { readOnly: true } });
      host.container('root', '/');
      const planned = plan(wanted({ stop: true }));
      expect(planned).toMatchObject({
        outcome: 'change',
        changes: [{ atomic: false }],
        warnings: [expect.stringMatching(/^root runs on/)],
      });
    });

    it.each([
      { from: {} },
      { from: { volume: 'a', path: '/b' } },
      { from: { container: 'a' } },
      { to: { path: 'relative' } },
      { method: 'mv' },
      { bwlimit: '3' },
    ])('its schema refuses %j', (more) => {
      expect(copyVolume.schema.safeParse({ from: { path: '/a' }, to: { path: '/b' }, ...more }).success).toBe(false);
    });

    it('warns of flags that are not copied', { tags: ['lab:flags'] }, () => {
      expect(JSON.stringify(plan(wanted()))).not.toContain('chattr');
      spawnSync('chattr', ['+i', join(host.from, 'linked')]);
      const planned = plan(wanted());
      spawnSync('chattr', ['-i', join(host.from, 'linked')]);
      expect(JSON.stringify(planned)).toContain('chattr');
    });
  });

  describe('carried out', { tags: ['root', 'lab:rsync'] }, () => {
    it('copies while containers run, then once more while they are stopped, and starts them again in their order', () => {
      const app = host.container('app', host.from);
      const beside = host.container('beside', join(host.from, 'inner'));
      const want = pin(wanted({ stop: true }));
      const planned = plan(want);
      expect(
        changesOf(planned).map(({ summary, subject, atomic }) => ({
          summary: summary.replace(host.from, 'A').replace(host.to, 'B'),
          subject: subject?.replace(host.to, 'B'),
          atomic,
        })),
      ).toEqual([
        {
          summary: expect.stringMatching(/^A → B: 3 entries, .*, by rsync, while app, beside run$/),
          subject: 'copy:B',
          atomic: false,
        },
        { summary: 'stop app, beside, copy the rest and compare, start them again', subject: 'final:B', atomic: true },
      ]);
      const [first, last] = changesOf(planned);
      applyHere(first?.actions ?? [], host.lead);
      expect([left('copies').length, host.runs(app)]).toEqual([1, true]);
      writeFileSync(join(host.from, 'later'), 'later');
      rmSync(join(host.from, 'linked'));
      // As the one script that it is on a host.
      const { script } = compile((last?.actions ?? []).filter(isScriptAction));
      expect(runScript(host.lead(script))).toMatchObject({ status: 0, stderr: '' });
      expect(host.asked()).toEqual(['stop app beside', 'start app', 'start beside']);
      expect([host.runs(app), host.runs(beside), left('copies'), left('stopped')]).toEqual([true, true, [], []]);
      expect([read('later'), readdirSync(host.to)]).toEqual(['later', ['inner', 'later']]);

      writeFileSync(join(host.from, 'written after'), 'the containers run again');
      expect(plan(want).outcome).toBe('noop');
      // Another run is to bring it up to date, and cannot give back what it was.
      expect(plan(wanted({ stop: true }))).toMatchObject({
        outcome: 'change',
        changes: [{ summary: expect.stringContaining('bring the copy up to date'), undo: 'irreversible' }, {}],
      });
      apply(plan(pin(wanted({ stop: true }))));
      expect(read('written after')).toBe('the containers run again');
    });

    it('takes a first pass back, with or without the final one', () => {
      const app = host.container('app', host.from);
      const want = pin(wanted({ stop: true }));
      const before = plan(want);
      const changes = changesOf(before);
      applyHere(changes[0]?.actions ?? [], host.lead);
      writeFileSync(join(host.from, 'inner', 'plain'), 'written to by app');
      rollBack(want, changes.slice(0, 1));
      expect([readdirSync(host.to), left('copies'), left('copied'), host.runs(app)]).toEqual([[], [], [], true]);
      expect(changesOf(plan(want)).map(({ before: found }) => found)).toEqual(
        changes.map(({ before: found }) => found),
      );
    });

    it('makes the first pass on its own, which is no copy yet, and completes it later', () => {
      const app = host.container('app', host.from);
      const want = pin(wanted({ first_pass_only: true }));
      apply(plan(want));
      expect([plan(want).outcome, left('copies').length, host.runs(app)]).toEqual(['noop', 1, true]);
      // Half a copy is no source.
      mkdirSync(join(host.base, 'third'));
      expect(plan(wanted({ from: { path: host.to }, to: { path: join(host.base, 'third') } }))).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining('never completed'),
      });
      writeFileSync(join(host.from, 'later'), 'later');
      rmSync(join(host.from, 'linked'));
      host.set(app, false);
      const last = pin(wanted());
      expect(changesOf(plan(last)).map(({ summary }) => summary)).toEqual([
        expect.stringContaining('go on with the copy of 3 entries'),
      ]);
      apply(plan(last));
      expect([readdirSync(host.to), plan(last).outcome, left('copies')]).toEqual([['inner', 'later'], 'noop', []]);
      expect(
        plan(wanted({ first_pass_only: true, method: 'cp', to: { path: join(host.base, 'third') } })),
      ).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('cp cannot go on') });
    });

    it('copies at once where nothing runs, has nothing to do the second time, and is taken back', () => {
      const want = pin(wanted());
      const planned = plan(want);
      apply(planned);
      expect(spawnSync('stat', ['-c', '%a', host.to], { encoding: 'utf8' }).stdout).toBe('1751\n');
      expect([plan(want).outcome, plan(wanted()).outcome]).toEqual(['noop', 'noop']);
      rollBack(want, changesOf(planned));
      expect(readdirSync(host.to)).toEqual([]);
      expect(plan(want)).toEqual(planned);
      expect(left('copied')).toEqual([]);
    });

    it('is taken back after two passes, although the source has been written to since', () => {
      const app = host.container('app', host.from);
      const want = pin(wanted({ stop: true }));
      const planned = plan(want);
      apply(planned);
      writeFileSync(join(host.from, 'inner', 'plain'), 'changed after');
      rollBack(want, changesOf(planned));
      expect([readdirSync(host.to), host.runs(app)]).toEqual([[], true]);
    });

    it.each<[string, () => void, RegExp]>([
      [
        'something has been written to it',
        () => {
          writeFileSync(join(host.to, 'mine'), '');
        },
        /holds more than the copy/,
      ],
      [
        'something has been removed from it',
        () => {
          rmSync(join(host.to, 'inner'), { recursive: true });
        },
        /holds more than the copy/,
      ],
      [
        'a running container has it',
        () => {
          host.container('new', host.to);
        },
        /a running container uses/,
      ],
    ])('is not taken back when %s since', (_what, happen, reason) => {
      const want = pin(wanted());
      const planned = plan(want);
      apply(planned);
      happen();
      const before = readdirSync(host.to);
      expect(() => {
        rollBack(want, changesOf(planned));
      }).toThrow(reason);
      expect(readdirSync(host.to)).toEqual(before);
    });

    it.each<[string, string, RegExp]>([
      [
        'the source is another directory once they are stopped',
        'mv "$base/../from" "$base/../away"; mkdir "$base/../from"',
        /another directory now than the one that was planned for/,
      ],
      [
        'the destination holds something else by then',
        'echo mine >"$base/../to/mine"',
        /holds something that is not in/,
      ],
      ['it is ended', 'kill -TERM $PPID', /ended with 143/],
      [
        'one of them is started during the pass',
        'echo "echo >>$base/starts" >"$base/on-inspect"',
        /has been started during the final pass/,
      ],
    ])('starts the containers again when %s, and then goes on', (_what, script, reason) => {
      const app = host.container('app', host.from);
      const want = pin(wanted({ stop: true }));
      const [first, last] = changesOf(plan(want));
      applyHere(first?.actions ?? [], host.lead);
      writeFileSync(join(host.from, 'later'), 'later');
      host.onStop(script);
      expect(() => {
        applyHere(last?.actions ?? [], host.lead);
      }).toThrow(reason);
      expect([host.runs(app), left('stopped'), left('copies').length]).toEqual([true, [], 1]);

      host.onStop('rm -f "$base/on-inspect"');
      if (existsSync(join(host.base, 'away'))) {
        rmSync(host.from, { recursive: true });
        renameSync(join(host.base, 'away'), host.from);
      }
      if (existsSync(join(host.to, 'mine'))) {
        expect(plan(want)).toMatchObject({
          outcome: 'refused',
          reason: expect.stringContaining('mine is not in the source'),
        });
        rmSync(join(host.to, 'mine'));
      }
      apply(plan(want));
      expect([plan(want).outcome, read('later'), host.runs(app)]).toEqual(['noop', 'later', true]);
    });

    describe('after the power failed', () => {
      const cut = (
        upTo: (script: string) => string,
      ): {
        readonly want: Want;
        readonly changes: readonly Change[];
        readonly app: string;
        readonly beside: string;
      } => {
        const app = host.container('app', host.from);
        const beside = host.container('beside', host.from);
        const want = pin(wanted({ stop: true }));
        const changes = changesOf(plan(want));
        applyHere(changes[0]?.actions ?? [], host.lead);
        writeFileSync(join(host.from, 'later'), 'later');
        const cutShort = (changes[1]?.actions ?? []).map((action) =>
          action.kind === 'exec' && action.stdin !== undefined ? { ...action, stdin: upTo(action.stdin) } : action,
        );
        applyHere(cutShort, host.lead);
        return { want, changes, app, beside };
      };
      // The trap is what a power failure does not leave time for.
      const stops = (script: string): string =>
        script.replace('trap end EXIT', ':').replace('stopped=$(look $ids) || exit 1', 'exit 0');
      const copies = (script: string): string => script.replace('trap end EXIT', ':');

      it('while they were stopped: goes on, and starts all of them', () => {
        const { want, app, beside } = cut(stops);
        expect([host.runs(app), host.runs(beside)]).toEqual([false, false]);
        // One has come back by its restart policy.
        host.set(beside, true);
        const planned = plan(want);
        expect(changesOf(planned)[1]).toMatchObject({
          summary: 'stop app, beside, copy the rest and compare, start them again',
          before: { unfinished: true, stopped: ['app'] },
        });
        apply(planned);
        expect([host.runs(app), host.runs(beside), plan(want).outcome, left('stopped')]).toEqual([
          true,
          true,
          'noop',
          [],
        ]);
      });

      it('after the copy, before they were started: starts them', () => {
        const { want, app, beside } = cut(copies);
        expect([host.runs(app), host.runs(beside)]).toEqual([false, false]);
        const planned = plan(want);
        expect(changesOf(planned)).toMatchObject([
          { summary: 'start app, beside again, stopped for the copy', before: { stopped: ['app', 'beside'] } },
        ]);
        host.cannotStart(true);
        expect(() => {
          apply(planned);
        }).toThrow(/could not be started again/);
        host.cannotStart(false);
        apply(planned);
        expect([host.runs(app), host.runs(beside), plan(want).outcome, left('stopped')]).toEqual([
          true,
          true,
          'noop',
          [],
        ]);
      });

      it.each([
        ['while they were stopped', stops],
        ['after the copy', copies],
      ])('%s: a rollback starts them, and empties the destination', (_when, upTo) => {
        const { want, changes, app, beside } = cut(upTo);
        rollBack(want, changes, false);
        expect([host.runs(app), host.runs(beside), readdirSync(host.to), left('stopped'), left('copies')]).toEqual([
          true,
          true,
          [],
          [],
          [],
        ]);
      });
    });

    it.each(['cp', 'tar'])('makes one pass by %s, with everything stopped', (method) => {
      const app = host.container('app', host.from);
      const want = pin(wanted({ stop: true, method }));
      const planned = plan(want);
      expect(changesOf(planned).map(({ summary }) => summary)).toEqual([
        expect.stringMatching(new RegExp(`by ${method}; stop app, copy and compare, start it again$`)),
      ]);
      apply(planned);
      expect([read('linked'), host.runs(app), plan(want).outcome]).toEqual(['plain', true, 'noop']);
    });

    it('finds what was written through a memory map: another content of the same size and time', () => {
      const app = host.container('app', host.from);
      const want = pin(wanted({ stop: true }));
      const [first, last] = changesOf(plan(want));
      const at = new Date('2026-01-01T00:00:00Z');
      utimesSync(join(host.from, 'linked'), at, at);
      applyHere(first?.actions ?? [], host.lead);
      writeFileSync(join(host.from, 'linked'), 'PLAIN');
      utimesSync(join(host.from, 'linked'), at, at);
      applyHere(last?.actions ?? [], host.lead);
      expect([read('linked'), host.runs(app)]).toEqual(['PLAIN', true]);
    });

    it('replaces something else only where that was said, and gives it to containers again that have the destination', () => {
      writeFileSync(join(host.to, 'old'), 'old');
      const app = host.container('app', host.to);
      expect(plan(wanted({ stop: true }))).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining('holds something else'),
      });
      const want = pin(wanted({ stop: true, delete: true }));
      apply(plan(want));
      expect([readdirSync(host.to), host.runs(app)]).toEqual([['inner', 'linked'], true]);
      writeFileSync(join(host.to, 'written by app'), '');
      expect(plan(want).outcome).toBe('noop');
    });
  });
});
