import { beforeAll, describe, expect, it } from 'vitest';
import { parseTableLine } from '../../../src/facts/host/device-mapper.ts';
import { growPool } from '../../../src/operations/pools/grow-pool.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { lvmNameOf } from '../../../src/operations/pools/lvm.ts';
import { commandLine } from '../../../src/values/shell.ts';
import { planLawfully } from '../plan-lawfully.ts';
import type { PoolWorld } from '../pool-world.ts';
import { poolAnswers, poolWorld, withLoop, withLvm, withPool } from '../pool-world.ts';
import { MiB } from '../recorded-hosts.ts';

const gib = 1024 * MiB;
const directory = '/var/lib/docker/devicemapper/devicemapper';
let loop: PoolWorld;
let lvm: PoolWorld;
beforeAll(async () => {
  [loop, lvm] = await Promise.all([poolWorld('dm-xfs'), poolWorld('dm-lvm')]);
});

function plan(world: PoolWorld, want: Record<string, unknown>): Planned {
  const known = poolAnswers(world);
  const parsed = growPool.schema.parse(want);
  expect(
    growPool
      .needs(parsed, known)
      .filter((request) => !known.has(request))
      .map(({ key }) => key),
  ).toEqual([]);
  return planLawfully(growPool, parsed, known);
}

/** The commands, a check as `check …`; long scripts by their beginning. */
function steps(planned: Planned, { pool }: PoolWorld): readonly string[] {
  if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
  const text = (argv: readonly string[]): string =>
    (argv[0] === '/bin/sh' ? 'script' : commandLine(argv)).replaceAll(pool.name, 'POOL').replaceAll(directory, 'DIR');
  return planned.changes.flatMap(({ actions }) =>
    actions.map((action) =>
      action.kind === 'exec' ? text(action.argv) : action.kind === 'check' ? `check ${text(action.argv)}` : action.kind,
    ),
  );
}

const table = (bytes: number): string => `0 ${String(bytes / 512)} thin-pool 7:1 7:0 128 32768 1 skip_block_zeroing`;
const file = (bytes: number) => ({ onDisk: { bytes, allocatedBytes: 81_588_224 } });
const status = (
  data: number,
  rest = 'rw discard_passdown queue_if_no_space - 1024',
  metadata = '849/8192',
  used = 1248,
): string => `0 ${String(data / 512)} thin-pool 4 ${metadata} ${String(used)}/${String(data / 65_536)} - ${rest} `;

