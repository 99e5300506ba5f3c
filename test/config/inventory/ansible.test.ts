import { describe, expect, it } from 'vitest';
import { loadInventory } from '../../../src/config/inventory/inventory.ts';
import { laptop } from '../io.ts';

const ini = `# the fleet
mail.example.com ansible_port=2525

[web]
web[01:03].example.com ansible_user=deploy  # the front
web04 ansible_host=10.0.0.4 note="two words" weight=5

[db]
db1
web04

[production:children]
web
db

[production:vars]
ansible_become=true
target=20GiB

[all:vars]
ansible_ssh_private_key_file=~/.ssh/fleet
ansible_python_interpreter=/usr/bin/python3
`;

const yaml = `
all:
  hosts:
    mail.example.com: { ansible_port: 2525 }
  vars: { ansible_ssh_private_key_file: ~/.ssh/fleet }
  children:
    production:
      vars: { ansible_become: true, target: 20GiB }
      children:
        web:
          hosts:
            web[01:03].example.com: { ansible_user: deploy }
            web04: { ansible_host: 10.0.0.4, note: two words, weight: 5 }
        db:
          hosts: { db1: , web04: }
`;

describe('an Ansible inventory is read as it is', () => {
  it.each([
    ['hosts', ini],
    ['hosts.yaml', yaml],
  ])('%s', async (file, text) => {
    const { hosts, groups } = await loadInventory([file], laptop({ files: { [file]: text } }));
    expect([...hosts.keys()].sort()).toEqual([
      'db1',
      'mail.example.com',
      'web01.example.com',
      'web02.example.com',
      'web03.example.com',
      'web04',
    ]);
    expect(hosts.get('web04')).toMatchObject({
      target: { address: '10.0.0.4', become: 'sudo', user: 'ada', identityFiles: ['/home/ada/.ssh/fleet'] },
      vars: { note: 'two words', weight: 5, target: '20GiB' },
    });
    expect(hosts.get('web02.example.com')?.target).toMatchObject({ user: 'deploy', port: 22 });
    expect(hosts.get('mail.example.com')).toMatchObject({ groups: [], target: { port: 2525, become: 'none' } });
    expect([...(groups.get('production') ?? [])].sort()).toEqual([
      'db1',
      'web01.example.com',
      'web02.example.com',
      'web03.example.com',
      'web04',
    ]);
    expect(groups.get('db')).toEqual(expect.arrayContaining(['db1', 'web04']));
  });

  it('does not take our own inventory for one', async () => {
    expect((await loadInventory(['i'], laptop({ files: { i: 'hosts:\n  all-1: {}\n' } }))).hosts.size).toBe(1);
  });
});
