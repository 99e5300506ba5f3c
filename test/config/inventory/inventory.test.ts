import { describe, expect, it } from 'vitest';
import { loadInventory } from '../../../src/config/inventory/inventory.ts';
import { resolveSecrets } from '../../../src/config/secrets.ts';
import type { Host, Inventory } from '../../../src/config/model/types.ts';
import { issuesOf, laptop, printIssue } from '../io.ts';

function hostOf(inventory: Inventory, name: string): Host {
  const host = inventory.hosts.get(name);
  if (host === undefined) throw new Error(`no host ${name}`);
  return host;
}

async function load(text: string, more: Parameters<typeof laptop>[0] = {}): Promise<Inventory> {
  return loadInventory(['fleet/i.yaml'], laptop({ ...more, files: { 'fleet/i.yaml': text, ...more.files } }));
}

describe('loadInventory', () => {
  it('gives a host without any setting the defaults of the laptop', async () => {
    const inventory = await load('hosts: { web-1: }', {
      files: { '/home/ada/.ssh/id_rsa': '', '/home/ada/.ssh/id_ed25519': '' },
    });
    expect(hostOf(inventory, 'web-1')).toMatchObject({
      name: 'web-1',
      groups: [],
      vars: {},
      secrets: {},
      place: { file: 'fleet/i.yaml', line: 1, column: 10 },
      target: {
        address: 'web-1',
        port: 22,
        user: 'ada',
        agent: true,
        become: 'none',
        becomeUser: 'root',
        identityFiles: ['/home/ada/.ssh/id_ed25519', '/home/ada/.ssh/id_rsa'],
        knownHostsFiles: ['/home/ada/.ssh/known_hosts', '/etc/ssh/ssh_known_hosts'],
        connectTimeoutMs: 10_000,
        commandTimeoutMs: 300_000,
        stateDirectory: '/var/lib/plimsoll',
      },
    });
  });

  it('takes the directory for locks and runs from any layer, and only one that can be made', async () => {
    const inventory = await load(
      'defaults: { state_directory: /srv/plimsoll }\nhosts: { a: {}, b: { state_directory: /var/opt/p.2 } }',
    );
    expect([hostOf(inventory, 'a'), hostOf(inventory, 'b')].map(({ target }) => target.stateDirectory)).toEqual([
      '/srv/plimsoll',
      '/var/opt/p.2',
    ]);
    for (const directory of [
      'relative/one',
      '/',
      '/trailing/',
      '//double',
      '~/home',
      '"/with space"',
      '"/line\\nfeed"',
      '""',
      '1',
    ]) {
      const [issue] = await issuesOf(load(`hosts: { a: { state_directory: ${directory} } }`));
      expect(issue?.line).toBe(1);
    }
  });

  it('lets groups overrule defaults, children their parents, and the host all of them', async () => {
    const inventory = await load(`
defaults: { user: d, port: 1, vars: { from: defaults, a: 1 } }
hosts:
  x: { vars: { from: host } }
  y: {}
groups:
  child: { hosts: [x, y], user: c, vars: { from: child, c: 1 } }
  parent: { children: [child], user: p, port: 2, vars: { from: parent, b: 1 } }
`);
    expect(hostOf(inventory, 'x')).toMatchObject({
      vars: { from: 'host', a: 1, b: 1, c: 1 },
      groups: ['parent', 'child'],
      target: { user: 'c', port: 2 },
    });
    expect(hostOf(inventory, 'y').vars).toEqual({ from: 'child', a: 1, b: 1, c: 1 });
    expect(inventory.groups.get('parent')).toEqual(['x', 'y']);
  });

  it('keeps the order of the file and gives a range its addresses', async () => {
    const inventory = await load('hosts: { z: {}, "w-[08:10]": { address: "10.0.0.[1:3]" }, a: {} }');
    expect([...inventory.hosts.values()].map(({ name, target }) => [name, target.address])).toEqual([
      ['z', 'z'],
      ['w-08', '10.0.0.1'],
      ['w-09', '10.0.0.2'],
      ['w-10', '10.0.0.3'],
      ['a', 'a'],
    ]);
  });

  it.each([
    ['{ become: true }', 'sudo'],
    ['{ become: sudo }', 'sudo'],
    ['{ become: false }', 'none'],
    ['{ become: true, user: root }', 'none'],
    ['{ become: true, user: root, become_user: postgres }', 'sudo'],
    ['{ become: doas }', 'doas'],
    ['{ become: su }', 'su'],
    ['{ become: true, become_method: su }', 'su'],
    ['{ become_method: su }', 'none'],
  ])('%s becomes root by %s', async (settings, become) => {
    expect(hostOf(await load(`hosts: { a: ${settings} }`), 'a').target.become).toBe(become);
  });

  it('by what the strongest layer names that names one, and not by two at once', async () => {
    const inventory = await load(
      'defaults: { become: doas }\nhosts: { a: { become: true }, b: { become: false }, c: { become: su } }\ngroups: { g: { hosts: [a], become_method: sudo } }',
    );
    expect(hostOf(inventory, 'a').target).toMatchObject({ become: 'sudo' });
    expect(hostOf(inventory, 'b').target).toMatchObject({ become: 'none', becomeMethod: 'doas' });
    expect(hostOf(inventory, 'c').target).toMatchObject({ become: 'su' });
    await expect(load('defaults: { become: doas, become_method: su }\nhosts: { a: {}, b: {} }')).rejects.toMatchObject({
      issues: [{ line: 1, message: /become_method is su, and become beside it says doas/ }],
    });
  });

  it('reads paths relative to the file and ~ as the home directory', async () => {
    const { target } = hostOf(
      await load('hosts: { a: { identity_file: [~/.ssh/k, keys/l, /m], known_hosts_file: kh } }'),
      'a',
    );
    expect(target.identityFiles).toEqual(['/home/ada/.ssh/k', 'fleet/keys/l', '/m']);
    expect(target.knownHostsFiles).toEqual(['fleet/kh']);
  });

  it('puts the bastion into the target, but sends no bastion through itself', async () => {
    const inventory = await load(
      'defaults: { proxy_jump: gate }\nhosts: { a: {}, gate: { address: 10.0.0.1 }, b: { proxy_jump: none } }',
    );
    expect(hostOf(inventory, 'a').target.jump).toMatchObject({ name: 'gate', address: '10.0.0.1' });
    expect(hostOf(inventory, 'gate').target.jump).toBeUndefined();
    expect(hostOf(inventory, 'b').target.jump).toBeUndefined();
  });

  it('reads durations', async () => {
    expect(
      hostOf(await load('hosts: { a: { connect_timeout: 1m30s, command_timeout: 2 } }'), 'a').target,
    ).toMatchObject({ connectTimeoutMs: 90_000, commandTimeoutMs: 2000 });
  });

  it('joins files, with groups that both speak of', async () => {
    const io = laptop({
      files: {
        a: 'hosts: { x: {} }\ngroups: { web: { hosts: [x] } }',
        b: 'hosts: { y: {} }\ngroups: { web: { hosts: [y] }, all-web: { children: [web] } }',
      },
    });
    const inventory = await loadInventory(['a', 'b'], io);
    expect(inventory.groups.get('all-web')).toEqual(['x', 'y']);
    expect(inventory.file).toBe('a, b');
  });

  it('reports the mistakes of every file together, and a host that two files define', async () => {
    const io = laptop({ files: { a: 'hosts: { x: { prot: 1 }, y: {} }', b: 'hosts: { y: { port: none } }', c: '{' } });
    const issues = await issuesOf(loadInventory(['a', 'b', 'c', 'd'], io));
    expect(issues.map(printIssue).map((text) => text.split('\n')[0])).toEqual([
      'd: the file cannot be read: there is no such file',
      expect.stringMatching(/^c:1:\d+: not valid YAML/),
      'a:1:15: unknown key "prot"; did you mean "port"?',
      'b:1:10: the host "y" is defined twice: first at a:1:26',
      'b:1:21: port: expected a number, not "none"',
    ]);
  });

  it('reads a fleet whose every host makes a mistake, and names them all', async () => {
    const hosts = Array.from({ length: 2000 }, (_, host) => `  h-${String(host)}: { user: ${String(host)} }\n`).join(
      '',
    );
    const issues = await issuesOf(load(`defaults: { proxy_jump: gaet }\nhosts:\n${hosts}`));
    expect(issues).toHaveLength(2000);
    expect(issues[1999]).toMatchObject({
      line: 2002,
      column: 19,
      message: 'user: expected a string, not 1999: write it in quotes',
    });
  });

  it('names once what every host of a fleet inherits', async () => {
    const hosts = Array.from({ length: 5000 }, (_, host) => `  h-${String(host)}: {}\n`).join('');
    const issues = await issuesOf(load(`defaults: { proxy_jump: h-4999x }\nhosts:\n${hosts}`));
    expect(issues.map(({ line, message }) => `${String(line)}: ${message}`)).toEqual([
      '1: proxy_jump: there is no host "h-4999x" in the inventory; did you mean "h-4999"? (ssh://h-4999x is one that is not in it)',
    ]);
  });

  it('gives each host of a range its address, and groups their hosts in the order of the inventory', async () => {
    const inventory = await load(
      'hosts: { "h-[0:9999]": { address: "n[0:9999].lan" }, z: {} }\n' +
        'groups: { b: { hosts: [z, h-7, h-3], children: [a] }, a: { hosts: ["h-999?", h-7] } }',
    );
    expect(hostOf(inventory, 'h-9999').target.address).toBe('n9999.lan');
    expect(inventory.groups.get('b')?.slice(0, 3)).toEqual(['h-3', 'h-7', 'h-9990']);
    expect(inventory.groups.get('b')?.at(-1)).toBe('z');
    expect(hostOf(inventory, 'h-7').groups).toEqual(['b', 'a']);
  });

  it('overrides what the command line says', async () => {
    const inventory = await loadInventory(['i'], laptop({ files: { i: 'hosts: { a: { user: x, port: 23 } }' } }), {
      user: 'y',
    });
    expect(hostOf(inventory, 'a').target).toMatchObject({ user: 'y', port: 23 });
  });

  it('warns of a plain password once, and shows it nowhere', async () => {
    const inventory = await load('defaults: { become_password: hunter2 }\nhosts: { "a-[1:3]": {} }');
    expect(inventory.warnings).toHaveLength(1);
    expect(JSON.stringify([inventory.warnings, [...inventory.hosts.values()]])).not.toContain('hunter2');
  });
});

