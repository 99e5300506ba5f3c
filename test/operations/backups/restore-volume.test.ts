import { describe, expect, it } from 'vitest';
import { backupShelf, bucketShelf } from '../../../src/facts/backups/backup-shelf.ts';
import { restoreVolume } from '../../../src/operations/backups/restore-volume.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { planLawfully } from '../plan-lawfully.ts';
import type { RestoreWorld } from './world.ts';
import { backup, manifest, name, restoreWorld, shelf } from './world.ts';
import { crossed } from '../../support/crossed.ts';

const plan = (more: object = {}, world: RestoreWorld = {}): Planned =>
  planLawfully(
    restoreVolume,
    restoreVolume.schema.parse({ volume: 'new', from: { laptop: 'kept' }, backup: 'foo', ...more }),
    restoreWorld(world),
  );
const subjects = (planned: Planned): readonly (string | undefined)[] =>
  planned.outcome === 'change'
    ? planned.changes.map(({ subject }) => subject)
    : [planned.outcome === 'maybe' ? '' : planned.reason];
const made = {
  name: 'new',
  driver: 'local',
  mountpoint: '/var/lib/docker/volumes/new/_data',
  labels: { 'plimsoll.restored': name },
  options: {},
  scope: 'local',
  createdAt: '',
};

