import { beforeAll, describe, expect, it } from 'vitest';
import { growRootfs } from '../../../src/operations/rootfs/grow-rootfs.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { commandLine } from '../../../src/values/shell.ts';
import { planLawfully } from '../plan-lawfully.ts';
import type { RecordedHost } from '../recorded-hosts.ts';
import {
  answersOf,
  line,
  MiB,
  recordedHost,
  sized,
  withDevice,
  withDocker,
  withoutDevice,
  withState,
} from '../recorded-hosts.ts';

const kinds = ['dm-xfs', 'dm-ext4', 'dm-lvm', 'overlay2-20', 'overlay2-28', 'containerd-28'] as const;
const hosts = new Map<string, RecordedHost>();
beforeAll(async () => {
  for (const kind of kinds) hosts.set(kind, await recordedHost(kind));
});

function host(kind: (typeof kinds)[number] = 'dm-xfs'): RecordedHost {
  const found = hosts.get(kind);
  if (found === undefined) throw new Error(kind);
  return found;
}

function plan(
  on: RecordedHost | readonly [RecordedHost, ...RecordedHost[]],
  want: Record<string, unknown> = {},
): Planned {
  const known = 'docker' in on ? answersOf(on) : answersOf(...on);
  const parsed = growRootfs.schema.parse({ container: 'c1', size: '640MiB', ...want });
  const missing = growRootfs.needs(parsed, known).filter((request) => !known.has(request));
  expect(missing.map(({ key }) => key)).toEqual([]);
  return planLawfully(growRootfs, parsed, known);
}

/** The commands, a check as `check …`, a write as `write PATH`; the device, pool and record by short names. */
function steps(planned: Planned, { container, rootfs }: RecordedHost): readonly string[] {
  const name = container.graph?.['DeviceName'] ?? '?';
  const short = (text: string): string =>
    text
      .replaceAll(rootfs?.stored.path ?? '?', 'RECORD')
      .replaceAll(name, 'NAME')
      .replaceAll(container.id, 'ID')
      .replaceAll('/var/lib/plimsoll/mnt/NAME', 'DIR');
  if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
  return planned.changes.flatMap(({ actions }) =>
    actions.map((action) =>
      short(
        action.kind === 'exec'
          ? commandLine(action.argv)
          : action.kind === 'write-file'
            ? `write ${action.path}: ${action.content}`
            : action.kind === 'check'
              ? `check ${commandLine(action.argv)}`
              : action.kind,
      ),
    ),
  );
}

