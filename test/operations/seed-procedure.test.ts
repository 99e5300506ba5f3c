import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { loadPlaybook } from '../../src/config/playbook/playbook.ts';
import type { Scope, Step } from '../../src/config/model/types.ts';
import { deviceMapper, parseTableLine } from '../../src/facts/host/device-mapper.ts';
import { ask } from '../../src/facts/fact.ts';
import { operations } from '../../src/operations/registry.ts';
import type { Json } from '../../src/values/json.ts';
import { Answers } from './known.ts';

const io = { readFile: (path: string) => readFile(path) };
const file = new URL('../../playbooks/seed-procedure.yaml', import.meta.url).pathname;
const device = 'docker-254:0-10877-4c20';

/** The steps of the procedure, each resolved with what the ones before it registered. */
async function resolved(registers: Readonly<Record<string, Json>>): Promise<ReadonlyMap<string, unknown>> {
  const playbook = await loadPlaybook(file, operations, io);
  const play = playbook.plays[0];
  const scope: Scope = { vars: play?.vars ?? {}, host: {}, facts: {}, registers };
  const wanted = (step: Step): unknown => {
    const want = step.resolve(scope);
    return 'value' in want ? want.value : want.unknown;
  };
  return new Map((play?.steps ?? []).map((step) => [step.name, wanted(step)]));
}

describe('playbooks/seed-procedure.yaml', () => {
  const node = { Driver: 'devicemapper', GraphDriver: { Data: { DeviceName: device } } };
  const live = dmsetupResult();

  it('builds the new table from what it has registered', async () => {
    expect(await resolved({ node, live })).toEqual(
      new Map<string, unknown>([
        ['Read the container', { container: 'node' }],
        [
          'Only devicemapper gives every container a device of its own',
          { that: true, message: 'the container is not on devicemapper' },
        ],
        ['Read its table', { action: 'table', device }],
        ['Load the longer table', { action: 'load', device, table: '0 41943040 thin 253:0 4' }],
        ['Make it live', { action: 'resume', device }],
        ['Grow the file system', { container: 'node' }],
        [
          'Look at it from inside',
          { argv: ['docker', 'exec', 'node', 'df', '-k', '/'], read_only: true, success: [0] },
        ],
      ]),
    );
  });

  it('says which registers it waits for', async () => {
    const wants = await resolved({});
    expect(wants.get('Load the longer table')).toEqual(expect.arrayContaining(['node']));
  });

  it('says plainly that it does not survive a restart', async () => {
    expect(await readFile(file, 'utf8')).toMatch(/NOT RESTART-SAFE[^]*grow_rootfs/);
  });
});

function dmsetupResult(): Json {
  const thin = {
    name: device,
    major: 253,
    minor: 1,
    openCount: 1,
    suspended: false,
    deferredRemove: false,
    table: [parseTableLine('0 819200 thin 253:0 4')],
    inactive: [],
    status: ['0 819200 thin 1 1'],
  };
  const known = new Answers().set(ask(deviceMapper), { devices: { [device]: thin } });
  return operations.get('dmsetup')?.result?.({ action: 'table', device }, known, undefined) ?? null;
}
