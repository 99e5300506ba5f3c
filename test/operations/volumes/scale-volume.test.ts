import { describe, expect, it } from 'vitest';
import { ask } from '../../../src/facts/fact.ts';
import { dockerInfo } from '../../../src/facts/daemon/docker.ts';
import { scaleVolume } from '../../../src/operations/volumes/scale-volume.ts';
import { commandLine } from '../../../src/values/shell.ts';
import type { World } from './world.ts';
import {
  answers,
  content,
  ids,
  listed,
  made,
  MiB,
  old,
  plan,
  quota,
  replacement,
  spec,
  state,
  subjects,
  use,
  volume,
} from './world.ts';

const unsized: World = {
  volumes: [volume('foo', { options: {} })],
  states: { foo: state('foo', 0, { quota: quota(0, { project: 0 }), options: undefined, shownBytes: 4096 * MiB }) },
};
const byCopy = { method: 'copy' };
const commands = (planned: ReturnType<typeof plan>): readonly string[] =>
  planned.outcome === 'change'
    ? planned.changes.flatMap(({ actions }) =>
        actions.map((action) =>
          action.kind === 'exec'
            ? commandLine(action.argv)
            : action.kind === 'write-file'
              ? `write ${action.path}: ${action.content}`
              : action.kind,
        ),
      )
    : [];

