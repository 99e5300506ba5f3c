import { beforeAll, describe, expect, it } from 'vitest';
import { parseTableLine } from '../../src/facts/host/device-mapper.ts';
import type { Growth } from '../../src/facts/pools/pool-growth.ts';
import { growPool } from '../../src/operations/pools/grow-pool.ts';
import type { Planned } from '../../src/operations/engine/operation.ts';
import { commandLine } from '../../src/values/shell.ts';
import { planLawfully } from './plan-lawfully.ts';
import type { OfflineWorld } from './pool-offline-world.ts';
import { begun, described, nothingBegun, offlineAnswers, offlineWorld, runs } from './pool-offline-world.ts';
import { poolWorld, withLoop, withPool } from './pool-world.ts';
import { MiB } from './recorded-hosts.ts';

const gib = 1024 * MiB;
const directory = '/var/lib/docker/devicemapper/devicemapper';
let world: OfflineWorld;
let lvm: OfflineWorld;
beforeAll(async () => {
  [world, lvm] = [offlineWorld(await poolWorld('dm-xfs')), offlineWorld(await poolWorld('dm-lvm'))];
});

function plan(on: OfflineWorld, want: Record<string, unknown>): Planned {
  const known = offlineAnswers(on);
  const parsed = growPool.schema.parse({ ...want, offline: true });
  expect(
    growPool
      .needs(parsed, known)
      .filter((request) => !known.has(request))
      .map(({ key }) => key),
  ).toEqual([]);
  return planLawfully(growPool, parsed, known);
}

/** The commands; scripts by their first line, which says what they do. */
function steps(planned: Planned): readonly string[] {
  if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
  const said = (text: string): string => /^#.*/.exec(text)?.[0] ?? text;
  return planned.changes.flatMap(({ actions }) =>
    actions.map((action) =>
      action.kind !== 'exec'
        ? action.kind
        : action.stdin !== undefined
          ? said(action.stdin)
          : action.argv[0] === '/bin/sh'
            ? said(action.argv[2] ?? '')
            : commandLine(action.argv).replaceAll(directory, 'DIR'),
    ),
  );
}

const growth = (on: OfflineWorld, more: Partial<Growth> = {}): Growth => ({
  from: `${directory}/data`,
  to: `${directory}/metadata`,
  dataBytes: 3 * gib,
  metadataBytes: 48 * MiB,
  pool: on.pool.name,
  blockBytes: 65_536,
  reported: 'rw 12288 49152',
  containers: [runs('db', 1).id, runs('web', 2).id],
  names: ['db', 'web'],
  ...more,
});
const grown = (on: OfflineWorld): OfflineWorld => ({
  ...withLoop(
    withLoop(
      withPool(on, {
        table: [parseTableLine(`0 ${String((3 * gib) / 512)} thin-pool 7:1 7:0 128 32768 1 skip_block_zeroing`)],
        status: [
          `0 ${String((3 * gib) / 512)} thin-pool 4 849/12288 1248/49152 - rw discard_passdown queue_if_no_space - 1024 `,
        ],
      }),
      'data',
      { bytes: 3 * gib, onDisk: { bytes: 3 * gib, allocatedBytes: 81_588_224 } },
    ),
    'metadata',
    { bytes: 48 * MiB, onDisk: { bytes: 48 * MiB, allocatedBytes: 811_008 } },
  ),
  uses: on.uses,
  containers: on.containers,
  growth: on.growth,
});