describe('a pool on loop files', () => {
  it('data and metadata: the files, the devices that show them, the table; in one script', () => {
    const planned = plan(loop, { size: '3GiB', metadata_size: '48MiB' });
    expect(steps(planned, loop)).toEqual([
      "truncate -c -s '>3221225472' DIR/data",
      'losetup -c /dev/loop0',
      "truncate -c -s '>50331648' DIR/metadata",
      'losetup -c /dev/loop1',
      'check dmsetup table POOL',
      `dmsetup load POOL --table '${table(3 * gib)}'`,
      'dmsetup resume POOL',
      'check script',
    ]);
    expect(planned).toMatchObject({
      changes: [
        {
          summary: `pool ${loop.pool.name}: data 2 GiB → 3 GiB, metadata 32 MiB → 48 MiB (loop files, online)`,
          atomic: true,
          undo: 'irreversible',
          before: { dataBytes: 2 * gib, metadataBytes: 32 * MiB, dataFileBytes: 2 * gib, metadataFileBytes: 32 * MiB },
          after: { dataBytes: 3 * gib, metadataBytes: 48 * MiB, dataFileBytes: 3 * gib, metadataFileBytes: 48 * MiB },
        },
      ],
    });
    expect(planned.warnings).toBeUndefined();
  });

  it('every effect is compared with what was wanted, and at the end the pool is made active whatever has happened', () => {
    const planned = plan(loop, { size: '3GiB' });
    expect(planned.outcome === 'change' ? planned.changes[0]?.actions : []).toMatchObject([
      { check: { argv: ['stat', '-c', '%s', `${directory}/data`], equals: '3221225472' } },
      { check: { argv: ['blockdev', '--getsize64', '/dev/loop0'], equals: '3221225472' } },
      { kind: 'check', equals: table(2 * gib) },
      {
        check: { argv: ['dmsetup', 'table', '--inactive', loop.pool.name], equals: table(3 * gib) },
        onFailure: [['dmsetup', 'clear', loop.pool.name]],
        atEnd: [['/bin/sh', '-c', expect.any(String), 'sh', loop.pool.name, table(2 * gib), table(3 * gib)]],
      },
      { check: { argv: ['dmsetup', 'table', loop.pool.name], equals: table(3 * gib) } },
      { kind: 'check', equals: 'rw 8192 49152' },
    ]);
  });

  it('metadata alone: the same table is loaded again', () => {
    expect(steps(plan(loop, { metadata_size: '+16MiB' }), loop)).toEqual([
      "truncate -c -s '>50331648' DIR/metadata",
      'losetup -c /dev/loop1',
      'check dmsetup table POOL',
      `dmsetup load POOL --table '${table(2 * gib)}'`,
      'dmsetup resume POOL',
      'check script',
    ]);
  });

  it('tells what comes along: a metadata device that has been made longer before', () => {
    const longer = withLoop(loop, 'metadata', { bytes: 64 * MiB, ...file(64 * MiB) });
    expect(plan(longer, { size: '3GiB' })).toMatchObject({
      changes: [{ summary: expect.stringContaining('metadata 32 MiB → 64 MiB'), after: { metadataBytes: 64 * MiB } }],
    });
  });

  it.each([
    ['+1GiB', 3 * gib],
    ['150%', 3 * gib],
    ['101%', Math.ceil((2 * gib * 1.01) / 65_536) * 65_536],
  ])('%s is made absolute, in whole blocks, and said to grow again', (size, bytes) => {
    const known = poolAnswers(loop);
    expect(growPool.pin?.(growPool.schema.parse({ size }), known)).toMatchObject({ pinned: { data: bytes } });
    expect(plan(loop, { size })).toMatchObject({
      changes: [{ after: { dataBytes: bytes } }],
      warnings: [`${size} is relative to the size now: it grows again at every run`],
    });
  });

  it('has nothing to do when it has been done, by a pinned size too', () => {
    const done = withLoop(
      withPool(loop, { table: [parseTableLine(table(3 * gib))], status: [status(3 * gib)] }),
      'data',
      { bytes: 3 * gib, ...file(3 * gib) },
    );
    expect(plan(done, { size: '3GiB' })).toMatchObject({
      outcome: 'noop',
      reason: `the pool ${loop.pool.name} has 3 GiB of data and 32 MiB of metadata already`,
    });
    expect(plan(done, { size: '+1GiB', pinned: { data: 3 * gib } }).outcome).toBe('noop');
  });

  it.each<[string, (world: PoolWorld) => PoolWorld, readonly string[]]>([
    [
      'the file is longer',
      (on) => withLoop(on, 'data', file(3 * gib)),
      [
        'losetup -c /dev/loop0',
        'check dmsetup table POOL',
        `dmsetup load POOL --table '${table(3 * gib)}'`,
        'dmsetup resume POOL',
        'check script',
      ],
    ],
    [
      'file and device are longer',
      (on) => withLoop(on, 'data', { bytes: 3 * gib, ...file(3 * gib) }),
      [
        'check dmsetup table POOL',
        `dmsetup load POOL --table '${table(3 * gib)}'`,
        'dmsetup resume POOL',
        'check script',
      ],
    ],
    [
      'the very table is loaded',
      (on) =>
        withPool(withLoop(on, 'data', { bytes: 3 * gib, ...file(3 * gib) }), {
          inactive: [parseTableLine(table(3 * gib))],
        }),
      [
        'check dmsetup table POOL',
        `dmsetup load POOL --table '${table(3 * gib)}'`,
        'dmsetup resume POOL',
        'check script',
      ],
    ],
  ])('is completed when %s', (_what, change, expected) => {
    const world = change(loop);
    expect(steps(plan(world, { size: '3GiB' }), world)).toEqual(expected);
  });

  it('a full pool is grown', () => {
    const full = withPool(loop, {
      status: [status(2 * gib, 'out_of_data_space discard_passdown queue_if_no_space - 1024', '900/8192', 32_768)],
    });
    expect(plan(full, { size: '3GiB' }).outcome).toBe('change');
    expect(plan(full, { metadata_size: '64MiB' })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('is full (out_of_data_space)'),
      remedy: 'give size: as well',
    });
  });

  it('full metadata is grown, and more data on it is not promised', () => {
    const full = withPool(loop, { status: [status(2 * gib, undefined, '8160/8192')] });
    expect(plan(full, { size: '3GiB' })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('full but for 32 blocks'),
      remedy: 'give metadata_size: as well',
    });
    expect(plan(full, { metadata_size: '64MiB' }).outcome).toBe('change');
    expect(plan(full, { size: '3GiB', metadata_size: '64MiB' }).outcome).toBe('change');
  });

  it('more than the disk has is refused, unless the operator says so; what is promised is said', () => {
    expect(plan(loop, { size: '20GiB' })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/has 5\.\d+ GiB free, less than the growth of 18 GiB and a margin of 921\.6 MiB/),
      remedy: expect.stringContaining('overcommit: true'),
    });
    expect(plan(loop, { size: '20GiB', overcommit: true })).toMatchObject({
      outcome: 'change',
      warnings: [expect.stringMatching(/sparse, and can come to take 19\.\d+ GiB more/)],
    });
    // The growth fits, but with all that was promised before it does not.
    expect(
      plan(
        { ...loop, loops: { data: undefined, metadata: undefined, ...loop.loops, freeBytes: 2 * gib } },
        { size: '3GiB' },
      ),
    ).toMatchObject({ outcome: 'change', warnings: [expect.stringContaining('sparse')] });
  });
});