describe('in place', () => {
  it('sets both limits of the project, and then what Docker will read when it starts', () => {
    const planned = plan();
    expect(subjects(planned)).toEqual(['volume:foo']);
    expect(commands(planned).slice(0, 2)).toEqual([
      "xfs_quota -x -c 'limit -p bsoft=40960k bhard=40960k 7' /var/lib/docker",
      'write /var/lib/docker/volumes/foo/opts.json: {"MountType":"","MountOpts":"","MountDevice":"","Quota":{"Size":41943040}}',
    ]);
    expect(planned).toMatchObject({
      changes: [{ atomic: true, before: { limitBytes: 20 * MiB }, after: { limitBytes: 40 * MiB } }],
    });
    expect(planned.owed).toEqual([expect.stringMatching(/until then it puts its old limit back whenever a container/)]);
  });

  it('says what each method costs', () => {
    expect(plan().warnings).toContainEqual(
      expect.stringMatching(
        /^in place: no downtime; by copy .* about \d+ s: 3 MiB compared by checksum at 100 MiB\/s, 11 entries looked at, 1 container stopped/,
      ),
    );
  });

  it('undoes both, unless more is used by now than fitted before', () => {
    const planned = plan();
    const undo = planned.outcome === 'change' ? planned.changes[0]?.undo : undefined;
    expect(undo).toMatchObject([
      { argv: expect.arrayContaining(['limit -p bsoft=20480k bhard=20480k 7']) },
      {
        argv: expect.arrayContaining(['20480']),
        onFailure: [expect.arrayContaining(['limit -p bsoft=40960k bhard=40960k 7'])],
      },
      { kind: 'write-file' },
    ]);
  });

  it('restarts the daemon when that is allowed, and then owes nothing', () => {
    const planned = plan({}, { restart_daemon: true });
    expect(subjects(planned)).toEqual(['volume:foo', 'daemon']);
    expect(commands(planned)).toContain('systemctl restart docker.service');
    expect(planned.owed).toBeUndefined();
    // Otherwise the daemon would go by the size that was taken back.
    const undo = planned.outcome === 'change' ? planned.changes[0]?.undo : undefined;
    expect([undo?.[0], undo?.at(-1)]).toMatchObject([
      { kind: 'check', equals: 'true', otherwise: expect.stringContaining('live-restore is off by now') },
      { argv: ['systemctl', 'restart', 'docker.service'] },
    ]);
  });

  it('says which stopped containers the daemon will start, whosever they are', () => {
    const idle = use('other', ids.other, undefined, { running: false });
    const world = { uses: [use('app', ids.app, 'foo'), idle], containers: [listed(idle, 'always')] };
    expect(plan(world, { restart_daemon: true }).warnings).toContainEqual(
      'other (always) does not run, and may be started by the daemon when it starts',
    );
    expect(plan(world).warnings).not.toContainEqual(expect.stringContaining('started by the daemon'));
  });

  it('does not restart a daemon that would take its containers with it', () => {
    expect(plan({ docker: { liveRestore: false } }, { restart_daemon: true, method: 'in_place' })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/live-restore is off/),
    });
  });

  it.each([
    ['size and record are as wanted', state('foo', 40 * MiB), 'noop', 0],
    [
      'the daemon has not read it yet',
      state('foo', 40 * MiB, { options: { ...options(40), readByDaemon: false, asCreated: false } }),
      'noop',
      1,
    ],
    [
      'a start of a container has put the old limit back',
      state('foo', 40 * MiB, {
        quota: quota(20 * MiB),
        options: { ...options(40), readByDaemon: false, asCreated: false },
      }),
      'change',
      1,
    ],
    [
      'somebody has raised the limit and not the record',
      state('foo', 20 * MiB, { quota: quota(40 * MiB) }),
      'change',
      1,
    ],
  ])('%s', (_what, foo, outcome, owed) => {
    const planned = plan({ states: { foo } });
    expect(planned.outcome).toBe(outcome);
    expect(planned.owed ?? []).toHaveLength(owed);
  });

  it('finishes what is owed, when asked to', () => {
    const foo = state('foo', 40 * MiB, { options: { ...options(40), readByDaemon: false, asCreated: false } });
    expect(subjects(plan({ states: { foo } }, { restart_daemon: true }))).toEqual(['daemon']);
  });

  it('owes nothing of a volume that the running daemon has created with that size itself', () => {
    const foo = state('foo', 20 * MiB, { options: { ...options(20), readByDaemon: false, asCreated: true } });
    expect(plan({ states: { foo } }, { size: '20MiB' })).toEqual({ outcome: 'noop', reason: 'foo is 20 MiB already' });
    const patchedBack = state('foo', 20 * MiB, { options: { ...options(20), readByDaemon: false, asCreated: false } });
    expect(plan({ states: { foo: patchedBack } }, { size: '20MiB' }).owed).toHaveLength(1);
  });

  it('is made absolute when it is relative', () => {
    const want = scaleVolume.schema.parse({ volume: 'foo', size: '+5MiB' });
    const pinned = scaleVolume.pin?.(want, answers());
    expect(pinned).toMatchObject({ pinned: { volume: 'foo', bytes: 25 * MiB, method: 'in_place' } });
    expect(plan({}, { size: '150%' })).toMatchObject({ changes: [{ after: { limitBytes: 30 * MiB } }] });
  });
});

function options(mebibytes: number) {
  const { options: found } = state('foo', mebibytes * MiB);
  if (found === undefined) throw new Error('no options');
  return found;
}

