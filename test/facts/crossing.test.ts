import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  address,
  backupName,
  copyLabel,
  crossing,
  hostPath,
  plainText,
  publicKey,
  serverCommand,
} from '../../src/facts/crossing.ts';
import { rsyncSets, setsInOrder } from '../../src/operations/copies/send/send-pass.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGKHi1ZFbX0AGgzNDPC7cUcQkyvTeGR6ZM5WrGtkr5hP';
const attacker = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAttackerAttackerAttackerAttackerAttackerAt';

/** Every type, with what it may consist of, what it takes, and what a host could want another one to read. */
const types = [
  {
    name: 'address',
    schema: address,
    letters: /^[0-9a-fA-F.:]*$/,
    takes: ['192.0.2.1', '2001:db8::1', '::1', '::ffff:192.0.2.1'],
    never: [
      '',
      '*',
      '192.0.2.0/24',
      '!192.0.2.1',
      'host',
      '192.0.2.1,*',
      `*" ${attacker} x`,
      '192.0.2.1"',
      '1.2.3',
      '192.0.2.1\n',
      'fe80::1%eth0',
      '-oProxyCommand=x',
      '0x7f.1',
      '192.0.2.01',
    ],
  },
  {
    name: 'backup name',
    schema: backupName,
    letters: /^[A-Za-z0-9_.@-]*$/,
    takes: ['foo@web-1.20261128T140533Z', '_a.b-c@h_1.20261128T140533Z'],
    never: [
      '',
      'foo',
      'foo@../../etc/logrotate.d/zz',
      '../foo@web.20261128T140533Z',
      '.foo@web.20261128T140533Z',
      '-foo@web.20261128T140533Z',
      'foo@web.20261128T140533Z/x',
      'foo@web.20261128T140533Z\n',
      'foo@w b.20261128T140533Z',
      `${'f'.repeat(300)}@web.20261128T140533Z`,
    ],
  },
  {
    name: 'path',
    schema: hostPath,
    letters: /^[^\p{Cc}]*$/u,
    takes: ['/', '/var/lib/docker/volumes/foo/_data', '/srv/with blank/ä'],
    never: [
      '',
      'a',
      '/a/../b',
      '/..',
      '/a/.',
      '/a\nb',
      '/a\u001b[2J',
      '/a\0',
      '/a\u0085b',
      '/a\u2028b',
      `/${'a'.repeat(5000)}`,
    ],
  },
  {
    name: 'label of a copy',
    schema: copyLabel,
    letters: /^[^\p{Cc}]*$/u,
    takes: ['web-1@0123456789abcdef:/a', 'web@k:/a:b'],
    never: ['', '/a', 'web:a', 'web:/a\n', 'a/b:/c'],
  },
  {
    name: 'public key',
    schema: publicKey,
    letters: /^[\x20-\x7e]*\n?$/,
    takes: [key, `${key}\n`, `${key} plimsoll-copy-0123456789abcdef\n`],
    never: [
      '',
      'ssh-ed25519',
      `command="id" ${key}`,
      `${key}\n${attacker}\n`,
      `${key} a b`,
      'ssh-dss AAAA',
      `${key}\n\n`,
      ` ${key}`,
    ],
  },
  {
    name: 'text',
    schema: plainText,
    letters: /^[^\p{Cc}]*$/u,
    takes: ['', 'a b', 'sudo -n '],
    never: ['a\nb', '\u001b]52;c;x\u0007', 'a\0', '\ud800'],
  },
] as const;

