import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Interrupts } from '../../src/cli/interrupts.ts';
import { SecretReader, type SecretWishes } from '../../src/cli/secrets.ts';
import type { World } from '../../src/cli/world.ts';
import { loadInventory } from '../../src/config/inventory/inventory.ts';
import { encrypted, newPair } from '../config/age/pairs.ts';
import { laptop } from '../config/io.ts';
import { plimsoll } from '../support/plimsoll.ts';
import { startTestSshServer, type TestSshServer } from '../support/ssh-server.ts';

/** What is said and what is read, in the order in which it happens. */
async function read(
  text: string,
  files: Readonly<Record<string, string>>,
  wishes: SecretWishes = {},
  ssh?: NonNullable<World['io']['askSsh']>,
): Promise<readonly string[]> {
  const happened: string[] = [];
  const io = laptop({
    files: { ...files, 'fleet/i.yaml': text },
    env: { SUDO: 'hunter2!' },
    ...(ssh === undefined ? {} : { ssh }),
    commands: { 'pass show x': { status: 0, stdout: 'secret\n', stderr: '' } },
  });
  const inventory = await loadInventory(['fleet/i.yaml'], io);
  const noted: typeof io = {
    ...io,
    readFile: (path) => {
      happened.push(`READS ${path}`);
      return io.readFile(path);
    },
    runCommand: (argv) => {
      happened.push(`RUNS ${argv.join(' ')}`);
      return io.runCommand(argv);
    },
  };
  const screen = {
    write: (more: string) => {
      happened.push(...more.trimEnd().split('\n'));
    },
    isTerminal: false,
    columns: 80,
    rows: 24,
    colour: false,
  };
  const world: World = {
    io: noted,
    out: screen,
    err: screen,
    interrupts: new Interrupts(),
    agentSocket: undefined,
    stateDirectory: '/none',
    who: 'ann@laptop',
    interactive: false,
    ask: () => Promise.reject(new Error('nobody is asked')),
  };
  const reader = new SecretReader(world, wishes);
  await reader.complete(
    inventory,
    [...inventory.hosts.values()].filter(({ name }) => name !== 'bastion'),
  );
  await reader.complete(inventory, [...inventory.hosts.values()]);
  return happened;
}

describe('what an inventory makes plimsoll read and run on this machine', () => {
  it('is named before it is read, each once in a run, with its place; for bastions too', async () => {
    const happened = await read(
      `defaults: { known_hosts_file: hosts.txt, proxy_jump: bastion }
hosts:
  bastion: { proxy_jump: none, identity_file: [/keys/one, two], password: { file: jump.txt } }
  a: { identity_file: ~/a, become_password: { env: SUDO } }
  b: { password: { command: [pass, show, x] } }
  c: { password: { command: [pass, show, x] }, identity_passphrase: "in plain text" }
`,
      { 'fleet/jump.txt': 'password\n' },
    );
    expect(happened.filter((line) => line.includes('jump.txt'))).toEqual([
      'reads on this machine for password: fleet/jump.txt (fleet/i.yaml:3)',
      'READS fleet/jump.txt',
      'READS fleet/jump.txt',
    ]);
    expect(happened.filter((line) => !line.includes('READS') && !line.includes('RUNS')).toSorted()).toEqual([
      'reads on this machine for become_password: the environment variable SUDO (fleet/i.yaml:4)',
      'reads on this machine for identity_file: /home/ada/a (fleet/i.yaml:4)',
      'reads on this machine for identity_file: /keys/one (fleet/i.yaml:3)',
      'reads on this machine for identity_file: fleet/two (fleet/i.yaml:3)',
      'reads on this machine for known_hosts_file: fleet/hosts.txt (fleet/i.yaml:1)',
      'reads on this machine for password: fleet/jump.txt (fleet/i.yaml:3)',
      'runs on this machine for a secret: pass show x (fleet/i.yaml:5)',
    ]);
  });

  it('so are the files of keys that open its encrypted values, where there is one to be opened, and no other file names them', async () => {
    const mine = await newPair();
    const armour = JSON.stringify(await encrypted('hunter2!', mine.recipient));
    const inventory = (secret: string): string =>
      `age_identities: key\nhosts: { a: { identity_file: /k, become_password: ${secret} } }\n`;
    const files = { 'fleet/key': mine.file, '/mine': mine.file };
    const ofKeys = (happened: readonly string[]): readonly string[] =>
      happened.filter((line) => /age_identities|key$|mine/.test(line));
    expect(ofKeys(await read(inventory(`{ age: ${armour} }`), files))).toEqual([
      'reads on this machine for age_identities: fleet/key (fleet/i.yaml:1)',
      'READS fleet/key',
    ]);
    expect(ofKeys(await read(inventory('{ env: SUDO }'), files))).toEqual([]);
    expect(ofKeys(await read(inventory(`{ age: ${armour} }`), files, { identity: ['/mine'] }))).toEqual([
      'READS /mine',
    ]);
  });

  it('is counted from the eleventh of a kind on, unless -v is given; what a name holds is neutralised', async () => {
    const hosts = Array.from(
      { length: 30 },
      (_, index) => `  w${String(index)}: { identity_file: "/k/${String(index)}" }`,
    ).join('\n');
    const brief = await read(`hosts:\n${hosts}\n  z: { password: { file: "/p\\e[31m" } }\n`, {
      '/p\u001b[31m': 'password',
    });
    expect(brief.filter((line) => line.includes('identity_file'))).toHaveLength(10);
    expect(brief).toContain('… and 20 more of that kind: -v names them');
    expect(brief.filter((line) => !line.startsWith('READS')).join('')).not.toContain('\u001b');
    expect(
      (await read(`hosts:\n${hosts}\n`, {}, { verbose: true })).filter((line) => line.includes('identity_file')),
    ).toHaveLength(30);
  });
});