describe('smaller', () => {
  const big: World = {
    states: { foo: state('foo', 100 * MiB, { quota: quota(100 * MiB, { usedBytes: 30 * MiB }) }) },
    contents: { foo: content('foo', { allocatedBytes: 30 * MiB, apparentBytes: 30 * MiB }) },
  };

  it.each([
    ['what is used and 16 MiB fit', '46MiB', {}, 'change'],
    ['they do not', '45MiB', {}, 'refused'],
    [
      '10 % are more than 16 MiB',
      '46MiB',
      {
        states: { foo: state('foo', 400 * MiB, { quota: quota(400 * MiB, { usedBytes: 300 * MiB }) }) },
        contents: { foo: content('foo', { allocatedBytes: 300 * MiB }) },
      },
      'refused',
    ],
    [
      'quota and directory disagree: the larger counts',
      '46MiB',
      { contents: { foo: content('foo', { allocatedBytes: 40 * MiB }) } },
      'refused',
    ],
    [
      'holes that could be filled until now',
      '50MiB',
      { contents: { foo: content('foo', { allocatedBytes: 30 * MiB, apparentBytes: 80 * MiB }) } },
      'refused',
    ],
    [
      'holes that never could',
      '50MiB',
      { contents: { foo: content('foo', { allocatedBytes: 30 * MiB, apparentBytes: 1024 * MiB }) } },
      'change',
    ],
  ] as const)('%s: %s', (_what, size, more, outcome) => {
    expect(plan({ ...big, ...more }, { size }).outcome).toBe(outcome);
  });

  it.each([
    ['5MiB', '35MiB', 'change'],
    ['5MiB', '34MiB', 'refused'],
    ['50%', '45MiB', 'change'],
    ['50%', '44MiB', 'refused'],
  ])('with a margin of %s: %s', (margin, size, outcome) => {
    expect(plan(big, { size, margin }).outcome).toBe(outcome);
  });

  it('holds for a copy as well, and says what would do', () => {
    expect(plan(big, { size: '40MiB', ...byCopy })).toMatchObject({
      outcome: 'refused',
      reason: 'foo uses 30 MiB, and with a margin of 16 MiB that is more than the 40 MiB wanted',
      remedy: expect.stringMatching(/^ask for 46 MiB or more/),
    });
  });

  it('stops when more has been written since', () => {
    expect(commands(plan(big, { size: '50MiB' })).find((line) => line.includes('report -p'))).toMatch(
      /sh \/var\/lib\/docker 7 51200$/,
    );
  });
});

