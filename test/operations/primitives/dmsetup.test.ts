import { describe, expect, it } from 'vitest';
import type { DeviceMapper, MappedDevice } from '../../../src/facts/host/device-mapper.ts';
import { deviceMapper, parseTableLine } from '../../../src/facts/host/device-mapper.ts';
import { ask } from '../../../src/facts/fact.ts';
import { dmsetup } from '../../../src/operations/primitives/dmsetup.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { Answers } from '../known.ts';

const name = 'docker-254:0-10877-4c20';
const live = '0 819200 thin 253:0 4';
const longer = '0 1048576 thin 253:0 4';

interface World {
  readonly table?: readonly string[];
  readonly inactive?: readonly string[];
  readonly suspended?: boolean;
  readonly deferredRemove?: boolean;
  readonly pool?: string;
}

function mapper({
  table = [live],
  inactive = [],
  suspended = false,
  deferredRemove = false,
  pool = '0 4194304 thin-pool 4 1666/16384 1179/32768 - rw discard_passdown queue_if_no_space - 1024',
}: World): DeviceMapper {
  const device = (deviceName: string, minor: number, more: Partial<MappedDevice>): MappedDevice => ({
    name: deviceName,
    major: 253,
    minor,
    openCount: 1,
    suspended: false,
    deferredRemove: false,
    table: [],
    inactive: [],
    status: [],
    ...more,
  });
  return {
    devices: {
      [name]: device(name, 1, {
        table: table.map(parseTableLine),
        inactive: inactive.map(parseTableLine),
        suspended,
        deferredRemove,
        status: ['0 819200 thin 136448 819199'],
      }),
      pool: device('pool', 0, {
        table: [parseTableLine('0 4194304 thin-pool 7:1 7:0 128 32768 1 skip_block_zeroing')],
        status: [pool],
      }),
    },
  };
}

const known = (world: World): Answers => new Answers().set(ask(deviceMapper), mapper(world));
const plan = (want: unknown, world: World = {}): Planned => dmsetup.plan(dmsetup.schema.parse(want), known(world));
const load = (table: string, world: World = {}): Planned => plan({ action: 'load', device: name, table }, world);
const resume = (world: World): Planned => plan({ action: 'resume', device: name }, world);

describe('dmsetup load', () => {
  it('loads a longer table, checks what the kernel took, and clears it when that is something else', () => {
    expect(load(longer)).toEqual({
      outcome: 'change',
      changes: [
        {
          summary: `${name}: load a table of 512 MiB (now 400 MiB)`,
          before: { live, loaded: null, size: '819200 sectors (400 MiB)' },
          after: { live, loaded: longer, size: '1048576 sectors (512 MiB)' },
          actions: [
            {
              kind: 'exec',
              argv: ['dmsetup', 'load', name, '--table', longer],
              check: { argv: ['dmsetup', 'table', '--inactive', name], equals: longer },
              onFailure: [['dmsetup', 'clear', name]],
            },
          ],
          undo: [{ kind: 'exec', argv: ['dmsetup', 'clear', name] }],
          atomic: false,
          bindings: { device: name },
        },
      ],
    });
  });

  it.each<[string, string, World]>([
    ['it is live', longer, { table: [longer] }],
    ['it is loaded', longer, { inactive: [longer] }],
    ['it is live, and the pool is in trouble', live, { pool: '0 4194304 thin-pool Fail' }],
    ['it is live, written with more blanks', '  0   819200 thin 253:0 4 ', {}],
  ])('has nothing to do when %s', (_why, table, world) => {
    expect(load(table, world).outcome).toBe('noop');
  });

  it.each<[string, string, World, RegExp]>([
    ['a smaller table', '0 614400 thin 253:0 4', {}, /less than now.*cut off/],
    ['another thin id', '0 1048576 thin 253:0 2', {}, /device id 2, the live one 4/],
    ['another pool', '0 1048576 thin 253:9 4', {}, /pool 253:9, the live one 253:0/],
    ['another target', '0 1048576 linear 253:0 4', {}, /the target linear/],
    ['an origin', '0 1048576 thin 253:0 4 253:7', {}, /origin 253:7, the live one none/],
    ['another start', '8 1048576 thin 253:0 4', {}, /the start 8/],
    [
      'a table somebody else has loaded',
      longer,
      { inactive: ['0 900000 thin 253:0 4'] },
      /another table is loaded already/,
    ],
    ['a suspended device', longer, { suspended: true }, /suspended/],
    ['a device about to go', longer, { deferredRemove: true }, /DEFERRED REMOVE/],
    ['a device of two lines', longer, { table: [live, '819200 8 thin 253:0 5'] }, /is not one thin device/],
    ['a device that is no thin one', longer, { table: ['0 819200 linear 254:32 2048'] }, /is not one thin device/],
    ['a failed pool', longer, { pool: '0 4194304 thin-pool Fail' }, /the pool pool is Fail/],
    [
      'a full pool',
      longer,
      { pool: '0 4194304 thin-pool 4 1/2 3/3 - out_of_data_space discard_passdown queue_if_no_space - 1' },
      /out_of_data_space/,
    ],
    [
      'a pool to be checked',
      longer,
      { pool: '0 4194304 thin-pool 4 1/2 1/3 - rw discard_passdown queue_if_no_space needs_check 1' },
      /needs_check/,
    ],
  ])('refuses %s', (_what, table, world, reason) => {
    const planned = load(table, world);
    expect(planned).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(reason),
      remedy: expect.stringMatching(/\w{3}/),
    });
  });

  it('refuses a device that is not there', () => {
    expect(plan({ action: 'load', device: 'docker-nosuch', table: longer })).toMatchObject({
      outcome: 'refused',
      reason: 'there is no mapped device docker-nosuch',
    });
  });

  it('warns of overcommitting the pool', () => {
    expect(load('0 41943040 thin 253:0 4')).toMatchObject({
      outcome: 'change',
      warnings: [expect.stringMatching(/1.93 GiB free, less than the growth of 19.61 GiB/)],
    });
  });

  it.each([
    [{ action: 'load', device: name }],
    [{ action: 'load', device: name, table: '0 abc thin 253:0 4' }],
    [{ action: 'load', device: name, table: '0 0 thin 253:0 4' }],
    [{ action: 'load', device: name, table: '0 -5 thin 253:0 4' }],
    [{ action: 'load', device: name, table: `${longer}\n0 8 thin 253:0 5` }],
    [{ action: 'load', device: '--force', table: longer }],
    [{ action: 'table', device: '' }],
    [{ action: 'table', device: name, table: longer }],
    [{ action: 'remove', device: name }],
  ])('its schema refuses %j', (want) => {
    expect(dmsetup.schema.safeParse(want).success).toBe(false);
  });
});

