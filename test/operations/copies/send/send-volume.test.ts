import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rsyncServerCommands, sendingHost } from '../../../../src/facts/copies/sending-host.ts';
import type { RelayAction } from '../../../../src/operations/engine/change.ts';
import type { Planned } from '../../../../src/operations/engine/operation.ts';
import { operations } from '../../../../src/operations/registry.ts';
import { rsyncSets } from '../../../../src/operations/copies/send/send-pass.ts';
import { labelOf } from '../../../../src/operations/copies/send/send-sides.ts';
import { sendVolume } from '../../../../src/operations/copies/send/send-volume.ts';
import { undoOperation } from '../../../../src/run/continuing/undo.ts';
import { planLawfully } from '../../plan-lawfully.ts';
import type { SendWorld } from '../../volumes/send-world.ts';
import { label, sendWish, sendWorld, user } from '../../volumes/send-world.ts';

function plan(more: object = {}, world: Partial<SendWorld> = {}): Planned {
  const want = sendWish(more);
  return planLawfully(sendVolume, want, sendWorld(want, world));
}
function reasonOf(planned: Planned): string {
  if (planned.outcome !== 'refused') throw new Error(JSON.stringify(planned));
  return planned.reason;
}
const changesOf = (planned: Planned) => {
  if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
  return planned.changes;
};
const complete = { entriesThere: 2, copy: { record: { stamp: '5.0', unchanged: true, source: '1.0 2.0' } } };