describe('refused', () => {
  const cases: readonly (readonly [string, World, Record<string, unknown>, RegExp, RegExp])[] = [
    ['no such volume', { volumes: [] }, {}, /there is no volume foo/, /docker volume ls/],
    [
      'another driver',
      { volumes: [volume('foo', { driver: 'rexray' })] },
      {},
      /volume driver rexray/,
      /means of rexray/,
    ],
    [
      'tmpfs',
      { volumes: [volume('foo', { options: { type: 'tmpfs', device: 'tmpfs', o: '***' } })] },
      {},
      /in memory/,
      /create a new volume/,
    ],
    [
      'nfs',
      { volumes: [volume('foo', { options: { type: 'nfs', device: ':/x', o: '***' } })] },
      {},
      /another machine \(nfs\)/,
      /exports/,
    ],
    [
      'a bind by device',
      { volumes: [volume('foo', { options: { type: 'none', device: '/srv/x', o: '***' } })] },
      {},
      /mount of its own/,
      /device or directory/,
    ],
    ['a rootless daemon', { docker: { rootless: true } }, {}, /rootless/, /root/],
    [
      'ext4',
      { states: { foo: state('foo', 20 * MiB, { quota: quota(0, { fileSystem: 'ext4', project: 0 }) }) } },
      {},
      /volumes lie on ext4/,
      /prjquota/,
    ],
    [
      'no prjquota',
      { states: { foo: state('foo', 20 * MiB, { quota: quota(0, { options: ['rw', 'noquota'], project: 0 }) }) } },
      {},
      /without project quotas/,
      /a remount does nothing/,
    ],
    [
      'no xfs_quota',
      { states: { foo: state('foo', 20 * MiB, { quota: quota(0, { quotaTool: false, project: 0 }) }) } },
      {},
      /not installed/,
      /xfsprogs/,
    ],
    [
      'something mounted over it',
      { states: { foo: state('foo', 20 * MiB, { mounted: 'ext4' }) } },
      {},
      /somebody has mounted ext4/,
      /unmount/,
    ],
    ['a volume without a size, in place', unsized, { method: 'in_place' }, /created without a size/, /method: copy/],
    [
      'a size that was never enforced, in place',
      { states: { foo: state('foo', 20 * MiB, { quota: quota(0, { project: 0 }) }) } },
      { method: 'in_place' },
      /nothing enforces it.*moby#43891/,
      /project -s -p/,
    ],
    ['a relative size of a volume without one', unsized, { size: '+1GiB' }, /has no size now/, /write the size itself/],
    ['no container', {}, { container: 'nobody', path: '/data' }, /there is no container nobody/, /docker ps -a/],
    ['nothing mounted there', {}, { container: 'app', path: '/other' }, /nothing mounted at \/other/, /\/data/],
    [
      'a bind',
      {
        uses: [
          use('app', ids.app, undefined, {
            mounts: [{ type: 'bind', source: '/srv', destination: '/data', readOnly: false, propagation: '' }],
          }),
        ],
      },
      { container: 'app', path: '/data/' },
      /no volume but a bind of \/srv/,
      /only volumes/,
    ],
    [
      'a container that binds into the directory, by copy',
      {
        uses: [
          use('app', ids.app, 'foo'),
          use('spy', ids.web, undefined, {
            mounts: [
              {
                type: 'bind',
                source: '/var/lib/docker/volumes/foo/_data/sub',
                destination: '/x',
                readOnly: true,
                propagation: '',
              },
            ],
          }),
        ],
      },
      byCopy,
      /spy does not mount foo by its name/,
      /recreate spy/,
    ],
    [
      'more than would fit, by copy',
      { ...unsized, contents: { foo: content('foo', { allocatedBytes: 50 * MiB }) } },
      byCopy,
      /uses 50 MiB/,
      /ask for/,
    ],
    [
      'no room for a copy',
      {
        ...unsized,
        contents: { foo: content('foo', { allocatedBytes: 30 * MiB }) },
        states: { foo: state('foo', 0, { quota: quota(0, { project: 0, freeBytes: 10 * MiB }), options: undefined }) },
      },
      { ...byCopy, size: '100MiB' },
      /10 MiB free, the copy needs 30 MiB/,
      /make room/,
    ],
    [
      'no inodes for a copy',
      { ...unsized, contents: { foo: content('foo', { entries: 10_000_000 }) } },
      byCopy,
      /free inodes/,
      /remove files/,
    ],
    [
      'mounts below it, by copy',
      { contents: { foo: content('foo', { mountsBelow: ['/var/lib/docker/volumes/foo/_data/x'] }) } },
      byCopy,
      /mounted below/,
      /unmount/,
    ],
    [
      'no tools',
      { tools: { rsync: null, cp: false, tar: false, manifest: false, getfattr: false, getfacl: false } },
      byCopy,
      /none of rsync/,
      /install rsync/,
    ],
    [
      'a container that goes away when it is stopped',
      { specs: [], uses: [use('app', ids.app, 'foo', { autoRemove: true })] },
      byCopy,
      /--rm/,
      /./,
    ],
  ];
  it.each(cases)('%s', (_what, world, want, reason, remedy) => {
    const auto = world.specs === undefined ? world : { ...world, specs: [autoRemoved()] };
    expect(plan(auto, want)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(reason),
      remedy: expect.stringMatching(remedy),
    });
  });
});

function autoRemoved() {
  const own = spec(use('app', ids.app, 'foo'));
  return { ...own, hostConfig: { ...own.hostConfig, AutoRemove: true } };
}

