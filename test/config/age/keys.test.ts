import { armor } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { AgeKeys } from '../../../src/config/age/keys.ts';
import { laptop } from '../io.ts';
import { encrypted, newPair, withPassphrase } from './pairs.ts';

describe('opening encrypted values', () => {
  it('with a key of any of the files, of both kinds; each is read once', async () => {
    const [one, two] = [await newPair(), await newPair('hybrid')];
    const io = laptop({ files: { '/one': one.file, '/two': two.file.replaceAll('\n', '\r\n') } });
    const read: string[] = [];
    const keys = new AgeKeys({
      readFile: (path) => {
        read.push(path);
        return io.readFile(path);
      },
    });
    const files = ['/gone', '/one', '/two'];
    const opened = await Promise.all(
      [one.recipient, two.recipient].map(async (to, index) =>
        keys.open(await encrypted(`ß${String(index)}\n`, to), files),
      ),
    );
    expect(opened).toEqual([{ text: 'ß0\n' }, { text: 'ß1\n' }]);
    expect(read).toEqual(files);
  });

  it('says of each file why it does not', async () => {
    const [mine, other] = [await newPair(), await newPair()];
    const armour = await encrypted('hunter2', other.recipient);
    const files = {
      '/other': mine.file,
      '/ssh': `-----BEGIN OPENSSH PRIVATE KEY-----\n${'A'.repeat(70)}\n-----END OPENSSH PRIVATE KEY-----\n`,
      '/plugin': '# yes\nAGE-PLUGIN-YUBIKEY-1QQQQ\n',
      '/public': `${other.recipient}\n`,
      '/cut': mine.identity.slice(0, -1),
      '/empty': '# nothing\n',
      '/large': '#'.repeat(300_000),
      '/to-a-key': await encrypted(mine.file, other.recipient),
    };
    const opened = await new AgeKeys(laptop({ files })).open(armour, ['/gone', ...Object.keys(files)]);
    const why = 'why' in opened ? opened.why : '';
    expect(why.replace(/^is encrypted, and cannot be opened: /, '').split('; ')).toEqual([
      '/gone cannot be read (there is no such file)',
      '/other has no key for it',
      expect.stringMatching(
        /^\/ssh is a key of ssh, which the library for age does not take: .*command: \[age, --decrypt/,
      ),
      'or make a key of age with age-keygen',
      expect.stringMatching(/^\/plugin line 2 is a key of a plugin/),
      '/public line 1 is a public key: name the file that age-keygen has written',
      '/cut line 1 is no key of age (AGE-SECRET-KEY-1…): is the file whole?',
      '/empty has no key in it: age-keygen makes one',
      '/large has more than 262144 bytes, and is no file of keys',
      expect.stringMatching(/^\/to-a-key is encrypted to a key, not with a passphrase/),
      expect.stringMatching(/^name another file with a key \(--identity FILE, .*plimsoll secret rekey$/),
    ]);
    expect(why).not.toContain(mine.identity.slice(20, -1));
    expect(await new AgeKeys(laptop({})).open(armour, [])).toEqual({
      why: expect.stringMatching(/no file with a key that opens it is named: --identity/) as unknown,
    });
  });

  it('asks once for the passphrase of a file, where somebody can be asked, and only when it is needed', async () => {
    const [mine, other] = [await newPair(), await newPair()];
    const files = { '/plain': other.file, '/protected': await withPassphrase(mine.file, 'open sesame') };
    const asked: string[] = [];
    const asking = (answer: string): AgeKeys =>
      new AgeKeys(laptop({ files }), (question) => {
        asked.push(question);
        return Promise.resolve(answer);
      });
    const both = ['/plain', '/protected'];
    const keys = asking('open sesame');
    expect(await keys.open(await encrypted('a', other.recipient), both)).toEqual({ text: 'a' });
    expect(asked).toEqual([]);
    const many = await Promise.all(
      ['b', 'c'].map(async (text) => keys.open(await encrypted(text, mine.recipient), both)),
    );
    expect(many).toEqual([{ text: 'b' }, { text: 'c' }]);
    expect(asked).toEqual(['Passphrase of /protected: ']);
    const armour = await encrypted('d', mine.recipient);
    expect(JSON.stringify(await asking('mellon').open(armour, both))).toMatch(/by a passphrase, and it is another one/);
    expect(JSON.stringify(await new AgeKeys(laptop({ files })).open(armour, both))).toMatch(
      /there is no terminal to ask/,
    );
  });

  it('tries no passphrase that takes for ever', async () => {
    const bytes = Buffer.from(await withPassphrase('x', 'y')).toString('latin1');
    const files = { '/bomb': Buffer.from(bytes.replace(/^(-> scrypt \S+) 2$/m, '$1 31'), 'latin1') };
    const keys = new AgeKeys(laptop({ files }), () => Promise.reject(new Error('asked')));
    const armour = await encrypted('a', (await newPair()).recipient);
    expect(JSON.stringify(await keys.open(armour, ['/bomb']))).toMatch(/would take 2\^31 steps, more than the 2\^20/);
  });

  it('takes nothing that is not what was encrypted', async () => {
    const mine = await newPair();
    const keys = new AgeKeys(laptop({ files: { '/k': mine.file } }));
    const whole = armor.decode(await encrypted('hunter2', mine.recipient));
    const damaged = Buffer.from(whole);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    const results = await Promise.all([
      keys.open(armor.encode(damaged), ['/k']),
      keys.open(await encrypted(Uint8Array.of(0xff), mine.recipient), ['/k']),
    ]);
    expect(results).toEqual([
      { why: expect.stringMatching(/^is encrypted and damaged/) as unknown },
      { why: 'is encrypted, and no UTF-8 text' },
    ]);
  });
});
