import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/facts/backups/backup-shelf.ts';
import { readShelf } from '../../../src/facts/backups/backup-shelf.ts';
import { stoppedText } from '../../../src/facts/copies/stopped-for-copy.ts';
import { backupVolume } from '../../../src/operations/backups/backup-volume.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { planLawfully } from '../plan-lawfully.ts';
import { crossed } from '../../support/crossed.ts';
import type { BackupWorld } from './world.ts';
import { app, appId, backup, backupWorld, directory, manifest, name, shelf } from './world.ts';

const plan = (more: object, world: BackupWorld = {}): Planned =>
  planLawfully(
    backupVolume,
    backupVolume.schema.parse({ volume: 'foo', to: { laptop: 'kept' }, ...more }),
    backupWorld(world),
  );
const summaries = (planned: Planned): readonly string[] =>
  planned.outcome === 'change'
    ? planned.changes.map(({ summary }) => summary)
    : [planned.outcome === 'maybe' ? '' : planned.reason];
const older = (time: string, more: Partial<Manifest> = {}, complete = true): ReturnType<typeof backup> =>
  backup({ name: crossed(`foo@web-1.${time}`), ...more }, complete);

describe('backup_volume', () => {
  it('stops what writes to it, archives, delivers, and clears away', () => {
    const planned = plan({ consistency: 'stop' });
    expect(summaries(planned)).toEqual([
      `back up volume foo to kept on this machine as ${name}, while app is stopped`,
      `${name} → kept on this machine`,
      `remove ${name}.tar.zst from /var/lib/plimsoll/spool on the host`,
    ]);
    const [archive, deliver] = planned.outcome === 'change' ? planned.changes : [];
    expect(archive?.actions[1]).toMatchObject({
      kind: 'write-file',
      path: '/var/lib/plimsoll/stopped/backup-1-7',
      content: stoppedText({ from: directory, to: 'backup', containers: [appId] }),
    });
    expect(archive?.atomic).toBe(true);
    expect(deliver?.actions).toMatchObject([
      { kind: 'fetch', to: `kept/${name}.tar.zst`, resumes: true },
      { kind: 'seal', name, manifest: `/var/lib/plimsoll/spool/${name}.json`, to: `kept/${name}.seal`, laptop: true },
      { kind: 'fetch', to: `kept/${name}.json` },
    ]);
    expect(planned.warnings).toEqual(['app is down while 8 KiB in 3 entries are archived and listed']);
  });

  it.each([
    [{}, {}, 'app runs and writes to what is to be backed up'],
    [
      { consistency: 'stop' },
      { uses: [{ ...app, autoRemove: true }] },
      'app was started with --rm: when it is stopped it is gone',
    ],
    [
      { consistency: 'stop' },
      { spooled: shelf([], { availableBytes: 10_000 }) },
      'the archive may need up to 14 KiB, and /var/lib/plimsoll/spool has 9.77 KiB free: a disk that is full harms whatever else is on it',
    ],
    [
      { consistency: 'stop' },
      { own: { problem: '/var/lib/plimsoll/spool can be written by other users' } },
      '/var/lib/plimsoll/spool can be written by other users (on the host): whoever can write there could have root write elsewhere',
    ],
    [
      { consistency: 'stop', to: { path: '/kept' } },
      { own: { problem: '/kept belongs to another user' } },
      '/kept belongs to another user (on the host): whoever can write there could have root write elsewhere',
    ],
    [{ consistency: 'live' }, { host: { compression: undefined } }, 'the host has neither zstd nor gzip'],
    [
      { to: { path: `${directory}/in` }, consistency: 'live' },
      {},
      `${directory}/in lies in ${directory}: the backup would contain itself`,
    ],
  ] satisfies readonly (readonly [object, BackupWorld, string])[])('refuses %j where %j', (more, world, reason) => {
    expect(plan(more, world)).toMatchObject({ outcome: 'refused', reason });
  });

  it('asks nothing of a volume that nobody writes to', () => {
    expect(summaries(plan({}, { uses: [{ ...app, running: false }] }))[0]).toBe(
      `back up volume foo to kept on this machine as ${name}`,
    );
  });

  it('goes on where it was cut: with what is made, with what is there, with what is held', () => {
    const here = { host: { made: [{ name }] } };
    expect(summaries(plan({ consistency: 'stop' }, { ...here, spooled: shelf([backup()]) }))).toEqual([
      `${name} → kept on this machine`,
      `remove ${name}.tar.zst from /var/lib/plimsoll/spool on the host`,
    ]);
    expect(
      summaries(plan({ consistency: 'stop' }, { ...here, kept: shelf([backup()]), spooled: shelf([backup()]) })),
    ).toEqual([`remove ${name}.tar.zst from /var/lib/plimsoll/spool on the host`]);
    expect(plan({ consistency: 'stop' }, { ...here, kept: shelf([backup()]) }).outcome).toBe('noop');
    const held = { from: directory, to: 'backup', containers: [appId] };
    const stopped = [{ ...held, file: '/var/lib/plimsoll/stopped/backup-1-7', text: stoppedText(held) }];
    expect(summaries(plan({ consistency: 'stop' }, { stopped, uses: [{ ...app, running: false }] }))[0]).toContain(
      'while app is stopped',
    );
    expect(summaries(plan({ consistency: 'pause' }, { stopped, paused: true }))[0]).toContain('while app is paused');
    expect(
      summaries(
        plan(
          { consistency: 'stop' },
          { ...here, kept: shelf([backup()]), stopped, uses: [{ ...app, running: false }] },
        ),
      ),
    ).toEqual(['let app run again, held for the backup']);
  });

  it('is not made again when it has been taken back, and an archive without its whole content is none', () => {
    expect(plan({ consistency: 'stop' }, { kept: shelf([backup()]) })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('it may have been taken back') as unknown,
      provisional: [{ subject: `archive:${name}`, before: { archive: 'none' } }, {}, {}],
    });
    expect(
      plan({ consistency: 'stop' }, { host: { made: [{ name }] }, kept: shelf([backup({}, false)]) }).outcome,
    ).toBe('change');
  });

  it('removes what is more than is kept, counting only what is complete, of the same host and source', () => {
    const kept = shelf([
      older('20261127T000000Z'),
      older('20261126T000000Z', {}, false),
      older('20261125T000000Z', { host: 'web-1-5678' }),
      older('20261124T000000Z'),
      older('20261123T000000Z', { source: 'app:/data' }),
      older('20261122T000000Z'),
      older('20261129T000000Z'),
    ]);
    const planned = plan({ consistency: 'live', keep: 2 }, { kept });
    const deliver = planned.outcome === 'change' ? planned.changes[1] : undefined;
    expect(deliver?.actions[2]).toMatchObject({
      supersedes: ['20261124T000000Z', '20261122T000000Z'].flatMap((time) => [
        `kept/foo@web-1.${time}.json`,
        `kept/foo@web-1.${time}.tar.zst`,
        `kept/foo@web-1.${time}.seal`,
      ]),
    });
    expect(deliver?.undo).toBe('irreversible');
  });

  it('says what the backup will not have, and what it cannot prove', () => {
    expect(plan({ consistency: 'live' }, { sockets: 2 }).warnings).toEqual([
      expect.stringMatching(/^app runs on: the backup may hold files that are half old/),
      expect.stringMatching(/^2 sockets are not in the backup/),
    ]);
  });

  it('a manifest that is cut, or of another name, is no backup', () => {
    const text = JSON.stringify(manifest());
    expect(readShelf(true, 1, [{ name, bytes: 5000, sealedBytes: 0, seal: '', text }], 'foo@').backups).toMatchObject([
      { complete: true },
    ]);
    expect(readShelf(true, 1, [{ name, bytes: 4999, sealedBytes: 0, seal: '', text }], 'foo@').backups).toMatchObject([
      { complete: false },
    ]);
    expect(
      readShelf(
        true,
        1,
        [
          { name, bytes: 5000, sealedBytes: 0, seal: '', text: text.slice(0, -9) },
          { name: 'other', bytes: 5000, sealedBytes: 0, seal: '', text },
        ],
        'foo@',
      ),
    ).toMatchObject({ backups: [], unreadable: [`${name}.json`, 'other.json'] });
    expect(
      readShelf(
        true,
        1,
        [{ name, bytes: 0, sealedBytes: 0, seal: '', text: text.replace('"bytes":5000', '"bytes":0') }],
        'foo@',
      ).backups,
    ).toEqual([]);
  });
});
