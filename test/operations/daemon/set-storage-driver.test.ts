import { beforeAll, describe, expect, it } from 'vitest';
import { readDriverConfig } from '../../../src/operations/daemon/driver-config.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { setStorageDriver } from '../../../src/operations/daemon/set-storage-driver.ts';
import type { DriverWorld } from './driver-world.ts';
import { driverText as text, driverWorld } from './driver-world.ts';
import { planLawfully } from '../plan-lawfully.ts';
import type { RecordedHost } from '../recorded-hosts.ts';
import { recordedHost } from '../recorded-hosts.ts';

const path = '/etc/docker/daemon.json';
const backup = '/var/lib/plimsoll/backup/docker/daemon.json.storage-driver-devicemapper-overlay2';
const rewritten = '{\n  "live-restore": true,\n  "storage-driver": "overlay2",\n  "bridge": "none"\n}\n';
const consent = { acknowledge_invisible: true, stop_containers: true };
let host: RecordedHost;
beforeAll(async () => {
  host = await recordedHost('dm-xfs');
});

function plan(want: Record<string, unknown>, world: DriverWorld = {}): Planned {
  const known = driverWorld(host, world);
  const parsed = setStorageDriver.schema.parse(want);
  expect(setStorageDriver.needs(parsed, known).filter((request) => !known.has(request))).toEqual([]);
  return planLawfully(setStorageDriver, parsed, known);
}