describe('a pool that grows with the daemon stopped', () => {
  it('what runs is written down, all of it stops, then the daemon; the files, the daemon, what ran; and whatever happens it is brought back', () => {
    const planned = plan(world, { size: '3GiB', metadata_size: '48MiB' });
    expect(steps(planned)).toEqual([
      'mkdir -p -m 700 /var/lib/plimsoll/stopped',
      'write-file',
      '# Stops the containers that are given with their starts, unless others run.',
      '# Stops the Docker daemon, and waits until its pool $1 is gone.',
      "truncate -c -s '>3221225472' DIR/data",
      "truncate -c -s '>50331648' DIR/metadata",
      '# Starts the Docker daemon.',
      '# Starts the Docker daemon and the containers that $1 names, and forgets them when they run.',
    ]);
    expect(planned).toMatchObject({
      changes: [
        {
          summary: `pool ${world.pool.name}: data 2 GiB → 3 GiB, metadata 32 MiB → 48 MiB (loop files, offline: the Docker daemon and db, web stopped and started again)`,
          atomic: true,
          undo: 'irreversible',
          before: { dataBytes: 2 * gib, metadataBytes: 32 * MiB, running: ['db', 'web'] },
          after: { dataBytes: 3 * gib, metadataBytes: 48 * MiB, running: ['db', 'web'] },
        },
      ],
      warnings: [
        'all containers stop until the pool has grown, and so does the Docker daemon: db, web; live-restore does not help, since the pool stays as it is while a container runs',
      ],
    });
    const actions = planned.outcome === 'change' ? (planned.changes[0]?.actions ?? []) : [];
    expect(actions[0]).toMatchObject({
      atEnd: [['/bin/sh', '-c', expect.stringContaining('start_daemon'), 'sh', '/var/lib/plimsoll/stopped/pool']],
    });
    expect(actions[1]).toMatchObject({
      path: '/var/lib/plimsoll/stopped/pool',
      expect: null,
      content: `${JSON.stringify(growth(world))}\n`,
    });
    expect(actions[2]).toMatchObject({
      argv: [
        '/bin/sh',
        '-s',
        '--',
        runs('db', 1).id,
        '2026-11-20T10:01:00.5Z',
        runs('web', 2).id,
        '2026-11-20T10:02:00.5Z',
      ],
    });
    expect(actions[6]).toMatchObject({ check: { equals: 'rw 12288 49152' } });
  });

  it('is refused while a container has been grown by hand, which would not start again', () => {
    expect(plan({ ...world, grownBytes: { web: 512 * MiB } }, { size: '3GiB' })).toMatchObject({
      outcome: 'refused',
      reason:
        'web would not start again once it is stopped: its file system has 512 MiB, and Docker has stored 320 MiB of its device',
    });
    // One that does not run is not started.
    expect(plan({ ...world, grownBytes: { old: 512 * MiB } }, { size: '3GiB' })).toMatchObject({ outcome: 'change' });
  });

  it('only what is asked for, and not done yet', () => {
    expect(steps(plan(world, { size: '3GiB' })).filter((step) => step.startsWith('truncate'))).toEqual([
      "truncate -c -s '>3221225472' DIR/data",
    ]);
    const longer = { ...world, ...withLoop(world, 'data', { onDisk: { bytes: 3 * gib, allocatedBytes: 81_588_224 } }) };
    expect(steps(plan(longer, { size: '3GiB' })).filter((step) => step.startsWith('truncate'))).toEqual([]);
    expect(plan(grown(world), { size: '3GiB', metadata_size: '48MiB' })).toMatchObject({
      outcome: 'noop',
      reason: `the pool ${world.pool.name} has 3 GiB of data and 48 MiB of metadata already`,
    });
  });

  it('a table that somebody has loaded is gone with the pool, and no obstacle', () => {
    const loaded = {
      ...world,
      ...withPool(world, { inactive: [parseTableLine('0 9999360 thin-pool 7:1 7:0 128 32768 1 skip_block_zeroing')] }),
    };
    expect(plan(loaded, { size: '3GiB' }).outcome).toBe('change');
  });

  it('says what the daemon may start beside', () => {
    const [web, db, old] = world.uses.map((each) => described(each, each.name === 'old' ? 'always' : 'no'));
    const planned = plan({ ...world, containers: [web, db, old].flatMap((each) => each ?? []) }, { size: '3GiB' });
    expect(planned.warnings).toContain('old (always) does not run, and may be started by the daemon when it starts');
  });

  it('with no container running only the daemon stops', () => {
    const planned = plan(offlineWorld(world, { uses: [runs('old', 0)] }), { size: '3GiB' });
    expect(planned).toMatchObject({
      changes: [{ summary: expect.stringContaining('offline: the Docker daemon stopped and started again') }],
      warnings: ['the Docker daemon stops until the pool has grown; no container runs'],
    });
  });
});

describe('what is refused', () => {
  const withUses = (on: OfflineWorld, ...uses: OfflineWorld['uses']): OfflineWorld => offlineWorld(on, { uses });
  it.each<[string, (on: OfflineWorld) => OfflineWorld, string]>([
    [
      'a container with --rm',
      (on) => withUses(on, runs('once', 1, { autoRemove: true })),
      'once was started with --rm',
    ],
    [
      "an orchestrator's container",
      (on) => withUses(on, runs('task', 1, { labels: { 'com.docker.swarm.task': 'x' } })),
      'task belongs to swarm',
    ],
    [
      'a paused container',
      (on) => ({
        ...on,
        containers: on.uses.map((each) => described(each, 'no', each.name === 'db' ? { paused: true } : {})),
      }),
      'db is paused',
    ],
    [
      'a container that restarts again and again',
      (on) => ({
        ...on,
        containers: on.uses.map((each) => described(each, 'no', each.name === 'db' ? { restarting: true } : {})),
      }),
      'db is restarting',
    ],
    [
      'a unit that stops together with the daemon',
      (on) => ({ ...on, growth: { ...nothingBegun, stopTogether: ['app.service'] } }),
      'systemd stops app.service together with docker.service',
    ],
    [
      'a daemon that systemd does not run',
      (on) => ({ ...on, docker: { ...on.docker, systemdUnit: false } }),
      'does not run as docker.service',
    ],
    [
      'a full pool',
      (on) => ({
        ...on,
        ...withPool(on, {
          status: [
            '0 4194304 thin-pool 4 900/8192 32768/32768 - out_of_data_space discard_passdown queue_if_no_space - 1024 ',
          ],
        }),
      }),
      'containers that wait for it cannot be stopped',
    ],
    [
      'needs_check',
      (on) => ({
        ...on,
        ...withPool(on, {
          status: ['0 4194304 thin-pool 4 900/8192 99/32768 - ro discard_passdown queue_if_no_space needs_check 1024 '],
        }),
      }),
      'needs_check',
    ],
  ])('%s', (_what, change, reason) => {
    expect(plan(change(world), { size: '3GiB' })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(reason),
      remedy: expect.stringMatching(/.{10}/),
    });
  });

  it('the same as online: less than now, more than the disk has', () => {
    expect(plan(world, { size: '1GiB' })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('a pool cannot be made smaller'),
    });
    expect(plan(world, { size: '20GiB' })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('less than the growth of 18 GiB'),
      remedy: expect.stringContaining('overcommit: true'),
    });
  });

  it('a pool of LVM, unless there is nothing to do', () => {
    expect(plan(lvm, { size: '2GiB' })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('LVM owns the pool'),
      remedy: 'leave offline out',
    });
    expect(plan(lvm, { size: '1600MiB' }).outcome).toBe('noop');
  });
});

