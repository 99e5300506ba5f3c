import { describe, expect, it } from 'vitest';
import { loadInventory, readInventory } from '../../../../src/config/inventory/inventory.ts';
import { selectHosts } from '../../../../src/config/inventory/select.ts';
import { issuesOf, laptop, printIssue } from '../../io.ts';

type Files = Readonly<Record<string, string>>;

async function hostsIn(files: Files, given: readonly string[] = Object.keys(files).slice(0, 1)) {
  return (await loadInventory(given, laptop({ files }))).hosts;
}

const first = (issue: { readonly message: string }): string => issue.message.split('\n')[0] ?? '';

describe('variables beside an inventory', () => {
  it('of groups and hosts, in files and directories, in the order of their names', async () => {
    const hosts = await hostsIn({
      'inv/hosts': '[web]\nw1\nw2\n[web:vars]\nansible_user=inventory\n',
      'inv/group_vars/all.yml': 'ansible_user: everybody\nansible_port: 2022\ntier: all\n',
      'inv/group_vars/web/10_a.yml': 'tier: a\n',
      'inv/group_vars/web/20_b': 'tier: b\n',
      'inv/group_vars/web/30.txt': 'tier: not read\n',
      'inv/host_vars/w2.json': '{"ansible_host": "10.0.0.2"}',
      'inv/host_vars/w2/never.yml': 'ansible_host: shadowed',
    });
    // What stands in files of all is stronger than what the inventory says of a group.
    expect(hosts.get('w1')).toMatchObject({
      target: { user: 'everybody', port: 2022, address: 'w1' },
      vars: { tier: 'b' },
    });
    expect(hosts.get('w2')?.target.address).toBe('shadowed');
  });

  it('and beside a playbook, which is stronger', async () => {
    const files = {
      'inv/hosts': 'w1\n',
      'inv/group_vars/all.yml': 'ansible_user: inventory\nansible_port: 1\n',
      'play/group_vars/all.yml': 'ansible_user: playbook\n',
      'play/host_vars/w1.yml': 'ansible_host: 10.0.0.1\n',
    };
    const { hosts } = await loadInventory(['inv/hosts'], laptop({ files }), {}, { playbookDirectory: 'play' });
    expect(hosts.get('w1')?.target).toMatchObject({ user: 'playbook', port: 1, address: '10.0.0.1' });
  });

  it('that cannot be read stop the hosts that they are about, when they are selected', async () => {
    const files = {
      'inv/hosts': '[web]\nw1\nw2\n[db]\nd1\n',
      'inv/group_vars/web.yml': 'a: [1\n',
      'inv/host_vars/d1.yml': '$ANSIBLE_VAULT;1.1;AES256\n313233\n',
    };
    const inventory = await loadInventory(['inv/hosts'], laptop({ files: { ...files, 'inv/more': '' } }));
    expect(() => selectHosts(inventory, 'd1')).toThrow('1 mistake');
    const issues = await issuesOf(Promise.resolve().then(() => selectHosts(inventory, 'all')));
    expect(issues.map(first)).toEqual([
      expect.stringMatching(/^w1, w2: not valid YAML/),
      expect.stringMatching(/^d1: the file is encrypted \(ansible-vault\)/),
    ]);
  });
});