describe('a running container on devicemapper', () => {
  it('xfs, loop pool: the device, the record, the file system, in this order', () => {
    const planned = plan(host());
    expect(steps(planned, host())).toEqual([
      'check dmsetup table NAME',
      "dmsetup load NAME --table '0 1310720 thin 253:0 4'",
      'dmsetup resume NAME',
      expect.stringMatching(/^write RECORD: \{"device_id":4,"size":671088640,"transaction_id":4,/),
      'mkdir -p DIR',
      'mount -t xfs -o nouuid /dev/mapper/NAME DIR',
      'xfs_growfs -d DIR',
    ]);
    expect(planned).toMatchObject({
      changes: [
        {
          summary: 'c1: 320 MiB → 640 MiB (xfs)',
          atomic: true,
          undo: 'irreversible',
          before: { deviceBytes: 320 * MiB },
          after: { deviceBytes: 640 * MiB, storedBytes: 640 * MiB },
        },
      ],
    });
    expect(planned.owed).toEqual([
      expect.stringContaining('c1 is not restart-safe yet: the daemon still holds 320 MiB and reads 640 MiB'),
    ]);
  });

  it('ext4: resize2fs on the device, mounted, never forced', () => {
    const ext4 = host('dm-ext4');
    expect(steps(plan(ext4), ext4).slice(-3)).toEqual([
      'mkdir -p DIR',
      'mount -t ext4 /dev/mapper/NAME DIR',
      'resize2fs /dev/mapper/NAME',
    ]);
  });

  it('an LVM pool: the pool of the live table', () => {
    const lvm = host('dm-lvm');
    expect(steps(plan(lvm), lvm)).toContain("dmsetup load NAME --table '0 1310720 thin 253:2 4'");
  });

  it('an external origin is kept in the table', () => {
    const origin = withDevice(host(), 'container', () => ({ table: [line('0 655360 thin 253:0 4 253:9')] }));
    expect(steps(plan(origin), origin)).toContain("dmsetup load NAME --table '0 1310720 thin 253:0 4 253:9'");
  });

  it('every effect is compared with what was wanted, and a loaded table is not left behind', () => {
    const planned = plan(host());
    const actions = planned.outcome === 'change' ? (planned.changes[0]?.actions ?? []) : [];
    expect(actions).toMatchObject([
      { kind: 'check', equals: '0 655360 thin 253:0 4' },
      {
        check: { argv: ['dmsetup', 'table', '--inactive', expect.any(String)], equals: '0 1310720 thin 253:0 4' },
        onFailure: [['dmsetup', 'clear', expect.any(String)]],
      },
      {
        check: { argv: ['blockdev', '--getsize64', expect.any(String)], equals: '671088640' },
        onFailure: [
          ['dmsetup', 'clear', expect.any(String)],
          ['dmsetup', 'resume', expect.any(String)],
        ],
      },
      {
        kind: 'write-file',
        mode: '0600',
        expect: host().rootfs?.stored.text,
        backup: expect.stringMatching(/^\/var\/lib\/plimsoll\/backup\//),
      },
      { atEnd: [['rmdir', expect.any(String)]] },
      { atEnd: [['umount', expect.any(String)]] },
      {},
    ]);
  });

  const all = 640 * MiB;
  const growDevice = ['check dmsetup table NAME', expect.stringMatching(/^dmsetup load/), 'dmsetup resume NAME'];
  const store = expect.stringMatching(/^write RECORD/);
  const growFileSystem = ['mkdir -p DIR', expect.stringMatching(/^mount -t xfs/), 'xfs_growfs -d DIR'];
  it.each([
    [
      'the device is grown, nothing else',
      { device: all },
      [store, ...growFileSystem],
      'its device has that size already',
    ],
    [
      'device and file system are grown, nothing is stored (the recipe of the articles)',
      { device: all, fileSystem: all },
      [store],
      'make 640 MiB last',
    ],
    [
      'device and record, not the file system',
      { device: all, stored: all },
      growFileSystem,
      'its device has that size already',
    ],
    ['only the record', { stored: all }, [...growDevice, ...growFileSystem], '320 MiB → 640 MiB'],
  ])('is completed when %s', (_what, sizes, expected, summary) => {
    const on = sized(host(), sizes);
    const planned = plan(on);
    expect(steps(planned, on)).toEqual(expected);
    expect(planned).toMatchObject({
      changes: [{ summary: expect.stringContaining(summary) }],
      owed: [expect.stringContaining('not restart-safe yet')],
    });
  });

  it('takes back the one change that can be: what was stored; without touching the backup', () => {
    const planned = plan(sized(host(), { device: all, fileSystem: all }));
    expect(planned).toMatchObject({
      changes: [{ undo: [{ kind: 'write-file', content: host().rootfs?.stored.text }] }],
    });
    expect(JSON.stringify(planned.outcome === 'change' ? planned.changes[0]?.undo : '')).not.toContain('backup');
  });

  it('drops the copy of the old record once the change is finalized, and nothing where none was made', () => {
    const backup = `/var/lib/plimsoll/backup/devicemapper/${host().rootfs?.stored.path.split('/').at(-1) ?? ''}.${String(320 * MiB)}`;
    expect(plan(host())).toMatchObject({
      changes: [{ finalize: [{ kind: 'exec', argv: ['rm', '-f', '--', backup] }] }],
    });
    expect(JSON.stringify(plan(host()))).toContain(`"backup":"${backup}"`);
    expect(JSON.stringify(plan(sized(host(), { device: all, stored: all })))).not.toContain('finalize');
  });

  it('is done, but owes a restart, until the daemon has read the record', () => {
    const done = { device: all, fileSystem: all, stored: all };
    expect(plan(sized(host(), done))).toMatchObject({
      outcome: 'noop',
      reason: 'c1 is 640 MiB already',
      owed: [expect.stringContaining('restart')],
    });
    const settled = plan(sized(host(), { ...done, daemon: all }));
    expect(settled).toEqual({ outcome: 'noop', reason: 'c1 is 640 MiB already' });
  });

  it('counts a file system as grown when what is left is too little for a group of blocks', () => {
    const done = { device: all, stored: all, daemon: all };
    expect(plan(sized(host(), { ...done, fileSystem: all - 63 * 4096 })).outcome).toBe('noop');
    expect(plan(sized(host(), { ...done, fileSystem: all - 64 * 4096 })).outcome).toBe('change');
  });

  it('goes on from the very table that an earlier attempt has loaded', () => {
    const loaded = withDevice(host(), 'container', () => ({ inactive: [line('0 1310720 thin 253:0 4')] }));
    expect(steps(plan(loaded), loaded).slice(0, 3)).toEqual(growDevice);
  });

  it('warns when the pool cannot hold what is promised', () => {
    expect(plan(host(), { size: '60GiB' }).warnings).toEqual([
      expect.stringContaining('XFS hangs when the pool is full'),
    ]);
    expect(plan(host()).warnings).toBeUndefined();
  });
});

describe('what is refused on devicemapper', () => {
  const pool =
    (status: string) =>
    (on: RecordedHost): RecordedHost =>
      withDevice(on, 'pool', () => ({ status: [status] }));
  it.each<[string, (on: RecordedHost) => RecordedHost, string]>([
    ['a stopped container', (on) => withState(withoutDevice(on), 'exited'), 'c1 is not running (exited)'],
    [
      'one that does not start any more',
      (on) => withState(withoutDevice(on), 'exited', 'Failed to mount'),
      'its last start failed: Failed to mount',
    ],
    ['one that was never started', (on) => withState(withoutDevice(on), 'created'), 'c1 is not running (created)'],
    ['a paused one', (on) => withState(on, 'paused'), 'c1 is paused'],
    ['one that restarts all the time', (on) => withState(on, 'restarting'), 'c1 is not running (restarting)'],
    ['a smaller size', (on) => sized(on, { device: 1024 * MiB, fileSystem: 1024 * MiB }), 'cannot be made smaller'],
    ['a record that is larger', (on) => sized(on, { stored: 1024 * MiB }), "Docker's record says 1 GiB"],
    [
      'a file system larger than its device',
      (on) => sized(on, { fileSystem: 1024 * MiB }),
      'is larger than its device (',
    ],
    [
      'no file system that is known',
      (on) => ({ ...on, rootfs: on.rootfs === undefined ? undefined : { ...on.rootfs, fileSystem: undefined } }),
      'not a file system that can be grown',
    ],
    [
      'a table of two lines',
      (on) =>
        withDevice(on, 'container', () => ({
          table: [line('0 300000 thin 253:0 4'), line('300000 355360 thin 253:0 4')],
        })),
      'not one thin target',
    ],
    [
      'a table of another target',
      (on) => withDevice(on, 'container', () => ({ table: [line('0 655360 linear 253:0 4')] })),
      'not one thin target',
    ],
    [
      'a table that starts elsewhere',
      (on) => withDevice(on, 'container', () => ({ table: [line('8 655360 thin 253:0 4')] })),
      'not one thin target',
    ],
    ['no table', (on) => withDevice(on, 'container', () => ({ table: [] })), 'not one thin target'],
    [
      "another layer's thin id",
      (on) => withDevice(on, 'container', () => ({ table: [line('0 655360 thin 253:0 3')] })),
      'shows thin device 3, not its own (4)',
    ],
    [
      'another pool',
      (on) => withDevice(on, 'container', () => ({ table: [line('0 655360 thin 253:7 4')] })),
      "not in the daemon's pool",
    ],
    ['a suspended device', (on) => withDevice(on, 'container', () => ({ suspended: true })), 'suspended'],
    [
      'a device on its way out',
      (on) => withDevice(on, 'container', () => ({ deferredRemove: true })),
      'DEFERRED REMOVE',
    ],
    [
      'a table that is loaded and not resumed',
      (on) => withDevice(on, 'container', () => ({ inactive: [line('0 900000 thin 253:0 4')] })),
      'loaded a table',
    ],
    [
      'a node of another size than its table',
      (on) => ({ ...on, rootfs: on.rootfs === undefined ? undefined : { ...on.rootfs, deviceBytes: 1 } }),
      'its table says',
    ],
    [
      'a record of another device',
      (on) => ({
        ...on,
        rootfs: on.rootfs === undefined ? undefined : { ...on.rootfs, stored: { ...on.rootfs.stored, deviceId: 9 } },
      }),
      "Docker's record says thin device 9",
    ],
    [
      'a container that inspect gives no device size of',
      (on) => ({
        ...on,
        container: { ...on.container, graph: { DeviceName: on.container.graph?.['DeviceName'] ?? '' } },
      }),
      'does not name its device',
    ],
    [
      'a pool that is not there',
      (on) => withDocker(on, { driverStatus: { 'Pool Name': 'nosuch' } }),
      'thin pool "nosuch" is not active',
    ],
    ['a suspended pool', (on) => withDevice(on, 'pool', () => ({ suspended: true })), 'is not active'],
    [
      'a full pool',
      pool('0 4194304 thin-pool 4 847/8192 32768/32768 - out_of_data_space discard_passdown queue_if_no_space - 1024'),
      'state out_of_data_space',
    ],
    [
      'a read-only pool',
      pool('0 4194304 thin-pool 4 847/8192 1244/32768 - ro discard_passdown queue_if_no_space - 1024'),
      'state ro',
    ],
    ['a failed pool', pool('0 4194304 thin-pool Fail'), 'state Fail'],
    ['a pool in error', pool('0 4194304 thin-pool Error'), 'state Error'],
    [
      'a pool to be checked',
      pool('0 4194304 thin-pool 4 847/8192 1244/32768 - rw discard_passdown queue_if_no_space needs_check 1024'),
      'needs_check',
    ],
    [
      'a pool with little room for data',
      pool('0 4194304 thin-pool 4 847/8192 30000/32768 - rw discard_passdown queue_if_no_space - 1024'),
      "less than Docker's minimum of",
    ],
    [
      'a pool with little room for metadata',
      pool('0 4194304 thin-pool 4 7500/8192 1244/32768 - rw discard_passdown queue_if_no_space - 1024'),
      'metadata of the thin pool',
    ],
    ['a rootless daemon', (on) => withDocker(on, { rootless: true }), 'rootless'],
    ['btrfs', (on) => withDocker(on, { driver: 'btrfs' }), 'storage driver is btrfs'],
    ['zfs', (on) => withDocker(on, { driver: 'zfs' }), 'storage driver is zfs'],
    ['vfs', (on) => withDocker(on, { driver: 'vfs' }), 'storage driver is vfs'],
  ])('%s', (_what, change, reason) => {
    for (const kind of ['dm-xfs', 'dm-ext4'] as const) {
      const planned = plan(change(host(kind)));
      expect(planned).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining(reason),
        remedy: expect.stringMatching(/\S{3}/),
      });
    }
  });

  it('a size that is relative, where nothing can be grown or measured', () => {
    for (const size of ['+5GiB', '150%']) {
      expect(plan(host('containerd-28'), { size }).outcome).toBe('refused');
      expect(plan(withState(withoutDevice(host()), 'exited'), { size }).outcome).toBe('refused');
      const unlimited = host('overlay2-28');
      expect(
        plan(
          {
            ...unlimited,
            quota: unlimited.quota === undefined ? undefined : { ...unlimited.quota, project: 0, limitBytes: 0 },
          },
          { size },
        ).outcome,
      ).toBe('refused');
    }
  });
});

