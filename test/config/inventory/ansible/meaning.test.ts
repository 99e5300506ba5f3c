import { describe, expect, it } from 'vitest';
import { loadAll } from '../../../../src/config/load.ts';
import { loadInventory } from '../../../../src/config/inventory/inventory.ts';
import { selectHosts } from '../../../../src/config/inventory/select.ts';
import { issuesOf, laptop, printIssue } from '../../io.ts';
import { registry } from '../../registry.ts';

async function hostOf(vars: string, more = '') {
  const { hosts } = await loadInventory(['i'], laptop({ files: { i: `h ${vars}\n${more}` } }));
  const host = hosts.get('h');
  if (host === undefined) throw new Error('there is no host');
  return host;
}

describe('what variables of Ansible mean here', () => {
  it.each([
    ['ansible_host=10.0.0.1 ansible_ssh_host=10.0.0.2', { address: '10.0.0.2' }],
    ['ansible_port=7 ansible_ssh_port="8"', { port: 8 }],
    ['ansible_ssh_user=second ansible_user=first', { user: 'second' }],
    ['ansible_user=ops ansible_become=y', { user: 'ops', become: 'sudo' }],
    ['ansible_user=ops ansible_become=no', { become: 'none' }],
    ['ansible_user=root ansible_become=1', { become: 'none' }],
    ['ansible_become=1', { become: 'sudo' }],
    [
      'ansible_become=1 ansible_become_user=app ansible_become_method=sudo ansible_become_flags="-H -S"',
      { becomeUser: 'app' },
    ],
    ['ansible_become=1 ansible_become_method=su', { become: 'su' }],
    ['ansible_become=0 ansible_become_method=ansible.builtin.su', { become: 'none', becomeMethod: 'su' }],
    ['ansible_become=1 ansible_become_method=community.general.doas', { become: 'doas' }],
    ['ansible_become=1 ansible_become_method=su ansible_sudo_user=x ansible_su_user=y', { becomeUser: 'y' }],
    ['ansible_become=1 ansible_sudo_user=x ansible_su_user=y ansible_su_exe=/opt/su', { becomeUser: 'x' }],
    ['ansible_ssh_private_key_file=~/.ssh/k', { identityFiles: ['/home/ada/.ssh/k'] }],
    [
      'ansible_ssh_args="-i /a -l front" ansible_user=x ansible_private_key_file=/b ansible_ssh_extra_args="-i /c -p 9"',
      { identityFiles: ['/a', '/b', '/c'], user: 'front', port: 9 },
    ],
    [
      'ansible_port=7 ansible_ssh_common_args="-p 9 -l back -o IdentitiesOnly=yes"',
      { port: 7, user: 'back', agent: false },
    ],
    ['ansible_ssh_common_args="-o UserKnownHostsFile=/known"', { knownHostsFiles: ['/known'] }],
    ['ansible_connection=smart ansible_python_interpreter="{{ x }}" ansible_shell_type=sh', { address: 'h' }],
    ['ansible_user="" ansible_host=""', { user: 'ada', address: 'h' }],
    [
      `ansible_ssh_common_args='-J me@gate:7,second'`,
      { jump: { name: 'second', user: 'ada', identityFiles: [], jump: { address: 'gate', user: 'me', port: 7 } } },
    ],
    [
      `ansible_ssh_args='-o ProxyCommand="ssh -i ~/b.pem -W %h:%p gate"'`,
      { jump: { identityFiles: ['/home/ada/b.pem'], become: 'none' } },
    ],
  ])('%s', async (vars, target) => {
    const host = await hostOf(vars);
    expect(host.troubles).toBeUndefined();
    expect(host.target).toMatchObject(target);
  });

  it('a key of a bastion is among the files that are told of', async () => {
    const { files } = await hostOf(`ansible_ssh_args='-o ProxyCommand="ssh -i ~/b.pem -W %h:%p gate"'`);
    expect(files).toMatchObject([{ key: 'identity_file', name: '/home/ada/b.pem' }]);
  });

  it('a secret may come from the environment', async () => {
    const { secrets } = await hostOf(`ansible_become_password="{{ lookup('env', 'SUDO') }}" ansible_ssh_pass=plain`);
    expect(secrets).toMatchObject({
      becomePassword: { source: { kind: 'env', name: 'SUDO' } },
      password: { source: { kind: 'text' } },
    });
  });

  it.each([
    ['ansible_host="{{ ip }}"', 'ansible_host is Jinja, which plimsoll does not evaluate: write what it comes to'],
    ['ansible_port="{{ p }}"', 'ansible_port is Jinja'],
    ['ansible_port=http', 'ansible_port is "http": a port is a number from 1 to 65535'],
    ['ansible_user="a b"', 'ansible_user is "a b": it must be one word'],
    ['ansible_become=maybe', 'ansible_become is "maybe": write true or false'],
    [
      'ansible_become=1 ansible_become_method=pbrun',
      'ansible_become_method is "pbrun", and plimsoll becomes root by sudo, doas or su',
    ],
    ['ansible_become_exe=/opt/sudo', `ansible_become_exe is "/opt/sudo", and plimsoll calls the system's own sudo`],
    [
      'ansible_become_method=su ansible_su_exe=/opt/su',
      `ansible_su_exe is "/opt/su", and plimsoll calls the system's own su`,
    ],
    ['ansible_become_flags="-u db"', 'ansible_become_flags is "-u db"'],
    [
      `ansible_become_password="{{ vaulted }}"`,
      `ansible_become_password is Jinja, which plimsoll does not evaluate: write "{{ lookup('env', 'NAME') }}"`,
    ],
    ['ansible_connection=local', 'ansible_connection is "local", and plimsoll reaches hosts by ssh only'],
    ['ansible_connection=winrm', 'ansible_connection is "winrm"'],
    ['ansible_ssh_executable=/opt/wrapper', 'ansible_ssh_executable is "/opt/wrapper"'],
    ['ansible_shell_type=powershell', 'ansible_shell_type is "powershell"'],
    ['ansible_ssh_private_key="-----BEGIN"', 'ansible_ssh_private_key is set, and a key in a variable is not read'],
    [
      'ansible_ssh_common_args="-o HostName=x"',
      'ansible_ssh_common_args: the option -o HostName=x is not understood. It might change the way to the host',
    ],
    ['ansible_ssh_common_args="-J {{ gate }}"', 'ansible_ssh_common_args is Jinja'],
    ['ansible_host="[1]"', 'ansible_host is to be a text'],
  ])('and what is not understood stops the host: %s', async (vars, why) => {
    const { troubles } = await hostOf(vars);
    expect(troubles).toMatchObject([{ file: 'i', line: 1, message: expect.stringContaining(why) }]);
  });
});

