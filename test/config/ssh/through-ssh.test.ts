import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadInventory } from '../../../src/config/inventory/inventory.ts';
import type { InventoryOverrides } from '../../../src/config/inventory/inventory-layers.ts';
import type { SshRan } from '../../../src/config/model/io.ts';
import type { Route } from '../../../src/config/ssh/route.ts';
import { type RanBySsh, Ways } from '../../../src/config/ssh/through-ssh.ts';
import { laptop } from '../io.ts';

function recorded(name: string): string {
  return readFileSync(fileURLToPath(new URL(`recorded/${name}.txt`, import.meta.url)), 'utf8');
}

const defaults = recorded('openssh-9.2-defaults');
const banner = 'OpenSSH_9.2p1\ndebug1: Reading configuration data /home/ada/.ssh/config\n';

function answer(stdout: string, stderr = banner): SshRan {
  return { status: 0, stdout, stderr };
}

interface Asked {
  readonly routes: ReadonlyMap<string, Route>;
  /** The arguments behind -G -v. */
  readonly asked: readonly string[];
  readonly ran: readonly RanBySsh[];
}

/** The ways to all hosts of an inventory, with an ssh that says what was recorded of a name, or else its defaults. */
async function ways(
  text: string,
  said: Readonly<Record<string, SshRan>> = {},
  overrides: InventoryOverrides = {},
): Promise<Asked> {
  const asked: string[] = [];
  const file = text.includes('hosts:') ? 'i.yaml' : 'of-ansible';
  const io = laptop({
    files: { [file]: text },
    env: { SOCK: '/run/sock' },
    ssh: (args) => {
      asked.push(args.slice(2).join(' '));
      const name = args.at(-1) ?? '';
      return Promise.resolve(
        said[name] ?? answer(defaults.replace(/^hostname .*$/m, `hostname ${name}`).replace(/^user .*$/m, 'user ada')),
      );
    },
  });
  const inventory = await loadInventory([file], io, overrides);
  const ran: RanBySsh[] = [];
  const routes = await new Ways(io).routes(inventory, [...inventory.hosts.values()], (programs) => {
    ran.push(...programs);
  });
  return { routes, asked, ran };
}

function setting(...lines: readonly string[]): SshRan {
  const keys = new Set(lines.map((line) => line.split(' ')[0]));
  const kept = defaults.split('\n').filter((line) => !keys.has(line.split(' ')[0]));
  return answer([...kept.map((line) => line.replace(/^user .*$/, 'user ada')), ...lines].join('\n'));
}

