import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Growth } from '../../../src/facts/pools/pool-growth.ts';
import { growthRecord, poolGrowth } from '../../../src/facts/pools/pool-growth.ts';
import { stoppedForCopies } from '../../../src/facts/copies/stopped-for-copy.ts';
import { runScript } from '../real-shell.ts';

const growth: Growth = {
  from: '/d/data',
  to: '/d/metadata',
  dataBytes: 3_221_225_472,
  metadataBytes: 50_331_648,
  pool: 'docker-254:0-1-pool',
  blockBytes: 65_536,
  reported: 'rw 12288 49152',
  containers: ['a'.repeat(64)],
  names: ['db'],
};
const read = (stdout: string, status = 0) => poolGrowth.parse({ status, stdout, stderr: '' }, []);
const directory = '/var/lib/plimsoll/stopped';

describe('a growth with the daemon stopped', () => {
  it.each([
    ['none', `${directory}\n\nactive\nend\n`, { begun: undefined, daemonDown: false, stopTogether: [] }],
    [
      'one that is under way or was cut, with the daemon down',
      `${directory}\n${growthRecord(growth)}inactive\nend\n`,
      { begun: { ...growth, text: growthRecord(growth) }, daemonDown: true },
    ],
    ['a daemon that has failed', `${directory}\n\nfailed\nend\n`, { daemonDown: true }],
    ['a daemon that is being started', `${directory}\n\nactivating\nend\n`, { daemonDown: false }],
    ['no systemd', `${directory}\n\nend\n`, { daemonDown: false, stopTogether: [] }],
    [
      'units that stop together with the daemon',
      `${directory}\n\nactive\nunit app.service\nunit b.timer\nend\n`,
      { stopTogether: ['app.service', 'b.timer'] },
    ],
  ])('%s', (_what, stdout, expected) => {
    expect(read(stdout)).toMatchObject({ directory, file: `${directory}/pool`, ...expected });
  });

  it.each([
    ['a record that is no JSON', `${directory}\n{"from":\nactive\nend\n`, 0],
    ['a record without its sizes', `${directory}\n{"from":"/a","to":"/b","containers":[]}\nactive\nend\n`, 0],
    ['an id that is none', `${directory}\n${growthRecord({ ...growth, containers: ['; reboot'] })}active\nend\n`, 0],
    ['an answer that was cut', `${directory}\n\nactive\n`, 0],
    ['a file that cannot be read', `${directory}\n`, 1],
  ])('is not guessed from %s', (_what, stdout, status) => {
    expect(() => read(stdout, status)).toThrow(expect.objectContaining({ code: 'fact-unreadable' }));
  });

  describe('on this machine', () => {
    let state: string;
    beforeEach(async () => {
      state = await mkdtemp(join(tmpdir(), 'plimsoll-growth-'));
      await mkdir(join(state, 'stopped'));
    });
    afterEach(() => rm(state, { recursive: true, force: true }));

    it('is read as it was written, and does not disturb what is stopped for a copy, beside which it lies', async () => {
      const environment = { ...process.env, PLIMSOLL_STATE: state };
      expect(poolGrowth.parse(runScript(poolGrowth.script, [], environment), [])).toMatchObject({
        directory: join(state, 'stopped'),
        begun: undefined,
      });
      await writeFile(join(state, 'stopped/pool'), growthRecord(growth));
      expect(poolGrowth.parse(runScript(poolGrowth.script, [], environment), [])).toMatchObject({
        begun: { ...growth, text: growthRecord(growth) },
      });
      expect(stoppedForCopies.parse(runScript(stoppedForCopies.script, [], environment), []).all).toMatchObject([
        { from: '/d/data', to: '/d/metadata', containers: growth.containers },
      ]);
    });
  });
});