describe('resolveSecrets', () => {
  const text = `
hosts:
  a: { password: { env: PW }, become_password: { command: [pass, show, a] }, identity_passphrase: { file: secret.txt }, proxy_jump: gate }
  b: { become_password: { command: [pass, show, a] } }
  gate: { password: { env: GATE } }
  unused: { password: { env: MISSING } }
`;
  const files = { 'fleet/i.yaml': text, 'fleet/secret.txt': 'open sesame\n' };
  const commands = { 'pass show a': { status: 0, stdout: 's3cret\n', stderr: '' } };

  it('reads those of the selected hosts and their bastions, each command once', async () => {
    const io = laptop({ files, commands, env: { PW: 'pw', GATE: 'gate-pw' } });
    const inventory = await loadInventory(['fleet/i.yaml'], io);
    expect(io.ran).toEqual([]);
    const [a, b] = await resolveSecrets(inventory, [hostOf(inventory, 'a'), hostOf(inventory, 'b')], io);
    expect(a?.target.password?.reveal()).toBe('pw');
    expect(a?.target.becomePassword?.reveal()).toBe('s3cret');
    expect(a?.target.identityPassphrase?.reveal()).toBe('open sesame');
    expect(a?.target.jump?.password?.reveal()).toBe('gate-pw');
    expect(b?.target.becomePassword?.reveal()).toBe('s3cret');
    expect(io.ran).toEqual(['pass show a']);
  });

  it('names every host and key that it could not read, and no output', async () => {
    const io = laptop({
      files: { 'fleet/i.yaml': text, 'fleet/secret.txt': '\n' },
      commands: { 'pass show a': { status: 1, stdout: 'half-a-secret', stderr: 'and more' } },
    });
    const inventory = await loadInventory(['fleet/i.yaml'], io);
    const issues = await issuesOf(resolveSecrets(inventory, [hostOf(inventory, 'a')], io));
    expect(issues.map(({ message, line }) => `${String(line)}: ${message}`).sort()).toEqual([
      '3: a: become_password is to come from the command pass, which ended with status 1',
      '3: a: identity_passphrase is to come from the file fleet/secret.txt, which gave nothing',
      '3: a: password is to come from the environment variable PW, which is not set',
      '5: gate: password is to come from the environment variable GATE, which is not set',
    ]);
  });
});
