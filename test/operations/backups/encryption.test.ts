import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AgeIdentity } from '../../../src/facts/backups/age-identity.ts';
import { readShelf } from '../../../src/facts/backups/backup-shelf.ts';
import { backupVolume } from '../../../src/operations/backups/backup-volume.ts';
import { recipients } from '../../../src/operations/backups/encryption.ts';
import { restoreVolume } from '../../../src/operations/backups/restore-volume.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { shell } from '../../../src/shell/shell.ts';
import { planLawfully } from '../plan-lawfully.ts';
import type { BackupWorld, RestoreWorld } from './world.ts';
import { backup, backupWorld, inside, manifest, name, recipient, restoreWorld, sealed, shelf } from './world.ts';
import { crossed } from '../../support/crossed.ts';

const another = 'age1cyjd32e736gyct3l6wxjwd27fflph4lscex5xfrkgfsettmzupkqny74x7';
const ssh = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOtfl9GGCu8nXuwL/eSPWMoW/8GAXQRNUzh4q1npoVeo somebody@laptop';

describe('whom a backup is encrypted to', () => {
  it.each([
    [[recipient]],
    [[recipient, another, ssh]],
    [[ssh.slice(0, 80)]],
    [[`ssh-rsa AAAAB3NzaC1yc2E${'A'.repeat(349)}`]],
  ])('may be %j', (keys) => {
    expect(recipients.parse(keys)).toEqual(keys);
  });

  it.each([
    [[], 'names no recipient'],
    [[recipient.replace('q668', 'q667')], 'is no public key of age'],
    [[recipient.slice(0, -1)], 'is no public key of age'],
    [[recipient.toUpperCase()], 'must be a public key'],
    [
      ['AGE-SECRET-KEY-1TZDW5NYADKJJUVFTH8V4TKWLVQKDG9FU6AQ9MJ007SJUY8D6KJXQS3YUG5'],
      'is a secret key, which must not stand in a playbook',
    ],
    [[ssh.slice(0, 70)], 'must be a public key'],
    [[`${ssh}\n${ssh}`], 'must be a public key'],
    [['ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7'], 'of at least 2048 bits'],
    [['-o/etc/passwd'], 'must be a public key'],
    [Array.from({ length: 21 }, () => recipient), 'more than 20'],
  ])('may not be %j', (keys, why) => {
    expect(recipients.safeParse(keys).error?.issues[0]?.message).toContain(why);
  });
});

describe('backup_volume with encrypt_to', () => {
  const plan = (more: object, world: BackupWorld = {}): Planned =>
    planLawfully(
      backupVolume,
      backupVolume.schema.parse({
        volume: 'foo',
        to: { laptop: 'kept' },
        consistency: 'live',
        encrypt_to: [recipient, ssh],
        ...more,
      }),
      backupWorld(world),
    );

  it('says so, under another name, with the keys as words of their own', () => {
    const planned = plan({});
    const changes = planned.outcome === 'change' ? planned.changes : [];
    expect(changes.map(({ summary }) => summary)).toEqual([
      `back up volume foo to kept on this machine as ${name}, encrypted to 2 keys`,
      `${name} → kept on this machine`,
      `remove ${name}.tar.zst.age from /var/lib/plimsoll/spool on the host`,
    ]);
    const [make] = changes[0]?.actions ?? [];
    expect(make?.kind === 'exec' ? make.argv.slice(-2) : []).toEqual([recipient, ssh]);
    expect(changes[1]?.actions[0]).toMatchObject({ to: `kept/${name}.tar.zst.age` });
  });

  it('is refused where there is no age, and where there is room for the archive but not for what age adds', () => {
    expect(plan({}, { host: { age: false } })).toMatchObject({
      outcome: 'refused',
      reason: 'the host has no age, which encrypts and decrypts backups',
      remedy: 'install it on the host: apt-get install age',
    });
    expect(plan({ encrypt_to: undefined }, { host: { age: false } }).outcome).toBe('change');
    expect(plan({}, { spooled: shelf([], { availableBytes: 20_000 }) })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('the archive may need up to') as unknown,
    });
    expect(plan({ encrypt_to: undefined }, { spooled: shelf([], { availableBytes: 20_000 }) }).outcome).toBe('change');
  });

  it('keeps and removes encrypted ones and others alike', () => {
    const old = backup({ name: crossed('foo@web-1.20261124T000000Z'), ...sealed });
    const planned = plan({ keep: 1 }, { kept: shelf([old, backup({ name: crossed('foo@web-1.20261125T000000Z') })]) });
    expect(
      planned.outcome === 'change' ? planned.changes[1]?.actions.find((action) => 'supersedes' in action) : undefined,
    ).toMatchObject({
      supersedes: [
        '20261125T000000Z.json',
        '20261125T000000Z.tar.zst',
        '20261125T000000Z.seal',
        '20261124T000000Z.json',
        '20261124T000000Z.tar.zst.age',
        '20261124T000000Z.seal',
      ].map((end) => `kept/foo@web-1.${end}`),
    });
  });

  it('is complete by the encrypted file, whatever lies beside it', () => {
    const complete = (more: object, bytes: number, sealedBytes: number): unknown =>
      readShelf(
        true,
        1,
        [{ name, bytes, sealedBytes, seal: '', text: JSON.stringify({ ...manifest(), ...more }) }],
        'foo@',
      ).backups[0]?.complete;
    expect([
      complete(sealed, 0, 5000),
      complete(sealed, 5000, 0),
      complete(sealed, 4000, 5000),
      complete({}, 5000, 6000),
      complete({}, 0, 5000),
    ]).toEqual([true, false, true, true, false]);
    expect(complete({ encryptedTo: [recipient] }, 5000, 5000)).toBe(undefined);
    expect(complete({ inside }, 5000, 5000)).toBe(undefined);
  });
});

