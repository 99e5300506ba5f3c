import { beforeAll, describe, expect, it } from 'vitest';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { repairRootfs } from '../../../src/operations/rootfs/repair-rootfs.ts';
import { commandLine } from '../../../src/values/shell.ts';
import { planLawfully } from '../plan-lawfully.ts';
import type { RecordedHost, Sizes } from '../recorded-hosts.ts';
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

let recorded: RecordedHost;
let overlay: RecordedHost;
beforeAll(async () => {
  recorded = await recordedHost('dm-xfs');
  overlay = await recordedHost('overlay2-28');
});

const small = 320 * MiB;
const big = 640 * MiB;

function plan(on: RecordedHost, want: Record<string, unknown> = {}): Planned {
  const parsed = repairRootfs.schema.parse({ container: 'c1', ...want });
  const known = answersOf(on);
  expect(
    repairRootfs
      .needs(parsed, known)
      .filter((request) => !known.has(request))
      .map(({ key }) => key),
  ).toEqual([]);
  return planLawfully(repairRootfs, parsed, known);
}

/** Stopped: its device is gone, unless a failed start, or somebody, has left it active. */
function stopped(sizes: Sizes, active?: number): RecordedHost {
  const state = withState(
    sized(recorded, { ...sizes, ...(active === undefined ? {} : { device: active }) }),
    'exited',
    'Failed to mount',
  );
  return active === undefined ? { ...withoutDevice(state), superblock: state.superblock } : state;
}

function steps(planned: Planned, on: RecordedHost): readonly string[] {
  const name = on.container.graph?.['DeviceName'] ?? '?';
  const short = (text: string): string =>
    text
      .replaceAll(on.rootfs?.stored.path ?? '?', 'RECORD')
      .replaceAll(name, 'NAME')
      .replaceAll(on.container.id, 'ID');
  if (planned.outcome !== 'change') return [planned.outcome];
  return planned.changes.flatMap(({ actions }) =>
    actions.map((action) =>
      short(
        action.kind === 'exec'
          ? commandLine(action.argv)
          : action.kind === 'write-file'
            ? 'write RECORD'
            : action.kind === 'wait-until'
              ? 'wait'
              : 'check',
      ),
    ),
  );
}

const create = "dmsetup create NAME --table '0 1310720 thin 253:0 4'";
const reload = ['check', "dmsetup load NAME --table '0 1310720 thin 253:0 4'", 'dmsetup resume NAME'];
const start = 'docker start ID';