describe('what ssh knows', () => {
  it('of a name: every value that plimsoll uses, and the hosts in front of it', async () => {
    const { routes } = await ways('hosts: { web-name: }', { 'web-name': answer(recorded('openssh-9.2-web-name')) });
    const { target, stops } = routes.get('web-name') ?? {};
    expect(target).toMatchObject({
      address: 'web-name.example.com',
      port: 2222,
      user: 'ops',
      identityFiles: ['/home/ada/.ssh/web-name.example.com_ops_key'],
      identitiesOnly: true,
      agent: true,
      knownHostsFiles: ['/root/kh1', '/root/kh2', '/etc/ssh/ssh_known_hosts'],
      hostKeyAlias: 'fleet',
      hashKnownHosts: true,
      keepalive: { intervalMs: 7000, count: 3 },
      connectTimeoutMs: 33_000,
      jump: { name: 'c', address: 'c', user: 'ada', jump: { name: 'gate', user: 'me', port: 2200 } },
    });
    expect(target?.unserved).toBeUndefined();
    expect(target?.jump?.jump?.jump).toBeUndefined();
    expect(stops?.map(({ name }) => name)).toEqual(['web-name', 'c', 'gate']);
    expect(stops?.[0]?.rows).toContainEqual({ key: 'user', value: 'ops', from: 'ssh config' });
    expect(stops?.[2]?.rows).toContainEqual({ key: 'port', value: '2200', from: 'ssh config' });
  });

  it('lies beneath what the inventory says, and over the defaults', async () => {
    const { routes, asked } = await ways(
      'hosts:\n  web-name: { user: root, port: 22, identity_file: k, known_hosts_file: kh, connect_timeout: 2s, agent: false, become: true, proxy_jump: none }',
      { 'web-name': answer(recorded('openssh-9.2-web-name')) },
    );
    const { target, stops } = routes.get('web-name') ?? {};
    expect(target).toMatchObject({
      address: 'web-name.example.com',
      port: 22,
      user: 'root',
      become: 'none',
      identityFiles: ['k'],
      knownHostsFiles: ['kh'],
      connectTimeoutMs: 2000,
      agent: false,
    });
    expect(target?.jump).toBeUndefined();
    expect(stops?.[0]?.rows).toContainEqual({ key: 'user', value: 'root', from: 'i.yaml:2' });
    // As options of the command line, so that Match user and tokens are decided by them.
    expect(asked).toContain('-l root -p 22 -- web-name');
  });

  it('is asked for by the name, and by the address of the inventory; the name comes first', async () => {
    const { routes, asked } = await ways('hosts: { db: { address: 10.0.0.5 } }', {
      db: setting('hostname 10.0.0.5', 'user ops'),
      '10.0.0.5': setting('hostname 10.0.0.5', 'user admin', 'proxyjump gate'),
    });
    expect(routes.get('db')?.target).toMatchObject({ address: '10.0.0.5', user: 'ops', jump: { name: 'gate' } });
    expect(asked.toSorted()).toEqual(
      ['-- 10.0.0.5', '-- gate', '-F none -- plimsoll', '-o HostName=10.0.0.5 -- db'].toSorted(),
    );
  });

  it('is not asked for where ssh_config is none, and by another file where it names one', async () => {
    const { asked, routes } = await ways('hosts: { a: { ssh_config: none }, b: { ssh_config: conf/ssh } }');
    expect(asked).toContain('-F conf/ssh -- b');
    expect(asked.some((args) => args.endsWith(' a'))).toBe(false);
    expect(routes.get('a')?.target.user).toBe('ada');
    expect((await ways('hosts: { b: { ssh_config: x } }', {}, { ssh_config: 'none' })).asked).toEqual([]);
  });

  it('gives an agent of its own, or none', async () => {
    const { routes } = await ways('hosts: { a: , b: , c: , d: { agent: false } }', {
      a: setting('hostname a', 'identityagent ~/sock-%r'),
      b: setting('hostname b', 'identityagent none'),
      c: setting('hostname c', 'identityagent $SOCK'),
      d: setting('hostname d', 'identityagent /x'),
    });
    const agents = ['a', 'b', 'c', 'd'].map((name) => routes.get(name)?.target);
    expect(agents.map((target) => [target?.agent, target?.agentSocket])).toEqual([
      [true, '/home/ada/sock-ada'],
      [false, undefined],
      [true, '/run/sock'],
      [false, undefined],
    ]);
  });

  it('says which programs it ran to answer', async () => {
    const stderr = `${banner}debug1: Executing command: 'on-vpn %h'\n`;
    const { ran } = await ways('hosts: { a: , b: }', {
      a: answer(recorded('openssh-9.2-plain'), stderr),
      b: answer(recorded('openssh-9.2-plain'), stderr),
    });
    expect(ran).toEqual([{ command: 'on-vpn %h', hosts: ['a', 'b'] }]);
  });
});

describe('a host that ssh reaches in a way that plimsoll cannot go', () => {
  it.each([
    ['certificate', answer(recorded('openssh-9.2-certified')), /logs in with the certificate ~\/\.ssh\/id-cert\.pub/],
    ['command', answer(recorded('openssh-9.2-command')), /goes by a ProxyCommand \(nc -X connect %h %p\)/],
    ['keys', setting('hostname x', 'knownhostscommand /bin/keys %H'), /asks a KnownHostsCommand/],
    ['revoked', setting('hostname x', 'revokedhostkeys /etc/revoked'), /has RevokedHostKeys \(\/etc\/revoked\)/],
    ['bound', setting('hostname x', 'bindaddress 10.0.0.1'), /binds to the address \(10\.0\.0\.1\)/],
    ['token', setting('hostname x', 'identityfile ~/.ssh/%C'), /IdentityFile: %C is not expanded/],
    ['other home', setting('hostname x', 'identityfile ~bob/key'), /home directory in ~bob/],
    ['jump', setting('hostname x', 'proxyjump %h-gate'), /ProxyJump is not understood/],
    ['blanks', setting('hostname x', 'userknownhostsfile /a my file'), /cannot be told apart/],
    ['late', { status: 'late', stdout: '', stderr: '' } as const, /did not say within 10 s/],
    ['odd port', setting('hostname x', 'port 99999'), /its port is/],
    ['odd name', setting('hostname -oProxyCommand=x'), /its hostname is/],
  ])('%s: is refused with the reason and what would help', async (_what, said, reason) => {
    const { routes } = await ways('hosts: { x: , y: }', { x: said });
    expect(routes.get('x')?.target.unserved?.message).toMatch(reason);
    expect(routes.get('x')?.target.unserved?.hint).not.toBe('');
    expect(routes.get('y')?.target.unserved).toBeUndefined();
  });

  it('a ProxyJump in a circle, also behind another host', async () => {
    const { routes } = await ways('hosts: { a: , c: }', {
      a: setting('hostname a', 'proxyjump b'),
      b: setting('hostname b', 'proxyjump a'),
      c: setting('hostname c', 'proxyjump b'),
    });
    expect(routes.get('a')?.target.jump?.unserved?.message).toContain('a → b → a');
    expect(routes.get('c')?.target.jump?.jump?.unserved?.message).toContain('c → b → a → b');
  });

  it('a way of the inventory makes a ProxyCommand of no account', async () => {
    const { routes } = await ways('hosts: { command: { proxy_jump: ops@gate } }', {
      command: answer(recorded('openssh-9.2-command')),
    });
    expect(routes.get('command')?.target).toMatchObject({ jump: { name: 'gate', user: 'ops' } });
    expect(routes.get('command')?.target.unserved).toBeUndefined();
  });

  it('a configuration that ssh cannot read is told once, for all', async () => {
    const broken = {
      status: 255,
      stdout: '',
      stderr: '/home/ada/.ssh/config: line 3: Bad configuration option: prt\n',
    };
    const io = laptop({ files: { 'i.yaml': 'hosts: { a: , b: }' }, ssh: () => Promise.resolve(broken) });
    const inventory = await loadInventory(['i.yaml'], io);
    await expect(new Ways(io).through(inventory, [...inventory.hosts.values()])).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('line 3: Bad configuration option: prt') as unknown,
    });
  });
});

