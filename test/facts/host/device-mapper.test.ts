import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { DeviceMapper } from '../../../src/facts/host/device-mapper.ts';
import {
  deviceMapper,
  deviceNamed,
  deviceNumbered,
  parsePoolStatus,
  parsePoolTable,
  parseTableLine,
  parseThin,
  tableText,
} from '../../../src/facts/host/device-mapper.ts';
import { runScript } from '../real-shell.ts';

const caseFile = z.array(z.object({ name: z.string(), stdout: z.string(), stderr: z.string() }));
const cases = caseFile.parse(JSON.parse(readFileSync(new URL('../cases/device-mapper.json', import.meta.url), 'utf8')));

const name = 'docker-254:0-10877-4c20d6ab96239ba0f05f80a41b49d7d119565acf9432be2f0133a88d88e31336';
const pool = 'docker-254:0-10877-pool';

function read(caseName: string): DeviceMapper {
  const found = cases.find((candidate) => candidate.name === caseName);
  if (found === undefined) throw new Error(`no case ${caseName}`);
  return deviceMapper.parse({ status: 0, stdout: found.stdout, stderr: found.stderr }, []);
}

describe('device-mapper, as recorded', () => {
  it('reads a container and its pool, names with colons included', () => {
    const mapper = read('dm-xfs: one container on a loop pool');
    expect(Object.keys(mapper.devices)).toEqual([name, pool]);
    expect(deviceNamed(mapper, name)).toEqual({
      name,
      major: 253,
      minor: 1,
      openCount: 1,
      suspended: false,
      deferredRemove: false,
      table: [{ start: 0, length: 819_200, target: 'thin', args: ['253:0', '4'] }],
      inactive: [],
      status: ['0 819200 thin 136448 819199'],
    });
    expect(deviceNumbered(mapper, '253:0')?.name).toBe(pool);
    expect(JSON.parse(JSON.stringify(mapper))).toEqual(mapper);
  });

  it('reads a loaded table beside the live one', () => {
    expect(deviceNamed(read('dm-xfs: a longer table is loaded'), name)?.inactive.map(tableText)).toEqual([
      '0 1048576 thin 253:0 4',
    ]);
  });

  it('reads SUSPENDED and DEFERRED REMOVE', () => {
    expect(deviceNamed(read('dm-xfs: suspended and deferred'), name)).toMatchObject({
      suspended: true,
      deferredRemove: true,
    });
    expect(deviceNamed(read('dm-xfs: suspended and deferred'), pool)).toMatchObject({
      suspended: false,
      deferredRemove: false,
    });
  });

  it('reads a device without a live table', () => {
    expect(deviceNamed(read('a device without a live table'), name)).toMatchObject({ table: [], status: [] });
  });

  it('reads a pool that LVM owns', () => {
    const mapper = read('direct-lvm');
    expect(deviceNamed(mapper, 'docker-thinpool')?.table.map(parsePoolTable)).toEqual([
      {
        metadataDevice: '253:0',
        dataDevice: '253:1',
        blockSectors: 1024,
        lowWaterBlocks: 0,
        features: ['skip_block_zeroing'],
      },
    ]);
    expect(deviceNamed(mapper, 'docker-thinpool_tdata')?.table).toEqual([
      { start: 0, length: 1_884_160, target: 'linear', args: ['254:32', '2048'] },
    ]);
  });

  it('reads no devices, and leaves out one that vanished meanwhile', () => {
    expect(read('no devices')).toEqual({ devices: {} });
    expect(Object.keys(read('one vanished after info').devices)).toEqual([pool]);
  });

  it('knows no device by the name of a property of every object', () => {
    expect(deviceNamed(read('no devices'), 'constructor')).toBeUndefined();
  });
});