describe.each(types)('what may cross from one host to another: $name', ({ schema, letters, takes, never }) => {
  it('takes what it is for', () => {
    for (const text of takes) expect(crossing(schema, text, 'it'), text).toBe(text);
  });

  it.each(never.map((text) => [text]))('does not take %j, and says whose word that was', (text) => {
    expect(() => crossing(schema, text, 'the word of web-1')).toThrow(/^the word of web-1, ".*/su);
  });

  it('takes nothing with a byte outside its grammar, whatever it is made of', () => {
    const parts = fc.oneof(
      fc.constantFrom(...takes),
      fc.constantFrom(...never),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom('\n', '\0', '"', "'", '`', '$', '/', '..', '-', ' ', '\u001b', '\u009b', '\u2028'),
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 4 }), (all) => {
        const parsed = schema.safeParse(all.join(''));
        return !parsed.success || letters.test(parsed.data);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('what rsync runs at its other end', () => {
  const [write = '', byChecksum = '', compare = '', list = '', older = ''] = setsInOrder(
    rsyncSets('--modify-window=-1', '100KiB'),
  );

  it('is what our own options become, for rsyncs of several ages', () => {
    for (const [options, text] of [
      [write, 'rsync --server -lHogDtpAXrxSe.LsfxCIvu --bwlimit=100 --delete -@-1 --numeric-ids . ./'],
      [write, 'rsync --server -lHogDtpAXrxSe31.14LsfxC --delete-during --modify-window=-1 --numeric-ids . ./'],
      [write, 'rsync --server -lHogDtpAXrxSe.Ls --delete --numeric-ids . ./'],
      [byChecksum, 'rsync --server -lHogDtpAXrcxSe.LsfxCIvu --bwlimit=100 --delete -@-1 --numeric-ids . ./'],
      [compare, 'rsync --server -nlHogDtpAXrcxSe.LsfxCIvu --log-format=%i --delete -@-1 --numeric-ids . ./'],
      [list, 'rsync --server -nlHogDtpAXrxSe.LsfxCIvu --log-format=%i --delete -@-1 --numeric-ids . ./'],
      [older, 'rsync --server -unlHogDtpAXrxSe.LsfxCIvu --out-format=%i --delete -@-1 --numeric-ids . ./'],
    ] as const) {
      expect(serverCommand(text, options), text).toBe(text);
    }
  });

  it.each([
    [
      'protected arguments, by which the sender says where',
      'rsync --server -slHogDtpAXrxSe.LsfxCIvu --delete -@-1 --numeric-ids . ./',
    ],
    ['as the review found it', 'rsync --server -slogDtpre.iLsfxCIvu . ./'],
    ['a link for a directory', 'rsync --server -lHogDtpAXrxSKe.LsfxCIvu --delete --numeric-ids . ./'],
    ['links followed', 'rsync --server -lLHogDtpAXrxSe.LsfxCIvu --delete --numeric-ids . ./'],
    ['backups', 'rsync --server -lbHogDtpAXrxSe.LsfxCIvu --delete --numeric-ids . ./'],
    ['a directory for parts', 'rsync --server -lHogDtpAXrxSe.LsfxCIvu --delete --partial-dir=/etc --numeric-ids . ./'],
    ['another directory', 'rsync --server -lHogDtpAXrxSe.LsfxCIvu --delete --numeric-ids . /'],
    ['the other way', 'rsync --server --sender -lHogDtpAXrxSe.LsfxCIvu --numeric-ids . ./'],
    ['a second command', 'rsync --server -lHogDtpAXrxSe.LsfxCIvu --delete --numeric-ids . ./; id'],
    ['nothing deleted, which was asked for', 'rsync --server -lHogDtpAXrxSe.LsfxCIvu -@-1 --numeric-ids . ./'],
    ['a letter twice', 'rsync --server -llHogDtpAXrxSe.LsfxCIvu --delete --numeric-ids . ./'],
    ['a dry run that was not asked for', 'rsync --server -nlHogDtpAXrxSe.LsfxCIvu --delete --numeric-ids . ./'],
    ['another rate', 'rsync --server -lHogDtpAXrxSe.LsfxCIvu --bwlimit=1 --delete --numeric-ids . ./'],
    ['nothing', ''],
  ])('is not %s', (_what, text) => {
    expect(serverCommand(text, write)).toBe(undefined);
  });

  it('has no letter and no word that our options do not have, whatever a host says', () => {
    const letter = fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'));
    const word = fc.constantFrom(
      '--delete',
      '--numeric-ids',
      '-@-1',
      '--log-format=%i',
      '--bwlimit=100',
      '--inplace',
      '--partial-dir=/etc',
      '--temp-dir=/etc',
      '--backup-dir=/etc',
      '--copy-dest=/etc',
      '-s',
      '--secluded-args',
      '--remove-source-files',
      '--files-from=/etc/shadow',
      '--write-devices',
      '--super',
      '--fake-super',
      '--sender',
    );
    const text = fc
      .tuple(
        fc.shuffledSubarray(Array.from('lHogDtpAXrxS'), { minLength: 10 }),
        fc.array(letter, { maxLength: 1 }),
        fc.array(word, { maxLength: 5 }),
      )
      .map(
        ([own, more, words]) =>
          `rsync --server -${[...own, ...more].join('')}e.LsfxCIvu ${words.join(' ')}${words.length === 0 ? '' : ' '}. ./`,
      );
    fc.assert(
      fc.property(
        text,
        (command) =>
          serverCommand(command, write) === undefined ||
          /^rsync --server -[lHogDtpAXrxS]{12}e\.LsfxCIvu(?: (?:--delete|--numeric-ids|-@-1|--bwlimit=100))+ \. \.\/$/.test(
            command,
          ),
      ),
      { numRuns: 5000 },
    );
  });
});