describe('proxy_jump', () => {
  it('names hosts of the inventory, others, and several', async () => {
    const { routes, asked } = await ways(`
hosts:
  gate: { address: 10.0.0.1, user: ops }
  a: { proxy_jump: root@gate:2222 }
  b: { proxy_jump: "ann@first.example.com,gate" }
`);
    expect(routes.get('a')?.target.jump).toMatchObject({ name: 'gate', address: '10.0.0.1', user: 'root', port: 2222 });
    expect(routes.get('b')?.target.jump).toMatchObject({
      name: 'gate',
      user: 'ops',
      jump: { name: 'first.example.com', user: 'ann', port: 22 },
    });
    expect(asked).toContain('-l ann -- first.example.com');
  });

  it('set for a group, stops in front of each of its bastions', async () => {
    const { routes } = await ways('defaults: { proxy_jump: "a,b" }\nhosts: { a: , b: , c: }');
    expect(routes.get('a')?.target.jump).toBeUndefined();
    expect(routes.get('b')?.target.jump).toMatchObject({ name: 'a' });
    expect(routes.get('c')?.target.jump).toMatchObject({ name: 'b', jump: { name: 'a' } });
  });
});

describe('what an inventory gives', () => {
  it.each([
    ['a user', 'hosts: { x: { user: "a$(touch_x)" } }'],
    ['an address', 'hosts: { x: { address: "a;touch_x" } }'],
    ['an address that a program of Match exec would be told of', 'hosts: { x: { address: "$(touch_x)" } }'],
  ])('is no option, and nothing for a shell: %s', async (_what, text) => {
    const { asked, routes } = await ways(text);
    expect(asked).toEqual([]);
    expect(routes.get('x')?.target.unserved?.message).toMatch(/is no plain name of a host or a user$/);
    expect((await ways(text, {}, { ssh_config: 'none' })).routes.get('x')?.target.unserved).toBeUndefined();
  });

  it.each(['ansible_host=-oProxyCommand=x', 'ansible_user=-oProxyCommand=x', 'ansible_host=$(x)', 'ansible_user=a;b'])(
    'of Ansible, is none either: %s',
    async (vars) => {
      expect((await ways(`a ${vars}\n`)).asked).toEqual([]);
    },
  );

  it('of Ansible, is given to ssh as Ansible does: the address, and not the name', async () => {
    const { asked, routes } = await ways('web-1 ansible_host=alias ansible_user=ops ansible_port=7\n', {
      alias: setting('hostname 10.0.0.9', 'port 7', 'user ops', 'proxyjump web-2'),
    });
    expect(asked).toContain('-l ops -p 7 -- alias');
    expect(asked.some((args) => args.endsWith('-- web-1'))).toBe(false);
    expect(routes.get('web-1')?.target).toMatchObject({ name: 'web-1', address: '10.0.0.9', jump: { name: 'web-2' } });
  });

  it('of Ansible, has no part in what ssh alone has in front of a host', async () => {
    const { routes } = await ways(
      'gate ansible_host=10.0.0.1 ansible_password=of-the-inventory\na ansible_ssh_common_args="-J gate"\nb\n',
      { b: setting('hostname b', 'proxyjump gate'), gate: setting('hostname gate.example.com') },
    );
    for (const name of ['a', 'b'])
      expect(routes.get(name)?.target.jump).toMatchObject({ name: 'ssh://gate', address: 'gate.example.com' });
    expect(routes.get('gate')?.target).toMatchObject({ name: 'gate', address: '10.0.0.1' });
  });

  it('of Ansible, can be another configuration of ssh, for the machines on the way, too', async () => {
    const { asked } = await ways('a ansible_ssh_common_args="-F /conf -J gate"\nb ansible_ssh_args="-F none"\n');
    expect(asked.toSorted()).toEqual(['-F /conf -- a', '-F /conf -- gate', '-F none -- plimsoll'].toSorted());
  });

  it('of Ansible, is direct where it says so', async () => {
    const { routes } = await ways('a ansible_ssh_args="-o ProxyJump=none"\n', {
      a: setting('hostname a', 'proxyjump b'),
    });
    expect(routes.get('a')?.target.jump).toBeUndefined();
  });

  it('by ssh:// is no host of the inventory', async () => {
    const { routes } = await ways(
      'hosts: { gate: { address: 10.0.0.1, password: { env: X } }, a: { proxy_jump: ssh://ann@gate } }',
    );
    expect(routes.get('a')?.target.jump).toMatchObject({ name: 'ssh://ann@gate', address: 'gate', user: 'ann' });
  });
});