describe('by copy', () => {
  it('creates, copies while the container runs, and replaces the container', () => {
    const planned = plan({}, byCopy);
    expect(subjects(planned)).toEqual(['volume:foo', 'copy:foo', 'containers:foo']);
    expect(commands(planned)).toContain(
      'docker volume create --driver local --label plimsoll.volume=foo --label plimsoll.version=1 --label plimsoll.replaces=foo --opt size=41943040 foo-1',
    );
    expect(planned).toMatchObject({
      changes: [
        { atomic: true, records: [{ kind: 'volume', name: 'foo', version: 1, replaces: 'foo' }] },
        { atomic: false, undo: [] },
        { atomic: true, downtime: expect.stringMatching(/^from the last pass on, about \d+ s: /) },
      ],
    });
  });

  it('is what auto falls back to, with the reason', () => {
    const planned = plan(unsized);
    expect(subjects(planned)).toEqual(['volume:foo', 'copy:foo', 'containers:foo']);
    expect(planned.warnings).toContainEqual('in place: not possible: foo was created without a size');
  });

  it('has no live pass where only a whole copy can be made', () => {
    expect(
      subjects(
        plan({ tools: { rsync: null, cp: true, tar: true, manifest: true, getfattr: true, getfacl: true } }, byCopy),
      ),
    ).toEqual(['volume:foo', 'containers:foo']);
  });

  it('handles all containers with the volume together', () => {
    const planned = plan(
      { uses: [use('app', ids.app, 'foo'), use('web', ids.web, 'foo', { running: false })] },
      byCopy,
    );
    expect(planned).toMatchObject({ changes: [{}, {}, { before: { 'app id': ids.app, 'web id': ids.web } }] });
  });

  it('only copies when no container uses it', () => {
    const planned = plan({ uses: [] }, byCopy);
    expect(subjects(planned)).toEqual(['volume:foo', 'copy:foo', 'containers:foo']);
    expect(planned).toMatchObject({
      changes: [{}, {}, { before: { volume: 'foo' }, after: { volume: 'foo-1' }, finalize: [{ kind: 'exec' }] }],
    });
  });

  it('keeps the labels of the old one, but not that Docker may remove it by itself', () => {
    const planned = plan(
      { volumes: [volume('foo', { labels: { team: 'blue', 'com.docker.volume.anonymous': '' } })] },
      byCopy,
    );
    expect(commands(planned).join('\n')).toMatch(/--label team=blue/);
    expect(commands(planned).join('\n')).not.toMatch(/anonymous/);
  });

  it('does not use a name again', () => {
    expect(plan({ ledger: { highest: 4 } }, byCopy)).toMatchObject({
      changes: [{ after: { volume: 'foo-5' } }, {}, {}],
    });
  });
});