const twin = (): RecordedHost => {
  const one = host();
  const name = (one.container.graph?.['DeviceName'] ?? '').replace(/.{4}$/, 'ffff');
  const device = one.mapper.devices[one.container.graph?.['DeviceName'] ?? ''];
  if (device === undefined || one.rootfs === undefined) throw new Error('no device');
  return {
    ...one,
    container: {
      ...one.container,
      id: one.container.id.replace(/^.{4}/, 'ffff'),
      name: 'c2',
      labels: { tier: 'web' },
      graph: { ...one.container.graph, DeviceName: name, DeviceId: '7' },
    },
    mapper: {
      devices: { ...one.mapper.devices, [name]: { ...device, name, minor: 9, table: [line('0 655360 thin 253:0 7')] } },
    },
    rootfs: {
      ...one.rootfs,
      stored: { ...one.rootfs.stored, deviceId: 7, path: `/var/lib/docker/devicemapper/metadata/${name}` },
    },
  };
};

describe('several containers', () => {
  it('are changed one after the other, in the order of their names', () => {
    expect(plan([twin(), host()], { container: 'c*' })).toMatchObject({
      outcome: 'change',
      changes: [{ summary: expect.stringMatching(/^c1/) }, { summary: expect.stringMatching(/^c2/) }],
    });
  });

  it('are refused together when one of them is', () => {
    expect(plan([host(), withState(twin(), 'paused')], { container: 'c*' })).toMatchObject({
      outcome: 'refused',
      reason: 'c2 is paused',
    });
  });

  it('only_running leaves out what does not run', () => {
    const stopped = withState(withoutDevice(twin()), 'exited');
    expect(plan([host(), stopped], { container: 'c*' }).outcome).toBe('refused');
    expect(plan([host(), stopped], { container: 'c*', only_running: true })).toMatchObject({
      outcome: 'change',
      changes: [{ summary: expect.stringMatching(/^c1/) }],
    });
    expect(plan(stopped, { container: 'c*', only_running: true })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('not running'),
    });
  });

  it('are named by the first digits of an id, too', () => {
    expect(plan([host(), twin()], { container: host().container.id.slice(0, 6) })).toMatchObject({
      outcome: 'change',
      changes: [{ summary: expect.stringMatching(/^c1/) }],
    });
  });

  it.each([['nosuch'], ['x*']])('%s: refused', (container) => {
    expect(plan([host(), twin()], { container }).outcome).toBe('refused');
  });

  it('an id that means two of them is refused', () => {
    const same: RecordedHost = {
      ...twin(),
      container: { ...twin().container, id: `${host().container.id.slice(0, 8)}${'0'.repeat(56)}` },
    };
    expect(plan([host(), same], { container: host().container.id.slice(0, 8) })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('ambiguous'),
    });
  });

  it('labels choose among them', () => {
    expect(plan([host(), twin()], { container: undefined, label: 'tier=web' })).toMatchObject({
      outcome: 'change',
      changes: [{ summary: expect.stringMatching(/^c2/) }],
    });
  });
});