describe('what is given as an inventory', () => {
  it('may be a directory, of which some files are passed over', async () => {
    const hosts = await hostsIn(
      {
        'inv/01-hosts': '[web]\nweb1\n',
        'inv/02-more.yml': 'docker:\n  children:\n    web:\n',
        'inv/sub/03': '[web]\nweb2\n',
        'inv/README.md': '# no inventory',
        'inv/old.orig': '[web',
        'inv/.hidden': '[web',
        'inv/group_vars/docker.yml': 'ansible_user: deploy\n',
      },
      ['inv'],
    );
    expect([...hosts.keys()]).toEqual(['web1', 'web2']);
    expect(hosts.get('web2')).toMatchObject({ groups: ['docker', 'web'], target: { user: 'deploy' } });
  });

  it('may be several, which speak of one another', async () => {
    const hosts = await hostsIn(
      {
        a: '[web]\nweb1\n[web:vars]\nansible_user=a\n',
        'b.yaml': 'web:\n  vars: {ansible_user: b}\n  hosts: {web2: }\n',
      },
      ['a', 'b.yaml'],
    );
    expect([...hosts.values()].map(({ name, target }) => [name, target.user])).toEqual([
      ['web1', 'b'],
      ['web2', 'b'],
    ]);
  });

  it('may be of both kinds: our own groups and bastions for hosts of Ansible’s', async () => {
    const hosts = await hostsIn(
      {
        a: '[web]\nweb1 ansible_user=ops\n',
        b: 'hosts: { gate: {} }\ngroups: { web: { proxy_jump: gate, user: x, port: 7 } }\n',
      },
      ['a', 'b'],
    );
    expect(hosts.get('web1')).toMatchObject({
      groups: ['web'],
      target: { user: 'ops', port: 7, jump: { name: 'gate' } },
    });
  });

  it('may be names with commas between them', async () => {
    const hosts = await hostsIn({}, ['web1,[2001:db8::1]:2222,']);
    expect([...hosts.values()].map(({ target }) => [target.address, target.port])).toEqual([
      ['web1', 22],
      ['2001:db8::1', 2222],
    ]);
  });

  it('may be what ansible-inventory --list has printed', async () => {
    const listing = {
      _meta: {
        hostvars: {
          w1: { ansible_host: '10.0.0.1', ansible_become_password: { __ansible_unsafe: '{{ so }}' }, list: [1] },
        },
      },
      all: { children: ['ungrouped', 'site'] },
      site: { children: ['web'] },
      web: { hosts: ['w1', 'w2'] },
      ungrouped: { hosts: ['u'] },
    };
    const inventory = await loadInventory(
      ['l.json'],
      laptop({ files: { 'l.json': JSON.stringify(listing, null, 4) } }),
    );
    expect([...inventory.hosts.keys()].sort()).toEqual(['u', 'w1', 'w2']);
    expect(inventory.hosts.get('w1')).toMatchObject({
      groups: ['site', 'web'],
      target: { address: '10.0.0.1' },
      vars: { list: [1] },
      place: { file: 'l.json', line: 4 },
      secrets: { becomePassword: { place: { line: 6 } } },
    });
    expect(inventory.warnings).toMatchObject([{ line: 6 }]);
  });

  it('may be named by ansible.cfg, beneath which everything else lies', async () => {
    const io = laptop({
      files: {
        'ansible.cfg': `[defaults]
inventory = inv/hosts, other  ; two
remote_user: cfg
private_key_file = keys/id   ; beside it
[privilege_escalation]
become = yes
[ssh_connection]
ssh_args = -o ControlMaster=auto -J gate
`,
        'inv/hosts': 'w1\nw2 ansible_user=own ansible_become=no\n',
        other: '[x]\nw3\n',
      },
      env: { ANSIBLE_REMOTE_PORT: '2022' },
    });
    const { hosts, files } = await loadInventory([], io);
    expect(files).toEqual(['inv/hosts', 'other']);
    expect(hosts.get('w1')?.target).toMatchObject({
      user: 'cfg',
      port: 2022,
      become: 'sudo',
      jump: { address: 'gate', user: 'ada' },
    });
    expect(hosts.get('w1')?.target.identityFiles[0]).toMatch(/\/keys\/id$/);
    expect(hosts.get('w1')?.files).toMatchObject([{ key: 'identity_file', place: { file: 'ansible.cfg', line: 4 } }]);
    expect(hosts.get('w2')?.target).toMatchObject({ user: 'own', become: 'none' });
    expect(hosts.has('w3')).toBe(true);
  });

  it('is not told by an ansible.cfg in a directory in which anybody may write', async () => {
    const files = { hosts: 'w1\n', 'ansible.cfg': '[defaults]\nremote_user=evil\n' };
    const { hosts, warnings } = await loadInventory(['hosts'], laptop({ files, modes: { '.': 0o777 } }));
    expect(hosts.get('w1')?.target.user).toBe('ada');
    expect(warnings.map(first)).toEqual([expect.stringContaining('anybody may write')]);
  });

  it('is inventory.yaml where nothing is said, and that it is not there is said', async () => {
    expect((await loadInventory([], laptop({ files: { 'inventory.yaml': 'hosts: { a: {} }' } }))).files).toEqual([
      'inventory.yaml',
    ]);
    expect((await issuesOf(loadInventory([], laptop({})))).map(printIssue)).toEqual([
      'inventory.yaml: the file cannot be read: there is no such file\n',
    ]);
  });
});