describe('device-mapper, what cannot be read', () => {
  const text = cases[0]?.stdout ?? '';
  it.each([
    ['no dmsetup', { status: 127, stdout: '', stderr: '' }, 'missing-tool'],
    [
      'a kernel without it',
      {
        status: 0,
        stdout: '--info 1--\n--table 1--\n--inactive 1--\n--status 1--\n',
        stderr: '/dev/mapper/control: open failed: No such device\nCommand failed.\n',
      },
      'fact-unreadable',
    ],
    [
      'a failure without a reason',
      { status: 0, stdout: text.replace('--table 0--', '--table 1--'), stderr: '' },
      'fact-unreadable',
    ],
    ['half an answer', { status: 0, stdout: text.slice(0, 900), stderr: '' }, 'fact-unreadable'],
    ['another state', { status: 0, stdout: text.replace('ACTIVE', 'DREAMING'), stderr: '' }, 'fact-unreadable'],
    [
      'a length that is no number',
      { status: 0, stdout: text.replace(': 0 819200 thin', ': 0 many thin'), stderr: '' },
      'fact-unreadable',
    ],
  ])('%s', (_name, printed, code) => {
    expect(() => deviceMapper.parse(printed, [])).toThrow(expect.objectContaining({ code }));
  });

  it('its script ends with an answer or an error on this machine', () => {
    const printed = runScript(deviceMapper.script);
    if (printed.status === 127)
      expect(() => deviceMapper.parse(printed, [])).toThrow(expect.objectContaining({ code: 'missing-tool' }));
    else expect(printed.stdout).toMatch(/--info \d+--\n[^]*--table \d+--\n[^]*--inactive \d+--\n[^]*--status \d+--\n$/);
  });
});

describe('lines of tables and status', () => {
  it('parses thin targets with and without an origin', () => {
    expect(parseThin(parseTableLine('0 409600 thin 253:0 4'))).toEqual({ poolDevice: '253:0', deviceId: 4 });
    expect(parseThin(parseTableLine('0 409600 thin 253:0 4 253:7'))).toEqual({
      poolDevice: '253:0',
      deviceId: 4,
      origin: '253:7',
    });
    expect(() => parseThin(parseTableLine('0 8 linear 254:32 2048'))).toThrow(/not a thin device/);
    expect(() => parseThin(parseTableLine('0 8 thin 253:0 x'))).toThrow(/not a number/);
  });

  it('parses a working pool', () => {
    expect(
      parsePoolStatus('0 2097152 thin-pool 4 841/8192 324/16384 - rw discard_passdown queue_if_no_space - 1024 '),
    ).toEqual({
      mode: 'rw',
      transaction: 4,
      metadataUsed: 841,
      metadataTotal: 8192,
      dataUsed: 324,
      dataTotal: 16_384,
      needsCheck: false,
      discard: 'discard_passdown',
      whenFull: 'queue_if_no_space',
    });
  });

  it.each([
    [
      '0 8 thin-pool 4 1/2 3/4 - out_of_data_space discard_passdown error_if_no_space - 1024',
      { mode: 'out_of_data_space', whenFull: 'error_if_no_space' },
    ],
    [
      '0 8 thin-pool 4 1/2 3/4 - ro no_discard_passdown queue_if_no_space needs_check 1024',
      { mode: 'ro', needsCheck: true },
    ],
    ['0 8 thin-pool 4 1/2 3/4 77 rw discard_passdown', { mode: 'rw', whenFull: null }],
    ['0 8 thin-pool Fail', { mode: 'Fail' }],
    ['0 8 thin-pool Error', { mode: 'Error' }],
  ])('%s', (line, expected) => {
    expect(parsePoolStatus(line)).toMatchObject(expected);
  });

  it('does not guess', () => {
    expect(() => parsePoolStatus('0 8 thin 136448 819199')).toThrow(/not the status of a thin pool/);
    expect(() => parsePoolStatus('0 8 thin-pool 4 1/2 3/4 - purple')).toThrow(/not the status of a thin pool/);
    expect(() => parseTableLine('0 8')).toThrow(/not a line of a table/);
  });
});
