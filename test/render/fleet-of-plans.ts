import { AppError } from '../../src/errors.ts';
import type { Change } from '../../src/operations/engine/change.ts';
import type { Planned } from '../../src/operations/engine/operation.ts';
import type { HostPlan, StepPlan } from '../../src/plan/plan.ts';

const GiB = 1024 ** 3;

/** A grown root file system on one host's own device. */
export function growth(device: string, id: string): Change {
  return {
    summary: 'app-1: 10 GiB → 20 GiB',
    before: { deviceId: Number(id), sizeBytes: 10 * GiB },
    after: { deviceId: Number(id), sizeBytes: 20 * GiB },
    actions: [
      {
        kind: 'exec',
        argv: ['dmsetup', 'load', device, '--table', `0 41943040 thin 253:0 ${id}`],
        check: { argv: ['dmsetup', 'table', '--inactive', device], equals: `0 41943040 thin 253:0 ${id}` },
        onFailure: [['dmsetup', 'clear', device]],
      },
      { kind: 'write-file', path: `/meta/${device}`, content: '{"size":20}', mode: '0600', expect: '{"size":10}' },
    ],
    undo: 'irreversible',
    atomic: true,
    bindings: { device, id },
  };
}

export function step(planned: Planned, name = 'Grow the root file system', id = '1.1'): StepPlan {
  return { id, step: name, operation: 'grow_rootfs', where: 'grow.yaml:5:5', want: null, planned };
}

export function growing(host: string, device: string, id: string): HostPlan {
  return {
    host,
    steps: [
      step({
        outcome: 'change',
        changes: [growth(device, id)],
        warnings: ['the pool has 3 GiB left'],
        owed: [`restart docker, or ${device} falls back`],
      }),
    ],
  };
}

export function unreachable(host: string): HostPlan {
  return {
    host,
    steps: [],
    error: new AppError('unreachable', `${host} (10.0.0.9) does not answer`, { hint: `check that ${host} is up` }),
  };
}