describe('restore_volume of what is encrypted', () => {
  const key = '/root/age.key';
  const plan = (more: object, world: RestoreWorld = {}): Planned =>
    planLawfully(
      restoreVolume,
      restoreVolume.schema.parse({ volume: 'new', from: { laptop: 'kept' }, backup: 'foo', identity: key, ...more }),
      restoreWorld({ kept: shelf([backup(sealed)]), ...world }),
    );
  const file: AgeIdentity = { kind: 'file', own: true, mode: '0600', locked: false, recipients: [recipient] };

  it('brings it, and says with what it is decrypted', () => {
    const planned = plan({}, { identity: { ...file, mode: '0400' } });
    const changes = planned.outcome === 'change' ? planned.changes : [];
    expect(changes.map(({ subject }) => subject)).toEqual(['volume:new', `archive:${name}`, 'content:new']);
    expect(changes[1]?.actions[0]).toMatchObject({ from: `kept/${name}.tar.zst.age`, sha256: 'c'.repeat(64) });
    expect(changes[2]?.summary).toContain(`, decrypted with ${key}`);
    const [extract] = changes[2]?.actions ?? [];
    expect(extract?.kind === 'exec' ? extract.argv : []).toEqual(expect.arrayContaining([key, inside.sha256]));
  });

  it.each([
    [{ identity: undefined }, {}, `${name} is encrypted to ${recipient}`],
    [{}, { host: { age: false } }, 'the host has no age, which encrypts and decrypts backups'],
    [{}, { identity: { ...file, kind: 'missing' } }, `${key} on the host is not there`],
    [{}, { identity: { ...file, kind: 'other' } }, `${key} on the host is no file`],
    [{}, { identity: { ...file, mode: '0640' } }, `${key} on the host has mode 0640: others may have read the key`],
    [
      {},
      { identity: { ...file, own: false } },
      `${key} on the host does not belong to root: others may have read the key`,
    ],
    [
      {},
      { identity: { ...file, locked: true, recipients: [] } },
      `${key} is locked with a passphrase, and nobody is there to type it`,
    ],
    [
      {},
      { identity: { ...file, recipients: [another] } },
      `${name} is encrypted to ${recipient}, and ${key} holds the key of ${another}`,
    ],
  ] satisfies readonly (readonly [object, RestoreWorld, string])[])('refuses %j where %j', (more, world, reason) => {
    expect(plan(more, world)).toMatchObject({ outcome: 'refused', reason });
  });

  it('leaves what cannot be known before to age: a key of SSH', () => {
    expect(plan({}, { identity: { ...file, recipients: [] } }).outcome).toBe('change');
  });

  it('asks for no key when it is done, and says that one is not used', () => {
    const made = {
      name: 'new',
      driver: 'local',
      mountpoint: '/var/lib/docker/volumes/new/_data',
      labels: { 'plimsoll.restored': name },
      options: {},
      scope: 'local',
      createdAt: '',
    };
    expect(
      plan(
        {},
        {
          volumes: [made],
          identity: { ...file, kind: 'missing' },
          host: { restored: [{ volume: 'new', backup: name, done: true }] },
        },
      ).outcome,
    ).toBe('noop');
    expect(plan({}, { kept: shelf([backup()]) })).toMatchObject({
      outcome: 'change',
      warnings: [`${name} is not encrypted: ${key} is not used`],
    });
  });
});

describe('what age has written is measured', () => {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-sealed-'));
  const file = join(directory, 'sealed');
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  const engine = new URL('../../../lab/sim/engine/age.mjs', import.meta.url).pathname;
  const encrypt = (bytes: number): void => {
    writeFileSync(
      file,
      spawnSync('node', [engine, 'age', '-r', recipient, '-r', another], { input: Buffer.alloc(bytes, 7) }).stdout,
    );
  };
  const script = `${shell('operations/backups/sealed.sh')}\nsealed "$@"`;
  const isSealed = (bytes: number, keys: number): boolean =>
    spawnSync('sh', ['-c', script, 'sh', file, String(bytes), String(keys)]).status === 0;

  it.each([1, 65_535, 65_536, 65_537, 131_072, 200_000])('%d bytes', (bytes) => {
    encrypt(bytes);
    expect([isSealed(bytes, 2), isSealed(bytes + 1, 2), isSealed(bytes - 1, 2), isSealed(bytes, 3)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    truncateSync(file, readFileSync(file).length - 16);
    expect(isSealed(bytes, 2)).toBe(false);
  });

  it('what has no header is none', () => {
    writeFileSync(file, Buffer.alloc(1000));
    expect(isSealed(700, 1)).toBe(false);
  });
});
