import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { address, copyLabel, hostPath } from '../../../../src/facts/crossing.ts';
import type { RelayAction } from '../../../../src/operations/engine/change.ts';
import type { Access } from '../../../../src/operations/copies/send/send-access.ts';
import { grantAccess, revokeAccess } from '../../../../src/operations/copies/send/send-access.ts';
import { createChange } from '../../../../src/operations/copies/send/send-changes.ts';
import { crossed } from '../../../support/crossed.ts';
import { shells } from '../../../run/shells.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-ticket-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const line = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGKHi1ZFbX0AGgzNDPC7cUcQkyvTeGR6ZM5WrGtkr5hP';
const access = (): Access => ({
  host: 'b',
  id: crossed('0123456789abcdef'),
  user: crossed(userInfo().username),
  keysFile: hostPath.parse(join(directory, 'ssh', 'authorized_keys')),
  address: address.parse('192.0.2.1'),
  isRoot: true,
  expires: true,
  to: hostPath.parse('/b'),
  identity: crossed('1:2'),
  label: copyLabel.parse('a:/a'),
  trust: 'own',
  commands: [],
});

/** What lies in the directory of the keys, and in plimsoll's own. */
const left = (): readonly string[] =>
  ['ssh', 'state'].flatMap((name) =>
    existsSync(join(directory, name)) ? readdirSync(join(directory, name), { recursive: true }).map(String).sort() : [],
  );

describe.each(shells)('on $name', { timeout: 60_000 }, ({ argv, tags }) => {
  const [program, ...options] = argv;
  const env = (): NodeJS.ProcessEnv => ({
    ...process.env,
    PLIMSOLL_STATE: join(directory, 'state'),
    PATH: `${directory}:${process.env['PATH'] ?? ''}`,
  });
  function run({ script, args }: Pick<RelayAction, 'script' | 'args'>, ...first: readonly string[]) {
    return spawnSync(program, [...options, '-c', script, 'sh', ...first, ...args], {
      encoding: 'utf8',
      env: env(),
      input: `${line} a\n`,
    });
  }
  function ticketOf({ ticket }: RelayAction): string {
    if (ticket === undefined) throw new Error('no ticket');
    const { stdout, stderr } = run(ticket);
    expect(stderr).toBe('');
    return stdout;
  }

  it('lets in what has a ticket, and takes all of it away again', { tags }, () => {
    const grant = grantAccess(access(), '/key.pub');
    expect(run(grant, ticketOf(grant))).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(access().keysFile, 'utf8')).toMatch(
      /^restrict,from="192\.0\.2\.1",.* plimsoll-copy-0123456789abcdef\n$/,
    );
    expect(run(revokeAccess(access()))).toMatchObject({ status: 0, stderr: '' });
    expect(left()).toEqual([]);
  });

  it('lets nobody in who was to be let in before that was taken away', { tags }, () => {
    const grant = grantAccess(access(), '/key.pub');
    const late = ticketOf(grant);
    expect(run(revokeAccess(access()))).toMatchObject({ status: 0, stderr: '' });
    const refused = { status: 1, stderr: 'this copy has been ended, or begun anew, since this was sent\n' };
    expect(run(grant, late)).toMatchObject(refused);
    expect(left()).toEqual([]);
    // Nor in the place of whoever was let in since.
    const now = ticketOf(grant);
    expect(run(grant, late)).toMatchObject(refused);
    expect(run(grant, now)).toMatchObject({ status: 0, stderr: '' });
  });

  it('waits for what is just being done, before it takes that away', { tags }, async () => {
    const slow = `sync() { : >"${directory}/begun"; sleep 1; command sync "$@"; }\n`;
    const grant = grantAccess(access(), '/key.pub');
    const granting = spawn(program, [...options, '-c', slow + grant.script, 'sh', ticketOf(grant), ...grant.args], {
      env: env(),
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => granting.once('close', resolve));
    granting.stdin.end(`${line} a\n`);
    while (!existsSync(join(directory, 'begun'))) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(run(revokeAccess(access()))).toMatchObject({ status: 0, stderr: '' });
    expect(await ended).toBe(0);
    expect(left()).toEqual([]);
  });

  it('makes no volume that was to be made before that was taken back', { tags }, () => {
    writeFileSync(
      join(directory, 'docker'),
      `#!/bin/sh\ncase $2 in ls) ;; inspect) echo 'no such volume' >&2; exit 1 ;; *) echo "$*" >>'${directory}/made' ;; esac\n`,
      { mode: 0o755 },
    );
    const [create] = createChange(access(), 'foo').actions;
    const { undo } = createChange(access(), 'foo');
    const [remove] = undo === 'irreversible' ? [] : undo;
    if (create?.kind !== 'relay' || remove?.kind !== 'relay') throw new Error('no relay');
    const late = ticketOf(create);
    expect(run(remove)).toMatchObject({ status: 0, stderr: '' });
    expect(run(create, late).stderr).toBe('this copy has been ended, or begun anew, since this was sent\n');
    expect([existsSync(join(directory, 'made')), left()]).toEqual([false, []]);
  });
});