/** Every state in which power can fail, what comes next, and that it is the same undertaking: `before` as it was at first. */
describe('from every state in between', () => {
  const fresh = made('foo', 1, 'foo');
  const two = { volumes: [volume('foo'), fresh] };
  const ready = { foo: state('foo', 20 * MiB), 'foo-1': state('foo-1', 40 * MiB) };
  const unprimed = {
    foo: state('foo', 20 * MiB),
    'foo-1': state('foo-1', 40 * MiB, { quota: quota(0, { project: 0 }), shownBytes: 4096 * MiB }),
  };
  const app = use('app', ids.app, 'foo');
  const oldApp = old('app', ids.app, 'foo');
  const waiting = use('app-new-aaaaaaaaaaaa', ids.newApp, 'foo-1', {
    running: false,
    startedAt: '0001-01-01T00:00:00Z',
  });
  const inForce = [{ name: 'foo-1', replaces: 'foo' }];
  const at = (step: Parameters<typeof replacement>[2]) => [replacement(ids.app, ids.newApp, step)];
  const every = ['volume:foo', 'copy:foo', 'containers:foo'];

  const states: readonly (readonly [string, World, readonly string[]])[] = [
    ['nothing has been done', {}, every],
    ['the ledger has the name, the volume is not created', { ledger: { highest: 1 } }, every],
    ['created, its quota not in force', { ...two, states: unprimed, ledger: { highest: 1 } }, every],
    [
      'created, with the container that Docker is to mount it with',
      {
        ...two,
        states: unprimed,
        uses: [app, use('eager_x', ids.other, 'foo-1', { labels: { 'plimsoll.prime': 'foo-1' }, running: false })],
      },
      every,
    ],
    [
      'its quota in force, and that container is still there',
      {
        ...two,
        states: ready,
        uses: [
          app,
          use('eager_x', ids.other, 'foo-1', {
            labels: { 'plimsoll.prime': 'foo-1' },
            running: false,
            startedAt: '0001-01-01T00:00:00Z',
          }),
        ],
      },
      every,
    ],
    ['its quota in force', { ...two, states: ready }, every.slice(1)],
    [
      'copied partly',
      {
        ...two,
        states: { ...ready, 'foo-1': state('foo-1', 40 * MiB, { quota: quota(40 * MiB, { usedBytes: MiB }) }) },
      },
      every.slice(1),
    ],
    [
      'the new container is created',
      { ...two, states: ready, uses: [app, waiting], replacements: at('creating') },
      every.slice(2),
    ],
    [
      'the old one is stopped',
      { ...two, states: ready, uses: [{ ...app, running: false }, waiting], replacements: at('stopping') },
      every.slice(2),
    ],
    [
      'the last pass is complete',
      {
        ...two,
        states: ready,
        uses: [{ ...app, running: false }, waiting],
        replacements: at('stopping'),
        ledger: { inForce },
      },
      every.slice(2),
    ],
    [
      'the old one has its other name',
      { ...two, states: ready, uses: [oldApp, waiting], replacements: at('swapping'), ledger: { inForce } },
      every.slice(2),
    ],
    [
      'both have exchanged their names',
      {
        ...two,
        states: ready,
        uses: [oldApp, { ...waiting, name: 'app' }],
        replacements: at('swapping'),
        ledger: { inForce },
      },
      every.slice(2),
    ],
    [
      'the new one has been started',
      {
        ...two,
        states: ready,
        uses: [oldApp, use('app', ids.newApp, 'foo-1')],
        replacements: at('starting'),
        ledger: { inForce },
      },
      every.slice(2),
    ],
    [
      'replaced',
      {
        ...two,
        states: ready,
        uses: [oldApp, use('app', ids.newApp, 'foo-1')],
        replacements: at('done'),
        ledger: { inForce },
      },
      [],
    ],
    [
      'replaced, and nothing is written down any more',
      { ...two, states: ready, uses: [oldApp, use('app', ids.newApp, 'foo-1')] },
      [],
    ],
    [
      'the old container is removed',
      { ...two, states: ready, uses: [use('app', ids.newApp, 'foo-1')], ledger: { inForce } },
      [],
    ],
    [
      'the old volume is removed',
      { volumes: [fresh], states: ready, uses: [use('app', ids.newApp, 'foo-1')], ledger: { inForce } },
      [],
    ],
    ['both containers are removed', { ...two, states: ready, uses: [], ledger: { inForce } }, []],
    [
      'the old one is back after a rollback of the containers',
      { ...two, states: ready, uses: [app], ledger: { inForce } },
      every.slice(1),
    ],
    ['the new volume is removed after a rollback', { uses: [app], ledger: { highest: 1 } }, every],
    ['without containers: copied', { ...two, states: ready, uses: [] }, every.slice(1)],
    ['without containers: in force', { ...two, states: ready, uses: [], ledger: { inForce } }, []],
  ];
  it.each(states)('%s', (_what, world, next) => {
    const planned = plan(world, { ...byCopy, pinned: { volume: 'foo', bytes: 40 * MiB, method: 'copy' } });
    expect(subjects(planned)).toEqual(next);
    if (next.length === 0) expect(planned).toEqual({ outcome: 'noop', reason: 'foo-1 is 40 MiB already' });
    const first = plan(world.uses?.length === 0 ? { uses: [] } : {}, byCopy);
    if (planned.outcome !== 'change' || first.outcome !== 'change') return;
    for (const change of planned.changes) {
      const same = first.changes.find(({ subject }) => subject === change.subject);
      const { underWay: _how, made: _name, ...before } = change.before;
      expect(before).toEqual(same?.before);
      if (change.subject === 'volume:foo' && 'made' in change.before) expect(change.undoneTo).toEqual(same?.before);
    }
  });

  it('goes on with the very volume that was made', () => {
    expect(JSON.stringify(plan({ ...two, states: unprimed, ledger: { highest: 1 } }, byCopy))).not.toContain('foo-2');
  });

  it.each([
    ['another size', { size: '60MiB', ...byCopy }, /foo-1 \(40 MiB\) was made to take the place of foo/],
    ['in place', { method: 'in_place' }, /foo-1 was made to take the place of foo/],
  ])('does not begin something else beside it: %s', (_what, want, reason) => {
    expect(plan({ ...two, states: ready }, want)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(reason),
      remedy: expect.stringMatching(/docker volume rm foo-1/),
    });
  });

  it('auto goes on with a copy that has been begun, though it could be had in place', () => {
    expect(subjects(plan({ ...two, states: ready }))).toEqual(every.slice(1));
  });

  it('warns of what is left when nothing is to be done', () => {
    expect(plan({ ...two, states: ready }, { size: '20MiB' })).toMatchObject({
      outcome: 'noop',
      warnings: [expect.stringMatching(/docker volume rm foo-1/)],
    });
  });

  it('does not touch what a container that failed has written', () => {
    const failed = use('app-new-aaaaaaaaaaaa', ids.newApp, 'foo-1', { running: false });
    expect(plan({ ...two, states: ready, uses: [app, failed] }, byCopy)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/app-new-aaaaaaaaaaaa is kept with foo-1/),
      remedy: expect.stringMatching(/docker volume rm foo-1/),
      provisional: [{ subject: 'copy:foo' }, { subject: 'containers:foo', before: { 'app id': ids.app } }],
    });
  });

  it('does not choose between two volumes that are both used', () => {
    expect(
      plan({ ...two, states: ready, uses: [use('batch', ids.web, 'foo'), oldApp, use('app', ids.newApp, 'foo-1')] }),
    ).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(/batch uses foo/) });
  });

  it('means the newest by any older name, and by the container', () => {
    const done = {
      ...two,
      states: { 'foo-1': state('foo-1', 40 * MiB) },
      uses: [oldApp, use('app', ids.newApp, 'foo-1')],
      replacements: at('done'),
    };
    expect(plan(done)).toMatchObject({ outcome: 'noop', reason: 'foo-1 is 40 MiB already' });
    expect(plan(done, { container: 'app', path: '/data' })).toMatchObject({ outcome: 'noop' });
    expect(plan(done, { size: '80MiB' })).toMatchObject({ changes: [{ before: { volume: 'foo-1' } }] });
    expect(plan({ ...done, contents: { 'foo-1': content('foo-1') } }, { size: '80MiB', ...byCopy })).toMatchObject({
      changes: [{ after: { volume: 'foo-2' } }, {}, {}],
    });
  });

  it('gives the new container, and which one it was', () => {
    const world = answers({
      ...two,
      states: ready,
      uses: [oldApp, use('app', ids.newApp, 'foo-1')],
      replacements: at('done'),
    });
    const want = scaleVolume.schema.parse({
      volume: 'foo',
      size: '40MiB',
      pinned: { volume: 'foo', bytes: 40 * MiB, method: 'copy' },
    });
    expect(scaleVolume.result?.(want, world, undefined)).toEqual({
      volume: 'foo-1',
      size: 40 * MiB,
      method: 'copy',
      containers: [{ name: 'app', id: ids.newApp, was: ids.app }],
    });
  });
});

describe('its input', () => {
  it.each([
    [{ volume: 'foo', container: 'app', path: '/data', size: '1GiB' }],
    [{ container: 'app', size: '1GiB' }],
    [{ path: '/data', size: '1GiB' }],
    [{ volume: 'foo', path: '/data', size: '1GiB' }],
    [{ size: '1GiB' }],
    [{ volume: 'foo', size: '20' }],
    [{ volume: 'foo', size: '1GiB', margin: 'much' }],
    [{ volume: 'foo', size: '1GiB', method: 'magic' }],
  ])('%j is refused', (input) => {
    expect(scaleVolume.schema.safeParse(input).success).toBe(false);
  });

  it('asks for nothing about a host whose daemon it cannot understand', () => {
    const known = answers().set(ask(dockerInfo), { ...answers().the(ask(dockerInfo)), rootless: true });
    const want = scaleVolume.schema.parse({ volume: 'foo', size: '1GiB' });
    expect(scaleVolume.needs(want, known).filter((request) => !known.has(request))).toEqual([]);
  });
});