describe('send_volume', () => {
  it('makes a key at the source, lets it in at the destination until the end of the change, and copies', () => {
    const [change, ...more] = changesOf(plan());
    expect(more).toEqual([]);
    expect(change?.actions.map(({ kind }) => kind)).toEqual(['exec', 'relay', 'exec']);
    const grant = change?.actions[1] as RelayAction;
    expect(grant).toMatchObject({
      host: 'b',
      input: expect.stringMatching(/\/sending\/[0-9a-f]{16}\/key\.pub$/) as unknown,
    });
    expect(grant.args.slice(1, 9)).toEqual([
      'root',
      '/root/.ssh/authorized_keys',
      '192.0.2.1',
      '',
      'yes',
      '/b',
      label,
      'own',
    ]);
    expect(grant.atEnd?.args).toEqual(grant.args.slice(0, 3));
    expect([change?.before, change?.after]).toEqual([
      { entries: 0, bytes: 0 },
      { entries: 2, bytes: 4096 },
    ]);
  });

  it('takes sudo where the login is not root, and no expiry-time where sshd does not know it', () => {
    const [change] = changesOf(plan({}, { peer: { user: 'ops', server: 'OpenSSH_8.0' } }));
    expect((change?.actions[1] as RelayAction).args.slice(1, 6)).toEqual([
      'ops',
      '/root/.ssh/authorized_keys',
      '192.0.2.1',
      'sudo -n ',
      '',
    ]);
  });

  it('reaches the destination, and is seen there, by the addresses that it is told', () => {
    const want = { to: { host: 'b', path: '/b', address: '10.0.0.2', port: 2222 }, source_address: '10.0.0.1' };
    const [change] = changesOf(plan(want));
    const [, grant, pass] = change?.actions ?? [];
    expect([grant?.kind === 'relay' && grant.args[3], pass?.kind === 'exec' && pass.argv.slice(9, 12)]).toEqual([
      '10.0.0.1',
      ['10.0.0.2', '2222', 'root'],
    ]);
  });

  it('stops the containers that use the source for the last pass only', () => {
    const changes = changesOf(plan({ stop: true }, { uses: [user('app', '/a')] }));
    expect(changes.map(({ summary }) => summary)).toEqual([
      '/a → b /b: 2 entries, 4 KiB, by rsync from host to host, while app runs',
      'stop app, copy the rest and compare, start it again',
    ]);
    expect(changes.map(({ actions }) => actions.map(({ kind }) => kind))).toEqual([
      ['exec', 'relay', 'exec'],
      ['exec', 'relay', 'exec', 'write-file', 'exec'],
    ]);
  });

  it('has nothing to do when the copy is complete and neither has been changed; or when it has been made since the plan', () => {
    expect(plan({}, complete)).toMatchObject({ outcome: 'noop', reason: '/b on b is a complete copy (2 entries)' });
    expect(plan({ since: 'never' }, { ...complete, state: '9.9 9.9' }).outcome).toBe('noop');
    const [change] = changesOf(plan({}, { ...complete, state: '9.9 9.9' }));
    expect([change?.summary, change?.undo]).toEqual([
      expect.stringMatching(/bring the copy up to date/),
      'irreversible',
    ]);
  });

  it.each([
    ['the key of a copy that was cut', { sending: { left: true } }],
    ['what it was allowed', { receiving: { left: true } }],
    ['containers that it has stopped', { stopped: [user('app', '/a').id], uses: [user('app', '/a', false)] }],
  ])('takes away what is left of a complete copy: %s', (_what, world) => {
    const [change] = changesOf(plan({}, { ...complete, ...world }));
    expect(change?.actions.map(({ kind }) => kind).slice(-2)).toEqual(['relay', 'exec']);
    expect(change?.subject).toBe('left:b:/b');
  });

  it('goes on with a copy that was begun, and takes that back to its beginning', () => {
    const [change] = changesOf(plan({}, { entriesThere: 1, copy: { begun: { from: label, found: 'nothing' } } }));
    expect(change).toMatchObject({
      summary: expect.stringMatching(/go on with the copy of 2 entries/) as unknown,
      before: { entries: 1, bytes: 1024, unfinished: true },
      undoneTo: { entries: 0, bytes: 0 },
    });
  });

  it('is undone by emptying the destination, with nobody let in any more', () => {
    const want = sendWish();
    const [change] = changesOf(plan());
    if (change === undefined) throw new Error('no change');
    const undo = undoOperation(operations);
    const wish = undo.schema.parse({
      step: '1.1',
      number: 0,
      operation: 'send_volume',
      want,
      change,
      complete: true,
      undoBegun: false,
    });
    const undone = undo.plan(
      wish,
      sendWorld(want, { ...complete, copy: { record: { stamp: '5.0', unchanged: true, source: '1.0 2.0' } } }),
    );
    expect(changesOf(undone)[0]?.actions.map(({ kind }) => kind)).toEqual(['exec', 'exec', 'relay', 'relay']);
    expect(undo.plan(wish, sendWorld(want)).outcome).toBe('noop');
  });

  it.each<readonly [string, object, Partial<SendWorld>, RegExp]>([
    [
      'a destination that holds something',
      {},
      { entriesThere: 3 },
      /^on b: \/b is not empty, and what is there is no copy of web-1@0123456789abcdef:\/a$/,
    ],
    [
      'a copy that has been written to',
      {},
      { entriesThere: 3, copy: { record: { stamp: '5.0', unchanged: false, source: '1.0 2.0' } } },
      /^on b: something has been written to \/b since/,
    ],
    [
      'another copy that was begun there',
      {},
      { entriesThere: 3, copy: { begun: { from: '/c', found: 'nothing' } } },
      /^on b: a copy of \/c into \/b was begun and never completed$/,
    ],
    [
      'a destination that held something else',
      {},
      { entriesThere: 3, copy: { begun: { from: label, found: 'else' } } },
      /^on b: \/b held something else/,
    ],
    ['a destination that is too small', {}, { roomThere: 100 }, /^on b: \/b has 100 bytes free, the copy needs 4 KiB$/],
    [
      'a destination that a container uses',
      {},
      { usesThere: [user('web', '/b')] },
      /^on b: \/b is used by web, which is running$/,
    ],
    ['a source that containers write to', {}, { uses: [user('app', '/a')] }, /^app runs and uses/],
    [
      'no rsync here',
      {},
      { tools: { rsync: null, cp: true, tar: true, manifest: true, getfattr: true, getfacl: true } },
      /^the host has no rsync/,
    ],
    [
      'no rsync there',
      {},
      { toolsThere: { rsync: null, cp: true, tar: true, manifest: true, getfattr: true, getfacl: true } },
      /^on b: there is no rsync/,
    ],
    ['no ssh', {}, { sending: { ssh: false } }, /^the host has no ssh/],
    [
      'no way there',
      {},
      { sending: { address: undefined } },
      /^it cannot be told from which address the host reaches 192\.0\.2\.2/,
    ],
    ['a login that is not root', {}, { peer: { runsAs: 'ops' } }, /^on b: plimsoll runs as ops/],
    [
      'sudo with a password',
      {},
      { peer: { user: 'ops' }, receiving: { root: false } },
      /^on b: ops cannot become root without a password/,
    ],
    [
      'keys that sshd does not read',
      {},
      { receiving: { keysFile: undefined } },
      /^on b: sshd reads no file of keys of root$/,
    ],
    [
      'a file of keys that others may write to',
      {},
      { receiving: { trouble: 'others may write to /root/.ssh' } },
      /^on b: no key can be allowed for root: others may write to/,
    ],
  ])('refuses %s', (_what, more, world, reason) => {
    expect(reasonOf(plan(more, world))).toMatch(reason);
  });

  it.each([
    ['no host', { to: { path: '/b' } }],
    ['two places', { to: { host: 'b', path: '/b', volume: 'v' } }],
    ['an address with an option in it', { to: { host: 'b', path: '/b', address: '-oProxyCommand=x y' } }],
    ["a name as the source's address", { source_address: 'host",command="x' }],
  ])('does not take %s', (_what, more) => {
    expect(() => sendWish(more)).toThrow(/./);
  });

  const attacker = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAttackerAttackerAttackerAttackerAttackerAt';
  it.each(['*" ' + attacker + ' x', '*', '192.0.2.0/24', '192.0.2.1,*', 'web-1'])(
    'does not take %s for the address of the source',
    (said) => {
      const answer = { status: 0, stdout: `ssh\naddress ${said}\ndirectory /var/lib/plimsoll/sending/x\n`, stderr: '' };
      expect(() => sendingHost.parse(answer, ['b', 'x'])).toThrow(
        /^the address that it reaches the other host from, .* is no IP address$/,
      );
    },
  );

  it("says nothing about itself that the destination would take its copy for another's", () => {
    const named = (name: string, hostKey: string): string => labelOf({ name, hostKey }, { path: '/a' });
    expect([
      named('web-1', 'SHA256:0123456789abcdefXYZ'),
      named('web-2', 'SHA256:0123456789abcdefXYZ'),
      named('web-1', 'SHA256:other/0123456789'),
      named('rack/web', 'memory'),
    ]).toEqual([label, 'web-2@0123456789abcdef:/a', 'web-1@other_0123456789:/a', 'rack_web@memory:/a']);
  });

  it.each([
    ['an address', 3, '*" ' + attacker + ' x'],
    ['a name', 0, '../../etc'],
  ])(
    'writes nothing for %s that stands in the file of keys as something else, whoever has asked for it',
    (_what, place, text) => {
      const directory = mkdtempSync(join(tmpdir(), 'plimsoll-grant-'));
      try {
        const [change] = changesOf(plan());
        const grant = change?.actions[1] as RelayAction;
        const args = [...grant.args].map((arg, at) =>
          at === place ? text : at === 2 ? join(directory, 'keys') : at === 1 ? 'root' : arg,
        );
        const { status, stderr } = spawnSync('/bin/sh', ['-c', grant.script, 'sh', ...args], {
          input: `${attacker}\n`,
          encoding: 'utf8',
          env: { PATH: process.env['PATH'] ?? '', PLIMSOLL_STATE: join(directory, 'state') },
        });
        expect([status, stderr]).toEqual([1, expect.stringMatching(/^that is no /)]);
        expect(readdirSync(directory)).toEqual([]);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  );

  it('lets rsync do nothing at the destination but receive', () => {
    const parse = (stdout: string): readonly string[] =>
      rsyncServerCommands.parse({ status: 0, stdout, stderr: '' }, [rsyncSets('--modify-window=-1', undefined).write]);
    expect(parse('rsync --server -lHogDtpAXrxSe.LsfxCIvu --delete -@-1 --numeric-ids . ./\n')).toHaveLength(1);
    for (const command of [
      'rsync --server --sender -logDtpre.iLsfxCIvu . ./',
      'rsync --server -slogDtpre.iLsfxCIvu . ./',
      'rsync --server -lHogDtpAXrxSKe.LsfxCIvu --delete --numeric-ids . ./',
      'rsync --server -lHe.L . /etc/',
      'rsync --server -lHe.L --log-file=/etc/x . ./',
      'rsync --server -lHe.L . ./; id',
      '',
    ]) {
      expect(() => parse(`${command}\n`), command).toThrow(/does not say as expected/);
    }
  });
});