it('the programs that ssh runs for its configuration are named before anything connects, and counted where they are many', async () => {
  const ssh = (args: readonly string[]) => {
    const name = args.at(-1) ?? '';
    const stderr = args.includes('none')
      ? ''
      : `debug1: Reading configuration data /c\ndebug1: Executing command: 'on-vpn ${name}'\n`;
    return Promise.resolve({ status: 0, stdout: `user ada\nhostname ${name}\nport 22\n`, stderr });
  };
  const lines = await read('hosts: { "w[10:39]": }', { '/c': 'Match exec "on-vpn %n"\n' }, {}, ssh);
  expect(lines.filter((line) => line.startsWith('ssh ran on this machine for w'))).toHaveLength(10);
  expect(lines).toContain(
    'ssh ran on this machine for w10, because its configuration says so (Match exec): on-vpn w10',
  );
  expect(lines).toContain('… and 20 more of that kind: -v names them');
});

describe('the events of a run', () => {
  let server: TestSshServer;
  let directory: string;
  beforeAll(async () => {
    server = await startTestSshServer();
    directory = mkdtempSync(join(tmpdir(), 'plimsoll-named-'));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('name them before any host is connected to, and the files on hosts in which programs there find a secret', async () => {
    const path = (name: string): string => join(directory, name);
    writeFileSync(path('sudo.txt'), 'password\n');
    const host = { address: server.address, port: server.port, user: 'root' };
    writeFileSync(
      path('i.yaml'),
      JSON.stringify({
        defaults: {
          identity_file: server.identityFile,
          known_hosts_file: server.knownHostsFile,
          agent: false,
          state_directory: path('state'),
        },
        hosts: {
          web: { ...host, vars: { key: '/root/age.key' } },
          db: { ...host, become_password: { file: 'sudo.txt' }, vars: { key: '/root/age.key' } },
        },
      }),
    );
    writeFileSync(
      path('p.yaml'),
      `hosts: all
steps:
  - restore_volume: { volume: new, from: { bucket: "http://127.0.0.1:1/b", credentials: /root/.s3 }, backup: old, identity: "\${{ vars.key }}" }
`,
    );
    const { stdout, stderr } = await plimsoll(['plan', path('p.yaml'), '-i', path('i.yaml'), '--output', 'json'], {
      XDG_STATE_HOME: path('laptop'),
      HOME: directory,
    });
    const events = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { readonly type: string });
    const at = `${path('i.yaml')}:1`;
    expect(events.filter(({ type }) => type === 'laptop.reads')).toEqual([
      expect.objectContaining({ key: 'identity_file', file: server.identityFile, where: at }),
      expect.objectContaining({ key: 'known_hosts_file', file: server.knownHostsFile, where: at }),
      expect.objectContaining({ key: 'become_password', file: path('sudo.txt'), where: at }),
    ]);
    expect(events.filter(({ type }) => type === 'host.reads')).toEqual([
      expect.objectContaining({
        hosts: ['web', 'db'],
        key: 'credentials',
        file: '/root/.s3',
        where: `${path('p.yaml')}:3`,
      }),
      expect.objectContaining({
        hosts: ['web', 'db'],
        key: 'identity',
        file: '/root/age.key',
        where: `${path('p.yaml')}:3`,
      }),
    ]);
    const types = events.map(({ type }) => type);
    expect(types.indexOf('host.connected')).toBeGreaterThan(types.lastIndexOf('host.reads'));
    expect(types.indexOf('host.connected')).toBeGreaterThan(types.lastIndexOf('laptop.reads'));
    expect(stderr).toContain(`programs on web, db read for credentials: /root/.s3 (${path('p.yaml')}:3)\n`);
    expect(stderr).toContain(`reads on this machine for become_password: ${path('sudo.txt')} (${at})\n`);
  });
});