describe('what is refused of a pool on loop files', () => {
  it.each<[string, (world: PoolWorld) => PoolWorld, Record<string, unknown>, string]>([
    ['less than now', (on) => on, { size: '1GiB' }, 'data is 2 GiB now, more than the 1 GiB wanted'],
    ['less metadata', (on) => on, { metadata_size: '16MiB' }, 'metadata is 32 MiB now, more than the 16 MiB wanted'],
    ['less than its file', (on) => withLoop(on, 'data', file(4 * gib)), { size: '3GiB' }, 'data is 4 GiB now'],
    ['too much metadata', (on) => on, { metadata_size: '16GiB', overcommit: true }, 'cannot use 16 GiB of metadata'],
    ['a suspended pool', (on) => withPool(on, { suspended: true }), { size: '3GiB' }, 'is suspended'],
    [
      'needs_check',
      (on) => withPool(on, { status: [status(2 * gib, 'ro discard_passdown queue_if_no_space needs_check 1024')] }),
      { size: '3GiB' },
      'needs_check',
    ],
    [
      'needs_check, still writable',
      (on) => withPool(on, { status: [status(2 * gib, 'rw discard_passdown queue_if_no_space needs_check 1024')] }),
      { size: '3GiB' },
      'needs_check',
    ],
    [
      'a read-only pool',
      (on) => withPool(on, { status: [status(2 * gib, 'ro discard_passdown queue_if_no_space - 1024')] }),
      { size: '3GiB' },
      'is read-only',
    ],
    [
      'a failed pool',
      (on) => withPool(on, { status: ['0 4194304 thin-pool Fail'] }),
      { size: '3GiB' },
      'has failed (Fail)',
    ],
    [
      "somebody's table",
      (on) => withPool(on, { inactive: [parseTableLine(table(5 * gib))] }),
      { size: '3GiB' },
      'somebody has loaded a table',
    ],
    [
      'a deleted file',
      (on) => withLoop(on, 'data', { deleted: true, onDisk: undefined }),
      { size: '3GiB' },
      'has been deleted',
    ],
    [
      'another file in its place',
      (on) => withLoop(on, 'metadata', { onDisk: undefined }),
      { size: '3GiB' },
      'has been replaced by another',
    ],
    [
      'another file than Docker names',
      (on) => withLoop(on, 'data', { file: '/elsewhere/data' }),
      { size: '3GiB' },
      '/dev/loop0 shows /elsewhere/data',
    ],
    ['a part of a file', (on) => withLoop(on, 'data', { partial: true }), { size: '3GiB' }, 'only a part'],
    ['a read-only device', (on) => withLoop(on, 'data', { readOnly: true }), { size: '3GiB' }, 'is read-only'],
    [
      'a partition',
      (on) => ({
        ...withPool(on, { table: [parseTableLine('0 4194304 thin-pool 8:2 8:1 128 32768 1 skip_block_zeroing')] }),
        loops: { data: undefined, metadata: undefined, freeBytes: undefined },
      }),
      { size: '3GiB' },
      'lies on 8:1, which is no loop device',
    ],
    [
      'no pool',
      (on) => ({ ...on, docker: { ...on.docker, driverStatus: {} } }),
      { size: '3GiB' },
      'is not active as one thin pool',
    ],
    [
      'a pool below another mapping',
      (on) => withPool(on, { table: [parseTableLine('0 4194304 linear 253:7 0')] }),
      { size: '3GiB' },
      'is not active as one thin pool',
    ],
    [
      'another storage driver',
      (on) => ({ ...on, docker: { ...on.docker, driver: 'overlay2' } }),
      { size: '3GiB' },
      'the storage driver is overlay2, which has no thin pool',
    ],
  ])('%s', (_what, change, want, reason) => {
    const planned = plan(change(loop), want);
    expect(planned).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(reason),
      remedy: expect.stringMatching(/.{10}/),
    });
  });

  it('nothing to grow, or what is no size', () => {
    expect(growPool.schema.safeParse({}).success).toBe(false);
    expect(growPool.schema.safeParse({ size: '90%' }).success).toBe(false);
    expect(growPool.schema.safeParse({ size: '3' }).success).toBe(false);
  });
});