describe('what only Ansible makes hosts of', () => {
  const command = 'ansible-inventory -i inv --list';
  const list = 'ansible-inventory -i inv --list > inv.json writes what it comes to into a file, which -i reads';

  it.each([
    ['a script', '#!/usr/bin/env python3\nimport x: [', 'it is a program (an inventory script)'],
    ['a binary', '\x7fELF\0\0', 'it is a program (an inventory script)'],
    [
      'a plugin',
      'plugin: amazon.aws.aws_ec2\nregions: [x]\n',
      'it configures the inventory plugin amazon.aws.aws_ec2, which asks for the hosts (a dynamic inventory)',
    ],
    ['a vault', '$ANSIBLE_VAULT;1.1;AES256\n00\n', 'it is encrypted (ansible-vault)'],
  ])('%s: one sentence says what makes a file of it', async (_what, text, what) => {
    const io = laptop({ files: { inv: text } });
    expect((await issuesOf(loadInventory(['inv'], io))).map(printIssue)).toEqual([
      `inv: ${what}, of which only Ansible makes hosts: ${list}; or --run-inventory has plimsoll run it\n`,
    ]);
    expect(io.ran).toEqual([]);
  });

  const io = (answer: { status: number; stdout: string; stderr: string }) =>
    laptop({ files: { inv: '#!/bin/sh\n' }, commands: { [command]: answer } });
  const run = async (machine: ReturnType<typeof laptop>) => {
    const said: string[] = [];
    const wishes = { running: (line: string, where: string) => void said.push(`${line} (${where})`) };
    return { ...(await readInventory(['inv'], machine, {}, wishes)), said };
  };

  it('is read by Ansible where that is allowed, and said before', async () => {
    const stdout = JSON.stringify({ _meta: { hostvars: { a: { ansible_port: 7 } } }, ungrouped: { hosts: ['a'] } });
    const { value, said } = await run(io({ status: 0, stdout, stderr: '' }));
    expect(value?.hosts.get('a')?.target.port).toBe(7);
    expect(said).toEqual([`${command} (inv)`]);
  });

  it('where it fails, its own words say why', async () => {
    const { issues } = await run(io({ status: 4, stdout: '', stderr: 'a\nb\nERROR! no\n' }));
    expect(issues.map(first)).toEqual([
      `it is a program (an inventory script), of which only Ansible makes hosts, and ${command} ended with status 4: a b ERROR! no`,
    ]);
  });

  it('and where it is not installed, that is said with what to do', async () => {
    const { issues } = await run(laptop({ files: { inv: '#!/bin/sh\n' } }));
    expect(issues.map(first)).toEqual([
      `it is a program (an inventory script), of which only Ansible makes hosts, and ansible-inventory could not be run here: there is no such file. Where it is installed, ${list}`,
    ]);
  });
});

describe('text', () => {
  it.each([
    ['with a byte order mark, in YAML', 'i.yaml', '\ufeffall:\n  hosts:\n    w1:\n'],
    ['with the line ends of Windows', 'i', '[web]\r\nw1 ansible_port=22\r\n[web:vars]\r\na=b\r\n'],
    ['with comments that are not UTF-8', 'i', '# caf\xe9\nw1\n'],
  ])('%s', async (_what, name, text) => {
    const bytes = text.includes('\ufeff')
      ? new TextEncoder().encode(text)
      : Uint8Array.from(text, (one) => one.charCodeAt(0));
    expect([...(await loadInventory([name], laptop({ files: { [name]: bytes } }))).hosts.keys()]).toEqual(['w1']);
  });

  it.each([
    [
      '\ufeff[web]\nw1\n',
      'i:1: the file begins with a byte order mark, for which Ansible does not read the first line',
    ],
    ['[web]\nw1 a=\xe9\n', 'i:2: the file is not UTF-8 text'],
  ])('that Ansible does not read either is refused: %j', async (text, why) => {
    const bytes = text.includes('\ufeff')
      ? new TextEncoder().encode(text)
      : Uint8Array.from(text, (one) => one.charCodeAt(0));
    const [issue] = await issuesOf(loadInventory(['i'], laptop({ files: { i: bytes } })));
    expect(issue && printIssue(issue)).toContain(why);
  });
});