describe('one that was cut', () => {
  it('before the pool has grown, and the host has restarted: what it had stopped is started with what runs by now', () => {
    const uses = [runs('new', 3), runs('web', 4), runs('db', 0), runs('old', 0)];
    const planned = plan(offlineWorld(world, { uses, growth: begun(growth(world), false) }), {
      size: '3GiB',
      metadata_size: '48MiB',
    });
    expect(planned).toMatchObject({
      changes: [{ before: { running: ['web', 'new'] }, after: { running: ['db', 'web', 'new'] } }],
    });
    const actions = planned.outcome === 'change' ? (planned.changes[0]?.actions ?? []) : [];
    expect(actions[1]).toMatchObject({ kind: 'write-file', expect: `${JSON.stringify(growth(world))}\n` });
  });

  it('after the pool has grown: what was stopped is started', () => {
    const uses = [runs('web', 4), runs('db', 0), runs('old', 0)];
    const planned = plan(
      { ...grown(offlineWorld(world, { uses })), growth: begun(growth(world), false) },
      { size: '3GiB', metadata_size: '48MiB' },
    );
    expect(planned).toMatchObject({
      changes: [
        {
          summary: `pool ${world.pool.name} has grown: start db again, stopped for it`,
          before: { stopped: ['db'] },
          after: { stopped: [] },
        },
      ],
    });
    expect(steps(planned)).toEqual([
      '# Starts the Docker daemon and the containers that $1 names, and forgets them when they run.',
    ]);
  });

  const down = (): OfflineWorld => ({ ...world, growth: begun(growth(world), true) });

  it.each<[Record<string, unknown>]>([
    [{ size: '3GiB', metadata_size: '48MiB' }],
    [{ size: '3GiB' }],
    [{ size: '+1GiB', metadata_size: '150%' }],
    [{ size: '+1GiB', pinned: { data: 3 * gib } }],
    [{ size: '3145700K' }],
  ])('with the daemon down: it is gone on with from what was written down, for %j', (want) => {
    const planned = plan(down(), want);
    expect(planned).toMatchObject({
      changes: [
        {
          summary: `pool ${world.pool.name}: go on growing it to 3 GiB of data and 48 MiB of metadata, and start the Docker daemon and db, web again`,
          undo: 'irreversible',
          atomic: true,
        },
      ],
    });
    expect(steps(planned)).toEqual([
      'mkdir -p -m 700 /var/lib/plimsoll/stopped',
      '# Stops the Docker daemon, and waits until its pool $1 is gone.',
      "truncate -c -s '>3221225472' DIR/data",
      "truncate -c -s '>50331648' DIR/metadata",
      '# Starts the Docker daemon.',
      '# Starts the Docker daemon and the containers that $1 names, and forgets them when they run.',
    ]);
  });

  it('a relative size is made absolute by it, so that it does not grow again', () => {
    expect(
      growPool.pin?.(
        growPool.schema.parse({ size: '+1GiB', metadata_size: '48MiB', offline: true }),
        offlineAnswers(down()),
      ),
    ).toMatchObject({ pinned: { data: 3 * gib } });
  });

  it.each([{ size: '4GiB' }, { size: '3GiB', metadata_size: '64MiB' }, { size: '+1GiB', pinned: { data: 4 * gib } }])(
    'with the daemon down, and other sizes asked for: refused, for %j',
    (want) => {
      expect(plan(down(), want)).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining('which was cut, and other sizes are asked for now'),
        remedy: expect.stringContaining('systemctl start docker'),
      });
    },
  );

  it('touches the containers that it is to start', () => {
    expect(
      growPool.touches(growPool.schema.parse({ size: '3GiB', offline: true }), offlineAnswers(down())).changes,
    ).toEqual([
      'docker',
      'pool',
      `device:${world.pool.name}`,
      `container:${runs('db', 1).id}`,
      `container:${runs('web', 2).id}`,
    ]);
    expect(
      growPool.result?.(growPool.schema.parse({ size: '3GiB', offline: true }), offlineAnswers(down()), undefined),
    ).toBeNull();
  });
});