describe('restore_volume', () => {
  it('makes the volume with its quota, brings the archive, extracts it', () => {
    const planned = plan();
    expect(subjects(planned)).toEqual(['volume:new', `archive:${name}`, 'content:new']);
    const [make, bring] = planned.outcome === 'change' ? planned.changes : [];
    expect(make?.actions[0]).toMatchObject({
      argv: [
        'docker',
        'volume',
        'create',
        '--driver',
        'local',
        '--label',
        'tier=front',
        '--label',
        `plimsoll.restored=${name}`,
        '--opt',
        'size=41943040',
        'new',
      ],
    });
    expect(make?.actions).toHaveLength(4);
    expect(bring?.actions[0]).toMatchObject({
      kind: 'upload',
      from: `kept/${name}.tar.zst`,
      sha256: 'c'.repeat(64),
      bytes: 5000,
      resumes: true,
    });
  });

  it('goes on where it was cut, and has nothing to do when it is done', () => {
    expect(subjects(plan({}, { volumes: [made] }))).toEqual(['volume:new', `archive:${name}`, 'content:new']);
    expect(subjects(plan({}, { volumes: [made], limitBytes: 40 * 1024 ** 2 }))).toEqual([
      `archive:${name}`,
      'content:new',
    ]);
    expect(
      plan({}, { volumes: [made], host: { restored: [{ volume: 'new', backup: name, done: true }] } }),
    ).toMatchObject({ outcome: 'noop', reason: `new was restored from ${name}` });
  });

  it.each([
    [{}, { volumes: [{ ...made, labels: {} }] }, 'there is a volume new already'],
    [{ size: '4KiB' }, {}, 'new is to have 4 KiB, and foo@web-1.20261128T140533Z holds 8 KiB'],
    [
      {},
      { kept: shelf([backup({}, false)]) },
      `no complete backup foo in kept on this machine: the archive of ${name} is gone, or not whole`,
    ],
    [
      {},
      { kept: shelf([], { exists: false }) },
      'no complete backup foo in kept on this machine: there is no kept on this machine',
    ],
    [
      {},
      { kept: shelf([backup(), backup({ host: 'other', name: crossed('foo@web-2.20261128T140533Z') })]) },
      'kept on this machine has backups of foo of several hosts: web-1-1234, other',
    ],
    [{}, { host: { decompresses: ['gzip'] } }, `the host has no zstd, with which ${name} is compressed`],
    [
      {},
      { own: { problem: '/var/lib/plimsoll/spool belongs to another user' } },
      '/var/lib/plimsoll/spool belongs to another user (on the host): whoever can write there could have root write elsewhere',
    ],
    [
      {},
      { fileSystem: 'ext4' },
      "new is to have 40 MiB: Docker's volumes lie on ext4 (/), where a volume has no size of its own: all share the 931.32 GiB that are free there",
    ],
    [{}, { room: 9000 }, `/var/lib/docker has 8.79 KiB free, and ${name} needs 12.88 KiB with its archive`],
  ] satisfies readonly (readonly [object, RestoreWorld, string])[])('refuses %j where %j', (more, world, reason) => {
    expect(plan(more, world)).toMatchObject({ outcome: 'refused', reason });
  });

  it.each([
    ['a way out of the spool', { name: 'foo@../../../../etc/logrotate.d/zz' }],
    ["a name that is no backup's", { name: 'foo@x' }],
    ['another family than was asked for', { name: 'bar@web-1.20261128T140533Z' }],
    ['a mode that is more', { root: { mode: '755 /etc', owner: '0:0' } }],
    ['an owner that is more', { root: { mode: '755', owner: '0:0 -R' } }],
    ['a host that moves the cursor', { host: 'web\u001b[2J' }],
    ['a time that is none', { created: '$(id)' }],
    ['a label with a line of its own', { docker: { labels: { 'a\nb': '' }, options: {} } }],
  ])('takes a manifest with %s for none, whoever keeps it', (_what, more) => {
    const said = { ...manifest(), ...more };
    const stdout = `free 1000000\n5000 0 ${said.name}\n${JSON.stringify(said)}\n\nend\n`;
    const found = backupShelf.parse({ status: 0, stdout, stderr: '' }, ['/backups', 'foo@']);
    expect([found.backups, found.unreadable]).toEqual([[], [`${said.name}.json`]]);
    expect(plan({}, { kept: found })).toMatchObject({
      outcome: 'refused',
      reason: `no complete backup foo in kept on this machine: ${said.name}.json is no manifest of a backup`,
    });
    const bucket = bucketShelf.parse({ status: 0, stdout, stderr: '' }, ['https://b', '/c', 'some%2Ffoo%40']);
    expect(bucket.backups).toEqual([]);
  });

  it('takes what it was asked for, of a directory and of a bucket', () => {
    const stdout = `free 1000000\n5000 0 ${name}\n${JSON.stringify(manifest())}\n\nend\n`;
    expect(backupShelf.parse({ status: 0, stdout, stderr: '' }, ['/backups', 'foo@']).backups).toHaveLength(1);
    expect(
      bucketShelf.parse({ status: 0, stdout, stderr: '' }, ['https://b', '/c', 'some%2Ffoo%40']).backups,
    ).toHaveLength(1);
  });

  it('of a volume without a size goes to a file system that gives none', () => {
    const kept = shelf([backup({ sizeBytes: 0 })]);
    expect(subjects(plan({}, { kept, fileSystem: 'ext4' }))).toEqual(['volume:new', `archive:${name}`, 'content:new']);
  });

  it('says who vouches for it; and refuses what nobody vouches for, unless it is asked to restore that', () => {
    const planned = plan();
    expect(planned.outcome === 'change' ? planned.changes.at(-1)?.summary : '').toMatch(
      /^foo@\S+, made on web-1 by ann@laptop → volume new/,
    );
    const unvouched = { kind: 'unvouched', reason: 'there is no seal beside it', remedy: 'Bring it.' } as const;
    expect(plan({}, { vouches: unvouched })).toMatchObject({
      outcome: 'refused',
      reason: `nobody vouches for ${name}: there is no seal beside it`,
      remedy: expect.stringMatching(/^Bring it\. With unvouched: allow it is restored as it is/),
    });
    expect(plan({ unvouched: 'allow' }, { vouches: unvouched })).toMatchObject({
      outcome: 'change',
      warnings: [
        `nobody vouches for ${name}: there is no seal beside it. Whoever may write to kept on this machine may have put it there`,
      ],
    });
    const replaced = { kind: 'false', reason: 'its seal is of something else' } as const;
    for (const more of [{}, { unvouched: 'allow' }])
      expect(plan(more, { vouches: replaced })).toMatchObject({
        outcome: 'refused',
        reason: `${name} in kept on this machine is not the backup that was made: its seal is of something else`,
        remedy: expect.stringContaining('who may write'),
      });
  });

  it('takes the newest that is complete', () => {
    const newer = backup({ name: crossed('foo@web-1.20261129T000000Z'), created: '2026-11-29T00:00:00Z' }, false);
    const world = restoreWorld({ kept: shelf([newer, backup()]) });
    expect(
      restoreVolume.pin?.(
        restoreVolume.schema.parse({ volume: 'new', from: { laptop: 'kept' }, backup: 'foo' }),
        world,
      ),
    ).toMatchObject({ backup: name });
  });
});