describe('restart_daemon', () => {
  const want = { restart_daemon: true };
  it('restarts it once, after the changes, and waits until it holds the new size', () => {
    const planned = plan(host(), want);
    expect(planned.owed).toBeUndefined();
    expect(planned).toMatchObject({
      outcome: 'change',
      changes: [
        {},
        {
          atomic: false,
          actions: [
            { argv: ['systemctl', 'reset-failed', 'docker.service', 'docker.socket'] },
            { argv: ['systemctl', 'restart', 'docker.service'] },
            { kind: 'wait-until', equals: String(640 * MiB) },
            { kind: 'check', equals: `true ${host().container.state.startedAt}` },
          ],
        },
      ],
    });
  });

  it('restarts it once more, last, when what it has read is taken back', () => {
    const all = 640 * MiB;
    const stored = (of: RecordedHost): RecordedHost => sized(of, { device: all, fileSystem: all, stored: 320 * MiB });
    const one = stored(host());
    const planned = plan(
      [one, stored({ ...twin(), mapper: { devices: { ...twin().mapper.devices, ...one.mapper.devices } } })],
      { ...want, container: '*', size: '640MiB' },
    );
    if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
    const undos = planned.changes.map(({ undo }) =>
      undo === 'irreversible'
        ? []
        : undo.map((action) => ('argv' in action ? action.argv.slice(0, 2).join(' ') : action.kind)),
    );
    expect(undos).toEqual([
      ['docker info', 'write-file', 'systemctl reset-failed', 'systemctl restart'],
      ['write-file'],
      [],
    ]);
  });

  it('says which stopped containers the daemon will start', () => {
    const { container } = twin();
    const idle = {
      ...twin(),
      container: {
        ...container,
        state: { ...container.state, running: false, status: 'exited' },
        restart: { name: 'always', maximumRetryCount: 0 },
      },
    };
    expect(plan([host(), idle], want).warnings).toContainEqual(
      'c2 (always) does not run, and may be started by the daemon when it starts',
    );
  });

  it('restarts it also when that is all that is left to do, and not when nothing is', () => {
    const all = 640 * MiB;
    const done = { device: all, fileSystem: all, stored: all };
    expect(plan(sized(host(), done), want)).toMatchObject({
      outcome: 'change',
      changes: [{ summary: expect.stringContaining('restart the Docker daemon') }],
    });
    expect(plan(sized(host(), { ...done, daemon: all }), want).outcome).toBe('noop');
  });

  it.each([
    [{ liveRestore: false }, 'live-restore is off'],
    [{ systemdUnit: false }, 'does not run as docker.service'],
  ])('is refused with %j', (docker, reason) => {
    expect(plan(withDocker(host(), docker), want)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(reason),
    });
    expect(plan(withDocker(host(), docker)).outcome).toBe('change');
  });

  it('says how to switch live-restore on, where it is off, in what is owed', () => {
    expect(plan(withDocker(host(), { liveRestore: false })).owed).toEqual([
      expect.stringContaining('"live-restore": true'),
    ]);
  });
});