describe('many hosts', () => {
  const hosts = 'hosts: { "web-[001:300]": }';

  it('that the same Host lines match are asked for twice, where nothing depends on the name', async () => {
    const config = 'Host web-*\n  User ops\n  IdentityFile ~/.ssh/%h\nHost *\n  Port 2222\n';
    const { asked, routes } = await manyWays(hosts, config);
    expect(asked.length).toBeLessThan(6);
    expect(routes.get('web-300')?.target).toMatchObject({
      address: 'web-300',
      user: 'ops',
      identityFiles: ['/home/ada/.ssh/web-300'],
    });
  });

  it.each([
    'Match host web-* !user root\n  User ops\n',
    'Match exec "on-vpn"\n  User ops\n',
    'Match host db-* exec "on-vpn %h"\n  User ops\n',
    'Match final originalhost web-*\n  User ops\n',
  ])('so they are where Match lines make no difference between them: %j', async (config) => {
    expect((await manyWays(hosts, config)).asked.length).toBeLessThan(6);
  });

  it.each([
    ['a program that is told of the host', 'Match exec "on-vpn %h"\n  User ops\n'],
    ['a Match line of which it is not certain what it asks', 'Match other x\n  User ops\n'],
    ['a user made of something', 'Match user x\n  Port 7\nHost *\n  User %h\n'],
    ['included files that depend on the name', 'Include conf.d/%h\n'],
    ['canonical names', 'CanonicalizeHostname yes\n'],
    ['a pattern of which it is not certain what it matches', 'Host web-[0-9]*\n  User ops\n'],
  ])('are asked for one by one where there is %s', async (_what, config) => {
    expect((await manyWays(hosts, config)).asked.length).toBeGreaterThanOrEqual(300);
  });

  it('are asked for one by one where ssh does not say what it has read', async () => {
    expect((await manyWays(hosts, 'Host *\n', () => [], '')).asked.length).toBeGreaterThanOrEqual(300);
  });

  it('are asked for one by one where an answer holds something made of the name', async () => {
    const config = 'Host *\n  ControlPath /run/%C\n';
    const { asked } = await manyWays(hosts, config, (name) => [
      `controlpath /run/${name.split('').reverse().join('')}`,
    ]);
    expect(asked.length).toBeGreaterThanOrEqual(300);
  });

  async function manyWays(
    text: string,
    config: string,
    more: (name: string) => readonly string[] = () => [],
    stderr = banner,
  ): Promise<Asked> {
    const asked: string[] = [];
    const io = laptop({
      files: { 'i.yaml': text, '/home/ada/.ssh/config': config },
      ssh: (args) => {
        asked.push(args.join(' '));
        const name = args.at(-1) ?? '';
        const own = args.includes('none') ? [] : ['user ops', 'identityfile ~/.ssh/%h', 'port 2222', ...more(name)];
        return Promise.resolve({ ...setting(`hostname ${name}`, ...own), stderr });
      },
    });
    const inventory = await loadInventory(['i.yaml'], io);
    const routes = await new Ways(io).routes(inventory, [...inventory.hosts.values()]);
    return { routes, asked, ran: [] };
  }
});
