import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Interrupts } from '../../../src/cli/interrupts.ts';
import { program } from '../../../src/cli/program.ts';
import type { World } from '../../../src/cli/world.ts';
import { laptop } from '../../config/io.ts';
import { keptScreens } from '../../support/kept-screens.ts';

const inventory = `defaults: { become: true, user: ops, ssh_config: none }
hosts:
  web-[1:3]: {}
  pw: { become_password: { env: PW } }
  caps: { user: OPS }
  realm: { user: "ops@EXAMPLE.ORG" }
  odd: { user: "ops,root" }
  direct: { user: root }
  bsd: { become: doas }
  old: { become: su, become_password: { env: PW } }
  plain: { become: false }
  db: { become_user: postgres }
`;
const playbook = `- hosts: all
  steps:
    - { name: Look, command: [id], read_only: true }
- hosts: web-1
  steps:
    - { name: As who logs in, command: [id], become: false }
    - send_volume: { from: { volume: data }, to: { host: pw, volume: copy } }
    - name: "Odd\\nALL ALL=(ALL) NOPASSWD: ALL"
      send_volume: { from: { volume: data }, to: { host: "\${{ vars.other }}", volume: copy } }
`;

async function sudoers(...argv: readonly string[]): Promise<string> {
  const { text, screen } = keptScreens();
  const world: World = {
    io: laptop({ files: { 'i.yaml': inventory, 'p.yaml': playbook } }),
    out: screen('out'),
    err: screen('err'),
    interrupts: new Interrupts(),
    who: 'tester@here',
    agentSocket: undefined,
    stateDirectory: '/nowhere',
    interactive: false,
    ask: () => Promise.resolve('no'),
  };
  await program(world).run(['sudoers', 'p.yaml', '-i', 'i.yaml', '-e', 'other=web-2', ...argv]);
  expect(text.err).toBe('');
  return text.out;
}

/** What is a rule. */
function rules(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('plimsoll sudoers', () => {
  it('prints one rule for each way to root that a host needs', async () => {
    const text = await sudoers();
    expect(rules(text)).toEqual([
      'ops ALL=(root) NOPASSWD: /bin/sh',
      'ops ALL=(root) PASSWD: /bin/sh',
      '"OPS" ALL=(root) NOPASSWD: /bin/sh',
      String.raw`ops\@EXAMPLE.ORG ALL=(root) NOPASSWD: /bin/sh`,
      'ops ALL=(postgres) NOPASSWD: /bin/sh',
      'ops ALL=(root) NOPASSWD: /bin/sh, /bin/true, /usr/bin/true',
    ]);
    expect(text).toContain('# web-[1-3]: command, send_volume\nops ALL=(root) NOPASSWD: /bin/sh\n');
    expect(text).toMatch(/# odd: command\n# the name ops,root cannot be written here/);
    expect(text).toMatch(/# direct: command\n# needs nothing: the login is root/);
    expect(text).toMatch(/# bsd: command\n.*doas\.conf:\n# permit nopass ops as root cmd \/bin\/sh/);
    expect(text).toMatch(/# old: command\n# needs no rule: su is answered with the password of root/);
    expect(text).toMatch(/# plain, web-1: command\n# needs nothing: the steps are done as ops/);
    expect(text).toMatch(/# p\.yaml:\d+: Odd.*the host that it copies to is not known/);
    expect(text).toMatch(/It is no allow-list/);
  });

  it('says nothing of what is left out', async () => {
    expect(rules(await sudoers('--limit', 'direct,bsd'))).toEqual([]);
  });

  it('prints what visudo takes without a warning', { tags: ['lab:sudo'] }, async () => {
    const { stdout, stderr, status } = spawnSync('/usr/sbin/visudo', ['-c', '-s', '-f', '-'], {
      input: await sudoers(),
    });
    expect([status, stderr.toString()]).toEqual([0, '']);
    expect(stdout.toString()).toMatch(/parsed OK/);
  });
});
