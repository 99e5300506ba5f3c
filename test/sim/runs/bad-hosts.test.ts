import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fleet } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { besideNames, plimsoll as program } from '../../support/plimsoll.ts';

const app = { name: 'app-1', bytes: 10 * 1024 ** 3 };

const specs: readonly HostSpec[] = [
  { name: 'good', kind: 'dm-xfs', containers: [app] },
  {
    name: 'hostile-name',
    kind: 'dm-xfs',
    containers: [
      app,
      { name: 'x; reboot', bytes: 10 * 1024 ** 3 },
      { name: '\u001b]0;owned\u0007\u001b[2J', bytes: 10 * 1024 ** 3 },
    ],
  },
  {
    name: 'escapes',
    kind: 'dm-xfs',
    containers: [app],
    faults: [{ tool: 'xfs_growfs', action: 'print', argument: '\\033]0;owned\\007\\033[2Jgrown\\n' }],
  },
  {
    name: 'flood',
    kind: 'dm-xfs',
    containers: [app],
    faults: [{ tool: 'docker', when: 'info*', action: 'flood', argument: 60_000_000 }],
  },
  { name: 'no-docker', kind: 'no-docker' },
  { name: 'old-docker', kind: 'old-docker', containers: [app] },
  { name: 'no-sudo', kind: 'dm-xfs', containers: [app], sudo: 'no' },
  { name: 'no-login', kind: 'dm-xfs', containers: [app], refuseAuthentication: true },
  { name: 'cut', kind: 'dm-xfs', containers: [app], dropAfterBytes: 3000 },
  { name: 'unknown-key', kind: 'dm-xfs', containers: [app] },
  { name: 'changed-key', kind: 'dm-xfs', containers: [app] },
  { name: 'nobody', kind: 'dm-xfs', containers: [app] },
];

const finished = z.object({
  type: z.literal('host.finished'),
  host: z.string(),
  status: z.string(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).optional(),
});
type Finished = z.infer<typeof finished>;

function plimsoll(fleet: Fleet, ...args: readonly string[]): Promise<Ran> {
  return program([...args, '-i', join(fleet.directory, 'inventory.yaml')], {
    XDG_STATE_HOME: join(fleet.directory, 'runs'),
  });
}

/** The fleet's inventory with a host nobody listens for, one whose key is not known, and one whose key is another. */
async function spoil(fleet: Fleet): Promise<void> {
  const port = (name: string): string => String(fleet.hosts.find((host) => host.name === name)?.port ?? 0);
  const known = (await readFile(fleet.knownHostsFile, 'utf8')).split('\n');
  const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  const spoilt = known
    .filter((line) => !line.includes(`:${port('unknown-key')} `))
    .map((line) => (line.includes(`:${port('changed-key')} `) ? `[127.0.0.1]:${port('changed-key')} ${other}` : line));
  await writeFile(fleet.knownHostsFile, spoilt.join('\n'));
  const path = await fleet.writeTo(fleet.directory);
  const inventory = await readFile(path, 'utf8');
  await writeFile(path, inventory.replace(new RegExp(`(port"?: ?)${port('nobody')}\\b`), '$11'));
}

describe('hosts that are no use, among one that is', () => {
  let fleet: Fleet;
  let ended: ReadonlyMap<string, Finished>;
  let raw: string;

  beforeAll(async () => {
    fleet = await startFleet(specs);
    await spoil(fleet);
    const ran = await plimsoll(
      fleet,
      'apply',
      'playbooks/grow-rootfs.yaml',
      '-e',
      'container=app-1',
      '--yes',
      '--output',
      'json',
    );
    raw = ran.stdout + ran.stderr;
    expect(besideNames(ran.stderr)).toBe('');
    ended = new Map(
      ran.stdout
        .trim()
        .split('\n')
        .flatMap((line) => finished.safeParse(JSON.parse(line)).data ?? [])
        .map((event) => [event.host, event]),
    );
    expect(ran.code).toBe(1);
  });
  afterAll(() => fleet.stop());

  it.each([
    ['good', 'changed', undefined, /^$/],
    ['hostile-name', 'changed', undefined, /^$/],
    ['escapes', 'changed', undefined, /^$/],
    ['flood', 'failed', 'output-limit', /larger than plimsoll reads/],
    ['no-docker', 'refused', 'no-docker', /not installed/],
    ['old-docker', 'refused', 'unsupported', /too old|removed/],
    ['no-sudo', 'refused', 'privilege-denied', /sudo/],
    ['no-login', 'unreachable', 'auth-failed', /could not log in/],
    ['cut', 'unreachable', 'unreachable', /lost/],
    ['unknown-key', 'unreachable', 'host-key-unknown', /SHA256:/],
    ['changed-key', 'unreachable', 'host-key-changed', /SHA256:/],
    ['nobody', 'unreachable', 'connection-refused', /refused the connection/],
  ])('%s ends as %s (%s), in words and with what to do', (host, status, code, message) => {
    const event = ended.get(host);
    expect(event?.status).toBe(status);
    expect(event?.error?.code).toBe(code);
    expect(event?.error?.message ?? '').toMatch(message);
    if (code !== undefined) expect(event?.error?.hint).not.toBe('');
  });

  it('and no control character of a host gets through', () => {
    expect(raw).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('a hostile container is refused or grown by its id, and nothing of its name is executed', async () => {
    const plan = (container: string): ReturnType<typeof plimsoll> =>
      plimsoll(fleet, 'plan', 'playbooks/grow-rootfs.yaml', '-e', `container=${container}`, '-l', 'hostile-name');
    const named = await plan('x; reboot');
    expect(named.code, named.stdout + named.stderr).toBe(2);
    expect(named.stderr).toContain('must be the name or id of a container');
    const found = await plan('x*');
    expect(found.code, found.stdout + found.stderr).toBe(0);
    expect(found.stdout).toContain('x; reboot: 10 GiB → 20 GiB');
    const all = await plimsoll(
      fleet,
      'apply',
      'playbooks/grow-rootfs.yaml',
      '-e',
      'container=*',
      '-l',
      'hostile-name',
      '--yes',
    );
    expect(all.code, all.stdout + all.stderr).toBe(0);
    expect(all.stdout).not.toMatch(/\u001b/);
    expect(all.stdout).toContain('\\x1b]0;owned\\x07');
  });
});
