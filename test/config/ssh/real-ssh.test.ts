import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigIo } from '../../../src/config/model/io.ts';
import { nodeConfigIo } from '../../../src/config/node-io.ts';
import { SshConfig } from '../../../src/config/ssh/ssh-config.ts';
import type { SshQuestion } from '../../../src/config/ssh/ssh-question.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function configFile(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-ssh-config-'));
  directories.push(directory);
  const file = join(directory, 'config');
  writeFileSync(file, text);
  return file;
}

function counting(): { readonly io: ConfigIo; readonly count: () => number } {
  const io = nodeConfigIo(process.env);
  let asked = 0;
  return {
    count: () => asked,
    io: {
      ...io,
      askSsh: (args, timeoutMs) => {
        asked += 1;
        return io.askSsh?.(args, timeoutMs) ?? Promise.reject(new Error('there is no ssh'));
      },
    },
  };
}

const plain = [
  'Host web-* !web-3 10.0.0.?\n  User ops\n  IdentityFile ~/.ssh/%h\n  IdentityFile "~/.ssh/a b"\n  Port 2222\nHost *\n  User all\n  ServerAliveInterval 5\n  IdentitiesOnly yes\n',
  'Host=web-1\n  HostName = %h.example.com\n  ProxyJump ops@gate:22,b\n  HostKeyAlias Fleet\n# nothing\nHost db* web-2\n  ConnectTimeout 20\n  ProxyCommand none\n',
  'ProxyCommand nc "%h" %p # here\nUserKnownHostsFile /a /b\nHost web-4\n  ForwardAgent yes\nMatch all\n  User last\n',
];
const depending = [
  'Host *\n  ControlPath /tmp/%C\n',
  'Match host web-1,db\n  User matched\n',
  'Host *\n  UserKnownHostsFile ~/.ssh/%h\n',
  'Host web*\n  HostName 10.0.0.1\n',
  'Match originalhost web-*,!web-2 user me\n  ConnectTimeout 7\nMatch !user me host *1*\n  User other\n',
  'Host web-*\n  HostName %h.example.com\nMatch host *1.example.com\n  User dotted\nMatch host web-*\n  Port 9\n',
  'Match final host *.example.com\n  User final\nMatch host web-1*\n  HostName %h.example.com\n',
  'Match exec "true"\n  User all\nMatch !exec "test -d %d" host web-*\n  Port 7\n',
  'Match host web-* exec "test %n = web-7"\n  User one\n',
  'Match localuser nobody-%u\n  Port 7\nMatch canonical all\n  Port 8\nMatch all\n  User ada\n',
];
const names = [
  ...Array.from({ length: 8 }, (_, index) => [`web-${String(index + 10)}`, `db-${String(index + 10)}`]).flat(),
  'web-1',
  'web-2',
  'web-3',
  'web-4',
  'web-5',
  'web-6',
  'db-7',
  'db-8',
  'db',
  'plain-h',
  'Web-X',
  '10.0.0.5',
];

describe('with a real ssh', { tags: ['ssh'] }, () => {
  it.each([...plain, ...depending])('what is shared is what each would be told: %j', async (text) => {
    const config = configFile(text);
    const questions = names.map((name, index): SshQuestion => ({
      name,
      config,
      ...(index % 3 === 0 ? { user: 'me', port: 3000 + index } : {}),
    }));
    const sharing = new SshConfig(nodeConfigIo(process.env));
    await sharing.askAll(questions);
    const alone = new SshConfig(nodeConfigIo(process.env));
    for (const question of questions)
      expect((await sharing.ask(question)).way, question.name).toEqual((await alone.ask(question)).way);
  });

  it.each([
    plain[0] ?? '',
    'Match host web-*\n  User ops\n',
    'Match exec "test -d /"\n  ProxyJump gate\n',
    'Match host db-* exec "test %n = db-1"\n  User one\n',
    'Host *\n  HostName %h.example.com\nMatch final host *.example.com\n  User ops\n',
  ])('a thousand hosts are asked for with a few questions: %j', async (text) => {
    const config = configFile(text);
    const { io, count } = counting();
    await new SshConfig(io).askAll(
      Array.from({ length: 1000 }, (_, index) => ({ name: `web-${String(index + 100)}`, config })),
    );
    expect(count()).toBeLessThan(5);
  });

  it.each(plain)('where there is none the same is read from the file: %j', async (text) => {
    const config = configFile(text);
    const { askSsh: _, ...without } = nodeConfigIo(process.env);
    const [real, read] = [new SshConfig(nodeConfigIo(process.env)), new SshConfig(without)];
    const defaults = [await real.defaults(), await read.defaults()];
    for (const name of names) {
      const [asked, found] = [await real.ask({ name, config }), await read.ask({ name, config })];
      expect(found.failed).toBeUndefined();
      for (const key of [
        'user',
        'hostname',
        'port',
        'identityfile',
        'identitiesonly',
        'proxyjump',
        'proxycommand',
        'hostkeyalias',
      ] as const) {
        const isUsual = JSON.stringify(found.way?.[key]) === JSON.stringify(defaults[1]?.[key]);
        expect(isUsual ? defaults[0]?.[key] : found.way?.[key], `${name} ${key}`).toEqual(
          key === 'hostname' && isUsual ? defaults[0]?.hostname : asked.way?.[key],
        );
      }
    }
  });

  it.each(['Match user x\n  Port 1\n', 'Include other\n', 'CanonicalizeHostname yes\n'])(
    'where there is none, and more would have to be known, nothing is guessed: %j',
    async (text) => {
      const { askSsh: _, ...without } = nodeConfigIo(process.env);
      const { failed, way } = await new SshConfig(without).ask({ name: 'a', config: configFile(text) });
      expect(way).toBeUndefined();
      expect(failed).toMatch(/there is no ssh program here .*config:1/);
    },
  );
});
