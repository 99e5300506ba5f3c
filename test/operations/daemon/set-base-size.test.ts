import { beforeAll, describe, expect, it } from 'vitest';
import { containers } from '../../../src/facts/containers/containers.ts';
import type { DaemonConfig } from '../../../src/facts/daemon/daemon-config.ts';
import { daemonConfig } from '../../../src/facts/daemon/daemon-config.ts';
import type { Docker } from '../../../src/facts/daemon/docker.ts';
import { dockerInfo } from '../../../src/facts/daemon/docker.ts';
import { ask } from '../../../src/facts/fact.ts';
import { readBaseSize } from '../../../src/operations/daemon/base-size.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { setBaseSize } from '../../../src/operations/daemon/set-base-size.ts';
import { Answers } from '../known.ts';
import { planLawfully } from '../plan-lawfully.ts';
import type { RecordedHost } from '../recorded-hosts.ts';
import { MiB, recordedHost } from '../recorded-hosts.ts';

const text =
  '{\n  "live-restore": true,\n  "storage-opts": [ "dm.fs=xfs", "dm.basesize=320M" ],\n  "bridge": "none"\n}\n';
const path = '/etc/docker/daemon.json';
const config: DaemonConfig = { path, file: { text, mode: '0644' }, storageFlags: [], baseBytes: 320 * MiB };
let host: RecordedHost;
beforeAll(async () => {
  host = await recordedHost('dm-xfs');
});

function plan(
  want: Record<string, unknown>,
  change: Partial<DaemonConfig> = {},
  docker: Partial<Docker> = {},
): Planned {
  const all = { ...host.docker, ...docker };
  const known = new Answers()
    .set(ask(dockerInfo), all)
    .set(ask(containers), [host.container])
    .set(ask(daemonConfig, all.root), { ...config, ...change });
  const parsed = setBaseSize.schema.parse(want);
  expect(setBaseSize.needs(parsed, known).filter((request) => !known.has(request))).toEqual([]);
  return planLawfully(setBaseSize, parsed, known);
}

describe('set_base_size', () => {
  it('with a restart: the one option, a backup, the restart and what must hold after it; and the way back', () => {
    expect(plan({ size: '400MiB', restart_daemon: true })).toMatchObject({
      outcome: 'change',
      changes: [
        {
          summary: `base size 320 MiB → 400 MiB (dm.basesize in ${path}); restart the Docker daemon, containers go on running (live-restore)`,
          atomic: true,
          undo: 'irreversible',
          before: { configuredBytes: 320 * MiB, baseBytes: 320 * MiB },
          after: { configuredBytes: 400 * MiB, baseBytes: 400 * MiB },
          actions: [
            {
              kind: 'write-file',
              path,
              content: text.replace('320M', '419430400'),
              expect: text,
              backup: expect.stringMatching(/^\/var\/lib\/plimsoll\/backup\/docker\//),
            },
            {
              kind: 'exec',
              argv: [
                '/bin/sh',
                '-c',
                expect.any(String),
                'sh',
                '/var/lib/docker',
                '419430400',
                host.container.id,
                host.container.state.startedAt,
              ],
              onFailure: [
                [
                  '/bin/sh',
                  '-c',
                  expect.any(String),
                  'sh',
                  '/var/lib/docker',
                  '335544320',
                  path,
                  expect.stringContaining('/backup/docker/'),
                ],
              ],
            },
          ],
        },
      ],
      warnings: [expect.stringContaining('layers that are there already keep theirs')],
    });
  });

  it('without one: written for the next start, which is owed; and taken back only while the base device has not grown', () => {
    expect(plan({ size: '400MiB' })).toMatchObject({
      outcome: 'change',
      changes: [
        {
          actions: [{ kind: 'write-file' }],
          after: { baseBytes: 320 * MiB },
          undo: [
            { kind: 'check', equals: '335544320' },
            { kind: 'exec', argv: expect.arrayContaining([path]), stdin: text.replace('320M', '419430400') },
          ],
        },
      ],
      owed: [expect.stringContaining('holds when the daemon starts next')],
    });
    const written = { file: { text: text.replace('320M', '400M'), mode: '0644' } };
    expect(plan({ size: '400MiB' }, written)).toMatchObject({
      outcome: 'noop',
      owed: [expect.stringContaining('restart')],
    });
    expect(plan({ size: '400MiB', restart_daemon: true }, written)).toMatchObject({
      changes: [{ actions: [{ kind: 'exec' }] }],
    });
    expect(plan({ size: '400MiB', restart_daemon: true }, { ...written, baseBytes: 400 * MiB })).toEqual({
      outcome: 'noop',
      reason: 'the base size is 400 MiB already',
    });
  });

  it('a new file where there is none', () => {
    expect(plan({ size: '400MiB' }, { file: undefined })).toMatchObject({
      changes: [
        {
          actions: [
            { argv: ['mkdir', '-p', '-m', '0755', '--', '/etc/docker'] },
            { content: '{\n  "storage-opts": [\n    "dm.basesize=419430400"\n  ]\n}\n', expect: null, mode: '0644' },
          ],
          undo: [{}, { argv: ['/bin/sh', '-c', expect.any(String), 'sh', path, ''] }],
        },
      ],
    });
  });

  it.each<[string, Record<string, unknown>, Partial<DaemonConfig>, Partial<Docker>, string]>([
    [
      'less than the base device',
      { size: '300MiB' },
      {},
      {},
      'the base device is 320 MiB now, more than the 300 MiB wanted',
    ],
    [
      'options on the command line',
      { size: '400MiB' },
      { storageFlags: ['dm.fs=xfs'] },
      {},
      'dockerd is started with --storage-opt dm.fs=xfs',
    ],
    ['a file that is no JSON', { size: '400MiB' }, { file: { text: '{', mode: '0644' } }, {}, 'is not understood'],
    [
      'two base sizes',
      { size: '400MiB' },
      { file: { text: '{"storage-opts":["dm.basesize=1G","dm.basesize=2G"]}', mode: '0644' } },
      {},
      'is not understood',
    ],
    ['no base device', { size: '400MiB' }, { baseBytes: undefined }, {}, 'no record of its base device'],
    ['another driver', { size: '400MiB' }, {}, { driver: 'overlay2' }, 'the storage driver is overlay2'],
    [
      'a restart without live-restore',
      { size: '400MiB', restart_daemon: true },
      {},
      { liveRestore: false },
      'live-restore is off',
    ],
    [
      'a restart without systemd',
      { size: '400MiB', restart_daemon: true },
      {},
      { systemdUnit: false },
      'does not run as docker.service',
    ],
  ])('refuses %s', (_what, want, change, docker, reason) => {
    expect(plan(want, change, docker)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(reason),
      remedy: expect.stringMatching(/.{10}/),
    });
  });

  it.each([
    ['where the option stands once', text, text.replace('dm.basesize=320M', 'dm.basesize=1')],
    [
      'added to others, with all keys',
      '{"a":1,"storage-opts":["dm.fs=xfs"],"b":{"c":[2]}}',
      '{\n  "a": 1,\n  "storage-opts": [\n    "dm.fs=xfs",\n    "dm.basesize=1"\n  ],\n  "b": {\n    "c": [\n      2\n    ]\n  }\n}\n',
    ],
    ['into an empty file', '', '{\n  "storage-opts": [\n    "dm.basesize=1"\n  ]\n}\n'],
  ])('the file is changed %s', (_what, before, after) => {
    expect(readBaseSize(before)?.with('1')).toBe(after);
  });
});