describe('a container on overlay2', () => {
  it.each(['overlay2-20', 'overlay2-28'] as const)(
    '%s: the project quota, both limits, at once and lasting',
    (kind) => {
      const on = host(kind);
      const planned = plan(on, { size: '128MiB' });
      expect(steps(planned, on)).toEqual([
        `xfs_quota -x -c 'limit -p bsoft=131072k bhard=131072k ${String(on.quota?.project)}' /var/lib/docker`,
      ]);
      expect(planned).toMatchObject({
        changes: [
          {
            summary: 'c1: 64 MiB → 128 MiB (project quota)',
            actions: [{ check: { equals: `1B-blocks ${String(128 * MiB)}` } }],
            undo: [
              {
                argv: [
                  'xfs_quota',
                  '-x',
                  '-c',
                  expect.stringContaining('bsoft=65536k bhard=65536k'),
                  '/var/lib/docker',
                ],
              },
            ],
          },
        ],
        warnings: [expect.stringContaining('--storage-opt size=134217728')],
      });
      expect(planned.owed).toBeUndefined();
    },
  );

  it('rests on the container, and on its start: one that was restarted since is another story', () => {
    const { id, state } = host('overlay2-28').container;
    expect(plan(host('overlay2-28'), { size: '128MiB' })).toMatchObject({
      changes: [
        {
          before: { container: id, startedAt: state.startedAt, limitBytes: 64 * MiB },
          after: { container: id, startedAt: state.startedAt, limitBytes: 128 * MiB },
          bindings: { started: state.startedAt },
        },
      ],
    });
  });

  it('works on a stopped one too', () => {
    expect(plan(withState(host('overlay2-28'), 'exited'), { size: '128MiB' }).outcome).toBe('change');
  });

  it('has nothing to do at that size', () => {
    expect(plan(host('overlay2-28'), { size: '64MiB' })).toEqual({ outcome: 'noop', reason: 'c1 is 64 MiB already' });
  });

  const quota =
    (change: Partial<NonNullable<RecordedHost['quota']>>) =>
    (on: RecordedHost): RecordedHost => ({
      ...on,
      quota: on.quota === undefined ? undefined : { ...on.quota, ...change },
    });
  it.each<[string, (on: RecordedHost) => RecordedHost, string, string]>([
    ['ext4 below it', quota({ fileSystem: 'ext2/ext3' }), '128MiB', 'overlay2 lies on ext2/ext3'],
    ['XFS without project quotas', quota({ options: ['rw', 'noquota'] }), '128MiB', 'without project quotas'],
    ['project 0: created without a size', quota({ project: 0, limitBytes: 0 }), '128MiB', 'created without a size'],
    ['a project without a limit', quota({ limitBytes: 0 }), '128MiB', 'created without a size'],
    ['no xfs_quota', quota({ quotaTool: false, project: 0, limitBytes: 0 }), '128MiB', 'not installed'],
    ['a smaller size', (on) => on, '32MiB', 'larger than the 32 MiB wanted'],
    [
      'inspect without directories',
      (on) => ({ ...on, container: { ...on.container, graph: null } }),
      '128MiB',
      'does not say where its root file system lies',
    ],
    ['a rootless daemon', (on) => withDocker(on, { rootless: true }), '128MiB', 'rootless'],
  ])('is refused with %s', (_what, change, size, reason) => {
    expect(plan(change(host('overlay2-28')), { size })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(reason),
    });
  });

  it('warns when the file system has less than is promised', () => {
    expect(plan(host('overlay2-28'), { size: '500GiB' }).warnings?.[0]).toContain(
      'a quota is a limit, not a reservation',
    );
  });
});