describe('set_storage_driver', () => {
  it('is back where it was when what ran before runs again, whatever else the daemon has started', () => {
    const want = setStorageDriver.schema.parse({ driver: 'overlay2', ...consent });
    const planned = plan({ driver: 'overlay2', ...consent });
    const [change] = planned.outcome === 'change' ? planned.changes : [];
    if (change === undefined) throw new Error('no change');
    const known = driverWorld(host, {});
    expect(setStorageDriver.standing?.(want, change, known)).toEqual(change.before);
    const none = { ...change, before: { ...change.before, running: [] } };
    expect(setStorageDriver.standing?.(want, none, known)).toEqual(none.before);
    const more = { ...change, before: { ...change.before, running: ['c1', 'gone'] } };
    expect(setStorageDriver.standing?.(want, more, known)).toMatchObject({ running: ['c1'] });
    const other = { ...change, before: { ...change.before, driver: 'vfs' } };
    expect(setStorageDriver.standing?.(want, other, known)).toBeUndefined();
  });

  it('writes the file without the old options, keeps the old one, stops, restarts, and knows the way back', () => {
    const { id, name, state } = host.container;
    expect(plan({ driver: 'overlay2', ...consent })).toMatchObject({
      outcome: 'change',
      changes: [
        {
          summary: `storage driver devicemapper → overlay2 (${path}); stop 1 container, restart the Docker daemon`,
          before: { driver: 'devicemapper', containers: 1, images: 3, running: ['c1'] },
          after: { driver: 'overlay2', containers: 0, images: 0, running: [] },
          atomic: true,
          actions: [
            { kind: 'write-file', path, content: rewritten, expect: text, backup },
            {
              kind: 'exec',
              argv: ['/bin/sh', '-c', expect.any(String), 'sh', path, 'overlay2', id],
              onFailure: [['/bin/sh', '-c', expect.any(String), 'sh', path, backup, 'devicemapper', id]],
            },
          ],
          undo: [
            { kind: 'check', argv: ['/bin/sh', '-c', expect.any(String), 'sh', 'devicemapper', '0'], equals: 'none' },
            { kind: 'exec', argv: ['/bin/sh', '-c', expect.any(String), 'sh', path, backup], stdin: rewritten },
            { kind: 'exec', argv: ['/bin/sh', '-c', expect.any(String), 'sh', path, 'done', 'devicemapper', id] },
          ],
          finalize: [{ argv: ['rm', '-f', '--', backup] }],
          bindings: { 'container 1': id, 'start 1': state.startedAt },
        },
      ],
      warnings: [
        expect.stringContaining(`1 container (${name}) and 3 images of devicemapper`),
        expect.stringContaining('1 volume for dangling that belongs to these containers (foo)'),
      ],
    });
  });

  it('needs no consent where nothing becomes invisible, and makes a file where there is none', () => {
    expect(plan({ driver: 'vfs', options: ['size=1G'] }, { empty: true, config: { file: undefined } })).toMatchObject({
      outcome: 'change',
      changes: [
        {
          actions: [
            { argv: ['mkdir', '-p', '-m', '0755', '--', '/etc/docker'] },
            { content: '{\n  "storage-driver": "vfs",\n  "storage-opts": [\n    "size=1G"\n  ]\n}\n', expect: null },
            { onFailure: [expect.arrayContaining(['absent'])] },
          ],
          undo: [{}, { argv: ['/bin/sh', '-c', expect.any(String), 'sh', path, ''] }, {}],
        },
      ],
      warnings: [expect.stringContaining('vfs copies every layer')],
    });
  });

  it('says what would be seen again', () => {
    const earlier = { id: 'e'.repeat(64), name: 'old', driver: 'overlay2', volumes: [] };
    expect(
      plan(
        { driver: 'overlay2', ...consent },
        { drivers: { containers: [earlier], images: { devicemapper: 1, overlay2: 5 } } },
      ),
    ).toMatchObject({
      changes: [{ after: { containers: 1, images: 5 }, undo: [{ argv: expect.arrayContaining(['1']) }, {}, {}] }],
      warnings: expect.arrayContaining([
        expect.stringContaining('1 container made with overlay2 earlier will be seen again'),
      ]),
    });
  });

  it('has nothing to do where the daemon has it; a file that says another one for the next start is put right', () => {
    expect(plan({ driver: 'devicemapper' })).toEqual({
      outcome: 'noop',
      reason: 'the storage driver is devicemapper already',
    });
    expect(plan({ driver: 'devicemapper' }, { config: { file: undefined } })).toMatchObject({ outcome: 'noop' });
    expect(
      plan(
        { driver: 'devicemapper' },
        { config: { file: { text: text.replace('devicemapper', 'overlay2'), mode: '0600' } } },
      ),
    ).toMatchObject({
      changes: [
        {
          actions: [{ kind: 'write-file', content: text, mode: '0600' }],
          undo: [{ kind: 'exec', stdin: text }],
          before: { configured: 'overlay2' },
        },
      ],
    });
    expect(plan({ driver: 'devicemapper', options: ['dm.fs=xfs'] })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('with other options: dm.basesize=320M'),
    });
  });

  it('goes on where an attempt was killed after it had written the file, and only there', () => {
    const written = { file: { text: rewritten, mode: '0644' } };
    expect(plan({ driver: 'overlay2', ...consent }, { config: written, drivers: { backup: text } })).toMatchObject({
      changes: [
        {
          actions: [{ kind: 'exec', onFailure: [expect.arrayContaining([backup])] }],
          undo: [{}, { argv: expect.arrayContaining([backup]), stdin: rewritten }, {}],
        },
      ],
    });
    expect(
      plan(
        { driver: 'overlay2', ...consent },
        { config: { file: { text: '{\n  "storage-driver": "overlay2"\n}\n', mode: '0644' } } },
      ),
    ).toMatchObject({ changes: [{ actions: [{ kind: 'exec', onFailure: [expect.arrayContaining(['absent'])] }] }] });
    expect(
      plan({ driver: 'overlay2', ...consent }, { config: written, drivers: { backup: '{"other":1}' } }),
    ).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('names overlay2 already') });
  });

  it('says everything that stands in the way at once', () => {
    const refused = plan(
      { driver: 'overlay2' },
      { use: { autoRemove: true }, drivers: { fileSystem: 'xfs', ftype: false } },
    );
    expect(refused).toMatchObject({ outcome: 'refused' });
    for (const part of [
      'ftype=0',
      '1 container runs (c1)',
      'started with --rm',
      'Docker would not see 1 container (c1) and 3 images of devicemapper',
    ])
      expect(refused).toMatchObject({ reason: expect.stringContaining(part) });
    for (const part of ['stop_containers: true', 'acknowledge_invisible: true'])
      expect(refused).toMatchObject({ remedy: expect.stringContaining(part) });
  });

  it.each<[string, Record<string, unknown>, DriverWorld, string]>([
    [
      'a container of an orchestrator',
      { driver: 'overlay2', ...consent },
      { use: { labels: { 'com.docker.swarm.service.id': 'x' } } },
      'belongs to swarm',
    ],
    [
      'a kernel without overlay',
      { driver: 'overlay2', ...consent },
      { drivers: { overlay: false } },
      'no overlay file system',
    ],
    ['overlay2 on NFS', { driver: 'overlay2', ...consent }, { drivers: { fileSystem: 'nfs' } }, 'lies on nfs'],
    ['btrfs elsewhere', { driver: 'btrfs', ...consent }, {}, 'needs it to be btrfs'],
    [
      'devicemapper since 25',
      { driver: 'devicemapper', ...consent },
      { docker: { driver: 'overlay2', major: 28, version: '28.5.2' } },
      'no devicemapper any more',
    ],
    [
      'the containerd image store',
      { driver: 'vfs', ...consent },
      { docker: { containerdImageStore: true } },
      "containerd's store",
    ],
    ['a rootless daemon', { driver: 'vfs', ...consent }, { docker: { rootless: true } }, 'rootless'],
    ['no systemd', { driver: 'vfs', ...consent }, { docker: { systemdUnit: false } }, 'does not run as docker.service'],
    [
      'a flag',
      { driver: 'vfs', ...consent },
      { config: { driverFlag: 'devicemapper', storageFlags: ['dm.fs=xfs'] } },
      'dockerd is started with --storage-driver devicemapper --storage-opt dm.fs=xfs',
    ],
    [
      'a file that is not understood',
      { driver: 'vfs', ...consent },
      { config: { file: { text: '{"storage-driver":7}', mode: '0644' } } },
      'is not understood',
    ],
  ])('refuses %s', (_what, want, world, reason) => {
    expect(plan(want, world)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(reason),
      remedy: expect.stringMatching(/.{10}/),
    });
  });

  it.each([
    [{ driver: 'aufs' }, /driver/],
    [{ driver: 'overlay2', options: ['dm.fs=xfs'] }, /dm.fs=xfs is no option of overlay2/],
    [{ driver: 'devicemapper', options: ['dm.directlvm_device=/dev/sdb'] }, /lets dockerd format a disk/],
    [{ driver: 'overlay2', options: ['size'] }, /name=value/],
  ])('takes no %j', (want, message) => {
    expect(JSON.stringify(setStorageDriver.schema.safeParse(want).error?.issues)).toMatch(message);
  });

  it.each([
    [
      'only the name, where nothing else changes',
      '{ "storage-driver" : "overlay2", "a":1 }',
      [],
      '{ "storage-driver" : "vfs", "a":1 }',
    ],
    [
      'with its options kept and those of others left out',
      '{"storage-opts":["dm.fs=xfs","vfs.xattrs=1","size=1G"]}',
      ['size=2G'],
      '{\n  "storage-driver": "vfs",\n  "storage-opts": [\n    "vfs.xattrs=1",\n    "size=2G"\n  ]\n}\n',
    ],
    ['into an empty file', ' ', [], '{\n  "storage-driver": "vfs"\n}\n'],
  ])('the file is changed %s', (_what, before, options, after) => {
    expect(readDriverConfig(before)?.with('vfs', options)).toBe(after);
  });
});