describe('dmsetup resume', () => {
  it('makes the loaded table live and says that there is no way back', () => {
    expect(resume({ inactive: [longer] })).toMatchObject({
      outcome: 'change',
      changes: [
        {
          summary: `${name}: 400 MiB → 512 MiB becomes live`,
          actions: [
            {
              argv: ['dmsetup', 'resume', name],
              check: { argv: ['dmsetup', 'table', name], equals: longer },
              onFailure: [
                ['dmsetup', 'clear', name],
                ['dmsetup', 'resume', name],
              ],
            },
          ],
          undo: 'irreversible',
        },
      ],
    });
  });

  it('has nothing to do when nothing is loaded, and resumes what is suspended', () => {
    expect(resume({}).outcome).toBe('noop');
    expect(resume({ suspended: true })).toMatchObject({
      outcome: 'change',
      changes: [{ actions: [{ check: { equals: live } }] }],
    });
  });

  it('can be taken back when the loaded table is as long as the live one', () => {
    expect(resume({ inactive: [live] })).toMatchObject({ outcome: 'change', changes: [{ undo: [] }] });
  });

  it.each<[string, World]>([
    ['a smaller table', { inactive: ['0 614400 thin 253:0 4'] }],
    ["another layer's id", { inactive: ['0 1048576 thin 253:0 2'] }],
    ['two lines', { inactive: [longer, '1048576 8 thin 253:0 5'] }],
  ])('refuses to make live %s that somebody has loaded', (_what, world) => {
    expect(resume(world).outcome).toBe('refused');
  });
});

describe('dmsetup, reading', () => {
  const result = (action: string, world: World = {}): unknown =>
    dmsetup.result?.(dmsetup.schema.parse({ action, device: `/dev/mapper/${name}` }), known(world), undefined);

  it('is read-only, and gives what an expression needs', () => {
    expect(typeof dmsetup.readOnly === 'function' && dmsetup.readOnly({ action: 'table', device: name })).toBe(true);
    expect(typeof dmsetup.readOnly === 'function' && dmsetup.readOnly({ action: 'resume', device: name })).toBe(false);
    expect(result('table')).toEqual({
      line: live,
      lines: [live],
      start: 0,
      sectors: 819_200,
      target: 'thin',
      pool: '253:0',
      device_id: 4,
      origin: null,
    });
    expect(result('info', { inactive: [longer] })).toEqual({
      name,
      major: 253,
      minor: 1,
      open_count: 1,
      suspended: false,
      deferred_remove: false,
      live: true,
      loaded: true,
    });
    expect(result('status')).toEqual({
      line: '0 819200 thin 136448 819199',
      lines: ['0 819200 thin 136448 819199'],
      pool: null,
    });
    expect(dmsetup.result?.({ action: 'status', device: 'pool' }, known({}), undefined)).toMatchObject({
      pool: { mode: 'rw', dataUsed: 1179, dataTotal: 32_768 },
    });
  });
});