const text = `good
bad1 ansible_port=http
bad2
bad3
[b]
bad2
bad3
[b:vars]
ansible_connection=local
note={{ jinja }}
`;

describe('a host of which something is not understood', () => {
  it('is shown as it is written', async () => {
    const { target } = await hostOf('ansible_host="{{ ips[0:1] }}" ansible_user="{{ who }}"');
    expect(target).toMatchObject({ address: '{{ ips[0:1] }}', user: '{{ who }}' });
  });

  it('is refused when it is selected, with all that there is, and others are not', async () => {
    const inventory = await loadInventory(['i'], laptop({ files: { i: text } }));
    expect(selectHosts(inventory, 'all:!bad1:!b').map(({ name }) => name)).toEqual(['good']);
    const issues = await issuesOf(Promise.resolve().then(() => selectHosts(inventory, 'all')));
    expect(issues.map((issue) => printIssue(issue).split('\n')[0])).toEqual([
      'i:2:6: bad1: ansible_port is "http": a port is a number from 1 to 65535',
      'i:9:1: bad2, bad3: ansible_connection is "local", and plimsoll reaches hosts by ssh only: leave this host out, or give it ansible_connection=ssh',
    ]);
  });

  it('stops a play that means it, and none that does not', async () => {
    const load = (hosts: string, limit?: string) =>
      loadAll(
        { inventoryFiles: ['i'], playbookFile: 'p', registry, ...(limit === undefined ? {} : { limit }) },
        laptop({ files: { i: text, p: `hosts: ${hosts}\nsteps: [{ command: [a] }]\n` } }),
      );
    expect((await load('good')).hosts).toHaveLength(1);
    expect((await load('all', '!bad*')).hosts).toHaveLength(1);
    expect((await issuesOf(load('b'))).map(({ message }) => message)).toEqual([expect.stringMatching(/^bad2, bad3: /)]);
  });

  it('and a variable with Jinja only whoever reads it', async () => {
    const files = { i: 'h\n[all:vars]\nnote={{ x }}\nok=1\n', p: '' };
    const load = (step: string) =>
      loadAll(
        { inventoryFiles: ['i'], playbookFile: 'p', registry },
        laptop({ files: { ...files, p: `hosts: h\nsteps: [${step}]\n` } }),
      );
    expect((await load('{ command: [a, "${{ vars.ok }}"] }')).hosts).toHaveLength(1);
    expect((await issuesOf(load('{ command: [a, "${{ vars.note }}"] }'))).map(({ message }) => message)).toEqual([
      'expression: vars.note is Jinja, which plimsoll does not evaluate (i:3:1): write there what it comes to, or give it with --var (on h)',
    ]);
    expect(await issuesOf(load('{ command: [a], when: "has(vars.note)" }'))).toHaveLength(1);
  });
});
