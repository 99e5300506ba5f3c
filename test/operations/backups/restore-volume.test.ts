import { describe, expect, it } from 'vitest';
import { restoreVolume } from '../../../src/operations/backups/restore-volume.ts';
import type { Planned } from '../../../src/operations/operation.ts';
import { planLawfully } from '../plan-lawfully.ts';
import type { RestoreWorld } from './world.ts';
import { backup, name, restoreWorld, shelf } from './world.ts';

const plan = (more: object = {}, world: RestoreWorld = {}): Planned => planLawfully(restoreVolume, restoreVolume.schema.parse({ volume: 'new', from: { laptop: 'kept' }, backup: 'foo', ...more }), restoreWorld(world));
const subjects = (planned: Planned): readonly (string | undefined)[] => (planned.outcome === 'change' ? planned.changes.map(({ subject }) => subject) : [planned.outcome === 'maybe' ? '' : planned.reason]);
const made = { name: 'new', driver: 'local', mountpoint: '/var/lib/docker/volumes/new/_data', labels: { 'plimsoll.restored': name }, options: {}, scope: 'local', createdAt: '' };

describe('restore_volume', () => {
  it('makes the volume with its quota, brings the archive, extracts it', () => {
    const planned = plan();
    expect(subjects(planned)).toEqual(['volume:new', `archive:${name}`, 'content:new']);
    const [make, bring] = planned.outcome === 'change' ? planned.changes : [];
    expect(make?.actions[0]).toMatchObject({ argv: ['docker', 'volume', 'create', '--driver', 'local', '--label', 'tier=front', '--label', `plimsoll.restored=${name}`, '--opt', 'size=41943040', 'new'] });
    expect(make?.actions).toHaveLength(4);
    expect(bring?.actions[1]).toMatchObject({ kind: 'upload', from: `kept/${name}.tar.zst`, sha256: 'c'.repeat(64), bytes: 5000, resumes: true });
  });

  it('goes on where it was cut, and has nothing to do when it is done', () => {
    expect(subjects(plan({}, { volumes: [made] }))).toEqual(['volume:new', `archive:${name}`, 'content:new']);
    expect(subjects(plan({}, { volumes: [made], limitBytes: 40 * 1024 ** 2 }))).toEqual([`archive:${name}`, 'content:new']);
    expect(plan({}, { volumes: [made], host: { restored: [{ volume: 'new', backup: name, done: true }] } })).toMatchObject({ outcome: 'noop', reason: `new was restored from ${name}` });
  });

  it.each([
    [{}, { volumes: [{ ...made, labels: {} }] }, 'there is a volume new already'],
    [{ size: '4KiB' }, {}, 'new is to have 4 KiB, and foo@web-1.20261128T140533Z holds 8 KiB'],
    [{}, { kept: shelf([backup({}, false)]) }, `no complete backup foo in kept on this machine: the archive of ${name} is gone, or not whole`],
    [{}, { kept: shelf([], { exists: false }) }, 'no complete backup foo in kept on this machine: there is no kept on this machine'],
    [{}, { kept: shelf([backup(), backup({ host: 'other', name: 'foo@web-2.20261128T140533Z' })]) }, 'kept on this machine has backups of foo of several hosts: web-1-1234, other'],
    [{}, { host: { decompresses: ['gzip'] } }, `the host has no zstd, with which ${name} is compressed`],
    [{}, { room: 9000 }, `/var/lib/docker has 8.79 KiB free, and ${name} needs 12.88 KiB with its archive`],
  ] satisfies readonly (readonly [object, RestoreWorld, string])[])('refuses %j where %j', (more, world, reason) => {
    expect(plan(more, world)).toMatchObject({ outcome: 'refused', reason });
  });

  it('says who vouches for it; and refuses what nobody vouches for, unless it is asked to restore that', () => {
    const planned = plan();
    expect(planned.outcome === 'change' ? planned.changes.at(-1)?.summary : '').toMatch(/^foo@\S+, made on web-1 by ann@laptop → volume new/);
    const unvouched = { kind: 'unvouched', reason: 'there is no seal beside it', remedy: 'Bring it.' } as const;
    expect(plan({}, { vouches: unvouched })).toMatchObject({ outcome: 'refused', reason: `nobody vouches for ${name}: there is no seal beside it`, remedy: expect.stringMatching(/^Bring it\. With unvouched: allow it is restored as it is/) });
    expect(plan({ unvouched: 'allow' }, { vouches: unvouched })).toMatchObject({ outcome: 'change', warnings: [`nobody vouches for ${name}: there is no seal beside it. Whoever may write to kept on this machine may have put it there`] });
    const replaced = { kind: 'false', reason: 'its seal is of something else' } as const;
    for (const more of [{}, { unvouched: 'allow' }]) expect(plan(more, { vouches: replaced })).toMatchObject({ outcome: 'refused', reason: `${name} in kept on this machine is not the backup that was made: its seal is of something else`, remedy: expect.stringContaining('who may write') });
  });

  it('takes the newest that is complete', () => {
    const newer = backup({ name: 'foo@web-1.20261129T000000Z', created: '2026-11-29T00:00:00Z' }, false);
    const world = restoreWorld({ kept: shelf([newer, backup()]) });
    expect(restoreVolume.pin?.(restoreVolume.schema.parse({ volume: 'new', from: { laptop: 'kept' }, backup: 'foo' }), world)).toMatchObject({ backup: name });
  });
});
