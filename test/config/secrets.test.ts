import { beforeAll, describe, expect, it } from 'vitest';
import { loadInventory } from '../../src/config/inventory/inventory.ts';
import { namedSources, resolveSecrets, type SecretOptions } from '../../src/config/secrets.ts';
import type { ConfigIo } from '../../src/config/model/io.ts';
import { encrypted, newPair, type Pair } from './age/pairs.ts';
import { issuesOf, laptop } from './io.ts';

describe('secrets of an inventory', () => {
  let mine: Pair;
  let armour: string;
  beforeAll(async () => {
    mine = await newPair();
    armour = await encrypted('hunter2', mine.recipient);
  });
  const resolved = async (io: ConfigIo, options: SecretOptions = {}) => {
    const inventory = await loadInventory(['f/i.yaml'], io);
    const hosts = [...inventory.hosts.values()];
    return {
      named: namedSources(inventory, hosts, io, options).map(({ key, name }) => `${key} ${name}`),
      hosts: await resolveSecrets(inventory, hosts, io, options),
    };
  };

  it('are decrypted with the keys that the inventory names, or those that are given instead of them', async () => {
    const text = (keys: string): string =>
      JSON.stringify({
        age_identities: keys,
        hosts: { a: { password: { age: armour }, become_password: { age: armour } }, b: {} },
      });
    const files = { 'f/i.yaml': text('~/k'), '/home/ada/k': mine.file, '/other': mine.file };
    const { hosts, named } = await resolved(laptop({ files }));
    expect(hosts.map(({ target }) => [target.password?.reveal(), target.becomePassword?.reveal()])).toEqual([
      ['hunter2', 'hunter2'],
      [undefined, undefined],
    ]);
    expect(named).toEqual(['age_identities /home/ada/k']);
    const given = await resolved(laptop({ files: { ...files, 'f/i.yaml': text('gone') } }), { identities: ['/other'] });
    expect([given.hosts[0]?.target.password?.reveal(), given.named]).toEqual(['hunter2', []]);
    const gone = await issuesOf(resolved(laptop({ files: { ...files, 'f/i.yaml': text('gone') } })));
    expect(gone.map(({ file, line, message }) => `${file}:${String(line)} ${message.slice(0, 95)}`)).toEqual([
      'f/i.yaml:1 a: password is encrypted, and cannot be opened: f/gone cannot be read (there is no such file); ',
      'f/i.yaml:1 a: become_password is encrypted, and cannot be opened: f/gone cannot be read (there is no such ',
    ]);
  });

  it('that are encrypted and named by nobody are refused with what names a key; a long one or one of nothing, too', async () => {
    const text = async (value: string): Promise<string> =>
      JSON.stringify({ hosts: { a: { password: { age: await encrypted(value, mine.recipient) } } } });
    const messages = async (value: string, options: SecretOptions): Promise<string> =>
      (await issuesOf(resolved(laptop({ files: { 'f/i.yaml': await text(value), '/k': mine.file } }), options)))
        .map(({ message }) => message)
        .join();
    expect(await messages('x', {})).toMatch(
      /no file with a key that opens it is named: --identity FILE, PLIMSOLL_AGE_IDENTITY/,
    );
    expect(await messages('x'.repeat(20_000), { identities: ['/k'] })).toMatch(
      /an encrypted value, which gave more than 16384/,
    );
    expect(await messages('', { identities: ['/k'] })).toBe('a: password is encrypted, and nothing is in it');
    expect(await messages('a\0b', { identities: ['/k'] })).toMatch(/which gave a NUL character/);
  });

  describe('of the keyring', () => {
    const files = { 'f/i.yaml': 'hosts: { a: { password: { keyring: { service: my fleet, account: ops } } } }' };
    const linux = 'secret-tool lookup service my fleet account ops';
    const macos = 'security find-generic-password -w -s my fleet -a ops';

    it.each([
      ['linux', linux],
      ['darwin', macos],
    ])('come from the program that %s has for it, which is named before', async (platform, command) => {
      const running: string[] = [];
      const io = {
        ...laptop({ files, commands: { [command]: { status: 0, stdout: 'hunter2\n', stderr: '' } } }),
        platform,
      };
      const { hosts } = await resolved(io, { running: (line) => running.push(line) });
      expect(hosts[0]?.target.password?.reveal()).toBe('hunter2');
      expect(running).toEqual([command.replace('my fleet', "'my fleet'")]);
    });

    it('are refused where there is no entry, no program, none of the system, or none is to be run', async () => {
      const none = {
        ...laptop({ files, commands: { [linux]: { status: 1, stdout: '', stderr: '' } } }),
        platform: 'linux',
      };
      const said = async (io: ConfigIo, options: SecretOptions = {}): Promise<string | undefined> =>
        (await issuesOf(resolved(io, options)))[0]?.message;
      expect(await said(none)).toBe(
        "a: password is to come from the command secret-tool, which ended with status 1: is there such an entry, and is the keyring open? (secret-tool store --label 'my fleet' service 'my fleet' account ops makes it)",
      );
      expect(await said({ ...laptop({ files }), platform: 'darwin' })).toMatch(
        /the command security, but there is no such/,
      );
      expect(await said({ ...laptop({ files }), platform: 'win32' })).toMatch(
        /Windows has no program that prints an entry/,
      );
      expect(await said(none, { noCommands: true })).toMatch(/--no-secret-commands is given/);
    });
  });
});
