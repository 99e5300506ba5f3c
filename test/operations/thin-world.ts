import { deviceMapper, parseTableLine } from '../../src/facts/host/device-mapper.ts';
import { ask } from '../../src/facts/fact.ts';
import { Answers } from './known.ts';

/** A thin device of 4 MiB. */
export const thin = {
  name: 'c',
  major: 253,
  minor: 1,
  openCount: 1,
  suspended: false,
  deferredRemove: false,
  table: [parseTableLine('0 8192 thin 253:0 4')],
  inactive: [],
  status: ['0 8192 thin 8 8'],
};
const pool = {
  ...thin,
  name: 'pool',
  minor: 0,
  table: [parseTableLine('0 999999 thin-pool 7:1 7:0 128 1 0')],
  status: ['0 999999 thin-pool 4 1/9 1/9000 - rw discard_passdown queue_if_no_space - 1'],
};

/** The device, as `c`, and its pool. */
export const thinWorld = (): Answers => new Answers().set(ask(deviceMapper), { devices: { c: thin, pool } });