describe('a stopped container on devicemapper', () => {
  it.each<[string, Sizes, number | undefined, readonly string[]]>([
    [
      'grown by hand and stopped',
      { fileSystem: big, stored: small, daemon: small },
      undefined,
      [create, 'write RECORD', start],
    ],
    [
      'stored already, not read by the daemon',
      { fileSystem: big, stored: big, daemon: small },
      undefined,
      [create, start],
    ],
    [
      'a failed start has left the small device',
      { fileSystem: big, stored: small, daemon: small },
      small,
      [...reload, 'write RECORD', start],
    ],
    [
      'the small device is left, and the daemon knows the size',
      { fileSystem: big, stored: big, daemon: big },
      small,
      [...reload, start],
    ],
    [
      'the big device is active already, nothing is stored',
      { fileSystem: big, stored: small, daemon: small },
      big,
      ['write RECORD', start],
    ],
    ['everything is as large as it must be', { fileSystem: small, stored: small, daemon: small }, undefined, ['noop']],
    ['a record that is larger than needed', { fileSystem: small, stored: big, daemon: big }, undefined, ['noop']],
    ['repaired by an earlier attempt, and not started', { fileSystem: big, stored: big, daemon: small }, big, [start]],
  ])('%s', (_what, sizes, active, expected) => {
    const on = stopped(sizes, active);
    expect(steps(plan(on), on)).toEqual(expected);
  });

  it('is left stopped with start: false', () => {
    const on = stopped({ fileSystem: big, stored: small, daemon: small });
    expect(steps(plan(on, { start: false }), on)).toEqual([create, 'write RECORD']);
    expect(plan(stopped({ fileSystem: big, stored: big, daemon: small }, big), { start: false }).outcome).toBe('noop');
  });

  it('is started also when the daemon has read what was stored before it came to that', () => {
    const broken = stopped({ fileSystem: big, stored: small, daemon: small });
    const pinned = repairRootfs.pin?.(repairRootfs.schema.parse({ container: 'c1' }), answersOf(broken));
    expect(pinned?.starts).toEqual([broken.container.id]);
    const repaired = stopped({ fileSystem: big, stored: big, daemon: big });
    expect(steps(plan(repaired, { ...pinned }), repaired)).toEqual([start]);
    expect(plan(repaired, { ...pinned, start: false }).outcome).toBe('noop');
    expect(repairRootfs.pin?.(repairRootfs.schema.parse({ container: 'c1' }), answersOf(repaired))).toEqual({
      container: 'c1',
    });
  });

  it('restarts the daemon before it starts the container, where that is allowed', () => {
    const on = stopped({ fileSystem: big, stored: small, daemon: small });
    expect(steps(plan(on, { restart_daemon: true }), on)).toEqual([
      create,
      'write RECORD',
      'systemctl reset-failed docker.service docker.socket',
      'systemctl restart docker.service',
      'wait',
      start,
    ]);
    expect(plan(withDocker(on, { liveRestore: false }), { restart_daemon: true })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('live-restore'),
    });
  });

  it('says what is owed as long as the daemon holds the old size', () => {
    expect(plan(stopped({ fileSystem: big, stored: small, daemon: small })).owed).toEqual([
      expect.stringContaining('not restart-safe yet'),
    ]);
    expect(plan(stopped({ fileSystem: small, stored: small, daemon: small })).owed).toBeUndefined();
  });

  it('takes its device and record back, without touching the backup', () => {
    const planned = plan(stopped({ fileSystem: big, stored: small, daemon: small }));
    expect(planned).toMatchObject({
      changes: [
        {
          undo: [
            { kind: 'write-file', content: recorded.rootfs?.stored.text },
            {
              argv: [
                '/bin/sh',
                '-c',
                expect.stringContaining('dmsetup remove --retry'),
                'sh',
                expect.stringMatching(/^\/dev\/mapper\//),
                expect.any(String),
              ],
            },
          ],
        },
        { undo: [{ argv: ['docker', 'stop', recorded.container.id] }] },
      ],
    });
    expect(JSON.stringify(planned.outcome === 'change' ? planned.changes[0]?.undo : '')).not.toContain('backup');
  });

  it('drops the copy of the old record once the change is finalized, where one was made', () => {
    expect(plan(stopped({ fileSystem: big, stored: small, daemon: small }))).toMatchObject({
      changes: [
        {
          finalize: [
            {
              argv: [
                'rm',
                '-f',
                '--',
                expect.stringMatching(/^\/var\/lib\/plimsoll\/backup\/devicemapper\/[^/]+\.335544320$/),
              ],
            },
          ],
        },
        {},
      ],
    });
    expect(JSON.stringify(plan(stopped({ fileSystem: big, stored: big, daemon: small })))).not.toContain('finalize');
  });

  it('does not stumble over its own device on its way out', () => {
    const on = withDevice(stopped({ fileSystem: big, stored: small, daemon: small }, small), 'container', () => ({
      deferredRemove: true,
    }));
    expect(steps(plan(on), on)).toEqual([...reload, 'write RECORD', start]);
  });
});

describe('a running container on devicemapper', () => {
  it('whose file system has outgrown the record: it is made to last, before a stop finds it out', () => {
    const on = sized(recorded, { device: big, fileSystem: big });
    expect(steps(plan(on), on)).toEqual(['write RECORD']);
  });

  it.each<[string, Sizes]>([
    ['that is sound', {}],
    ['whose device is larger than its file system', { device: big }],
  ])('%s: nothing to do', (_what, sizes) => {
    expect(plan(sized(recorded, sizes)).outcome).toBe('noop');
  });
});

describe('what is refused', () => {
  it.each<[string, () => RecordedHost, string]>([
    ['a paused container', () => withState(sized(recorded, { device: big, fileSystem: big }), 'paused'), 'is paused'],
    ['a dead one', () => withState(recorded, 'dead'), 'is dead'],
    [
      'no file system that is known',
      () => ({ ...stopped({ fileSystem: big }), superblock: null }),
      'not a file system that is known',
    ],
    [
      'a running one whose file system is larger than its live device',
      () => sized(recorded, { fileSystem: big }),
      'writes beyond the device are lost',
    ],
    [
      "another layer's thin id",
      () =>
        withDevice(stopped({ fileSystem: big }, small), 'container', () => ({
          table: [line('0 655360 thin 253:0 3')],
        })),
      'not its own',
    ],
    [
      'a record of another device',
      () => ({
        ...recorded,
        rootfs:
          recorded.rootfs === undefined
            ? undefined
            : { ...recorded.rootfs, stored: { ...recorded.rootfs.stored, deviceId: 9 } },
      }),
      "Docker's record says thin device 9",
    ],
    [
      'a running one on its way out',
      () => withDevice(recorded, 'container', () => ({ deferredRemove: true })),
      'DEFERRED REMOVE',
    ],
    [
      'a full pool',
      () =>
        withDevice(recorded, 'pool', () => ({
          status: [
            '0 4194304 thin-pool 4 847/8192 32768/32768 - out_of_data_space discard_passdown queue_if_no_space - 1024',
          ],
        })),
      'out_of_data_space',
    ],
    ['overlay2', () => overlay, 'only devicemapper'],
  ])('%s', (_what, on, reason) => {
    expect(plan(on())).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(reason),
      remedy: expect.stringMatching(/\S{3}/),
    });
  });
});