it('refuses the containerd image store, which ignores sizes without a word', () => {
  expect(plan(host('containerd-28'))).toMatchObject({
    outcome: 'refused',
    reason: expect.stringMatching(/^Docker 28\.5\.\S+ uses the containerd image store \(overlayfs\)/),
  });
});

describe('a size that is relative to now', () => {
  const pin = (on: RecordedHost, size: string, sizes?: Record<string, number>) =>
    growRootfs.pin?.(
      growRootfs.schema.parse({ container: 'c1', size, ...(sizes === undefined ? {} : { sizes }) }),
      answersOf(on),
    ).sizes;
  it.each([
    ['+320MiB', 640 * MiB],
    ['200%', 640 * MiB],
    ['100.1%', 335_880_192],
  ])('%s is made absolute once, in whole sectors', (size, bytes) => {
    expect(pin(host(), size)).toEqual({ [host().container.id]: bytes });
    expect(bytes % 512).toBe(0);
  });

  it('and stays what it was, whatever the size is later', () => {
    const { id } = host().container;
    const grown = sized(host(), { device: 640 * MiB, fileSystem: 640 * MiB, stored: 640 * MiB, daemon: 640 * MiB });
    expect(pin(grown, '+320MiB', { [id]: 640 * MiB })).toEqual({ [id]: 640 * MiB });
    expect(plan(grown, { size: '+320MiB', sizes: { [id]: 640 * MiB } }).outcome).toBe('noop');
    expect(plan(grown, { size: '+320MiB' })).toMatchObject({
      outcome: 'change',
      warnings: expect.arrayContaining([expect.stringContaining('grows again at every run')]),
    });
  });

  it('is left open for a container that has no size yet', () => {
    expect(pin(withState(withoutDevice(host()), 'exited'), '+320MiB')).toEqual({});
  });

  it('an absolute one needs no pinning', () => {
    expect(pin(host(), '640MiB')).toBeUndefined();
  });
});

describe('verification', () => {
  const usage = (size: number) => ({ size, used: 1, available: 1 });
  it.each([
    [usage(600 * MiB), []],
    [usage(256 * MiB), [{ message: 'c1 itself still sees 256 MiB where 640 MiB were wanted' }]],
    [undefined, []],
  ])('looks at what the container itself sees: %j', (seen, findings) => {
    const on = host();
    const known = answersOf({ ...on, rootfs: on.rootfs === undefined ? undefined : { ...on.rootfs, usage: seen } });
    expect(growRootfs.verify?.(growRootfs.schema.parse({ container: 'c1', size: '640MiB' }), known)).toEqual(findings);
  });
});

describe('its input', () => {
  it.each([
    { container: 'a' },
    { size: '1GiB' },
    { container: 'a', size: '20' },
    { container: 'a', size: '100%' },
    { container: '', size: '1GiB' },
    { container: 'a', size: 20 },
    { container: 'a', size: '1GiB', sizes: { x: 0 } },
    { container: 'a', size: '1GiB', force: true },
  ])('%j is refused', (want) => {
    expect(growRootfs.schema.safeParse(want).success).toBe(false);
  });
});