describe('a pool of LVM', () => {
  it('is grown by LVM, metadata first, in whole extents; device-mapper is only read', () => {
    const planned = plan(lvm, { size: '2GB', metadata_size: '30MiB' });
    expect(steps(planned, lvm)).toEqual([
      'lvextend -y --poolmetadatasize 33554432b -- docker/thinpool',
      'lvextend -y -L 2147483648b -- docker/thinpool',
      'check script',
    ]);
    expect(planned).toMatchObject({
      changes: [
        {
          atomic: true,
          undo: 'irreversible',
          before: { dataBytes: 1600 * MiB, metadataBytes: 16 * MiB },
          after: { dataBytes: 2048 * MiB, metadataBytes: 32 * MiB },
        },
      ],
    });
    expect(JSON.stringify(planned)).not.toMatch(/dmsetup (load|resume|suspend|clear)/);
  });

  it('says whether it grows by itself when it fills', () => {
    expect(plan(lvm, { size: '2GiB' }).warnings).toEqual([
      expect.stringContaining('autoextend is off (thin_pool_autoextend_threshold is 100 in lvm.conf)'),
    ]);
    const on = { autoextend: { threshold: 80, percent: 20 }, profile: 'docker-thinpool' };
    expect(plan(withLvm(lvm, on), { size: '2GiB' }).warnings).toBeUndefined();
    expect(plan(withLvm(lvm, { ...on, monitored: false }), { size: '2GiB' }).warnings).toEqual([
      expect.stringContaining('not monitored'),
    ]);
    expect(plan(withLvm(lvm, { ...on, freeBytes: 0 }), { size: '1600MiB' })).toMatchObject({
      outcome: 'noop',
      warnings: [expect.stringContaining('its volume group has nothing free')],
    });
  });

  it.each<[string, (world: PoolWorld) => PoolWorld, Record<string, unknown>, string]>([
    [
      'more than the group has',
      (on) => on,
      { size: '4GiB' },
      'the volume group docker has 1.4 GiB free, less than the 2.44 GiB',
    ],
    ['metadata, with its spare', (on) => on, { metadata_size: '1GiB' }, 'the spare for metadata grows with it'],
    ['less than now', (on) => on, { size: '1GiB' }, 'data is 1.56 GiB now, more than the 1 GiB wanted'],
    ['less metadata', (on) => on, { metadata_size: '8MiB' }, 'metadata is 16 MiB now'],
    [
      "a table that is not LVM's",
      (on) => withLvm(on, { dataBytes: 2 * gib }),
      { size: '3GiB' },
      'LVM says that docker/thinpool is 2 GiB, its table says 1.56 GiB',
    ],
    [
      'a loaded table',
      (on) => withPool(on, { inactive: on.pool.table }),
      { size: '2GiB' },
      'LVM is at work on it, or was cut',
    ],
    ['a suspended pool', (on) => withPool(on, { suspended: true }), { size: '2GiB' }, 'is suspended'],
  ])('refuses %s', (_what, change, want, reason) => {
    expect(plan(change(lvm), want)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(reason),
      remedy: expect.stringMatching(/.{10}/),
    });
  });

  it.each([
    ['docker-thinpool', { group: 'docker', name: 'thinpool' }],
    ['my--vg-thin--pool', { group: 'my-vg', name: 'thin-pool' }],
    ['docker-thinpool-tpool', undefined],
    ['nodash', undefined],
  ])('%s is the volume %j', (device, expected) => {
    expect(lvmNameOf(device)).toEqual(expected);
  });
});
