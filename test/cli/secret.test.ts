import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEncrypted } from '../../src/config/age/encrypted-values.ts';
import { AgeKeys } from '../../src/config/age/keys.ts';
import { parseYaml } from '../../src/config/yaml/yaml.ts';
import { encrypted, newPair, type Pair, withPassphrase } from '../config/age/pairs.ts';
import { laptop } from '../config/io.ts';
import { main } from '../support/plimsoll.ts';

describe('plimsoll secret', () => {
  let mine: Pair;
  let other: Pair;
  let directory: string;
  const path = (name: string): string => join(directory, name);
  const text = (name: string): string => readFileSync(path(name), 'utf8');

  beforeAll(async () => {
    [mine, other] = await Promise.all([newPair(), newPair()]);
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'plimsoll-secret-'));
    mkdirSync(path('memory'));
    mkdirSync(path('.git'));
    mkdirSync(path('fleet'));
    writeFileSync(path('key.txt'), mine.file, { mode: 0o600 });
    writeFileSync(path('other.txt'), other.file, { mode: 0o600 });
    writeFileSync(path('.age-recipients'), `# ann\n${mine.recipient}\n\n`);
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  function start(args: readonly string[], env: NodeJS.ProcessEnv, input: string | undefined) {
    const child = spawn(process.execPath, [main, 'secret', ...args], {
      cwd: path('fleet'),
      env: { ...process.env, VISUAL: '', XDG_RUNTIME_DIR: path('memory'), HOME: directory, ...env },
      stdio: 'pipe',
    });
    child.stdin.on('error', () => undefined).end(input);
    return child;
  }
  async function ended(child: ChildProcessByStdio<Writable, Readable, Readable>) {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => (stdout += more));
    child.stderr.setEncoding('utf8').on('data', (more: string) => (stderr += more));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, stdout, stderr };
  }
  const secret = (args: readonly string[], env: NodeJS.ProcessEnv = {}, input?: string) =>
    ended(start(args, env, input));
  const opened = (armour: string, pair: Pair) =>
    new AgeKeys(laptop({ files: { '/k': pair.file } })).open(armour, ['/k']);
  const valuesOf = async (name: string, pair: Pair) =>
    await Promise.all(
      readEncrypted(name, readFileSync(path(name))).values.map(async (value) => [
        value.name,
        await opened(value.armour, pair),
      ]),
    );
  const block = (armour: string, indent: number): string => armour.trimEnd().replaceAll(/^/gm, ' '.repeat(indent));
  async function writeFleet(name: string, values: readonly string[], to: Pair = mine): Promise<void> {
    const hosts = await Promise.all(
      values.map(
        async (value, index) =>
          `  h${String(index)}:   # a host\n    become_password:\n      age: |\n${block(await encrypted(value, to.recipient), 8)}\n    port:   22\n`,
      ),
    );
    writeFileSync(path(name), `# all of them\nage_identities: [../key.txt]\nhosts:\n${hosts.join('\n')}`);
  }
  /** Does this to the file that it is given. */
  const editor = (script: string): NodeJS.ProcessEnv => {
    writeFileSync(path('editor'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { EDITOR: path('editor') };
  };

  describe('encrypt', () => {
    it('takes a secret from a pipe, for the keys of the repository, and prints what is pasted', async () => {
      const { code, stdout, stderr } = await secret(['encrypt', '--name', 'become_password'], {}, 'hünter2\n');
      expect(code, stderr).toBe(0);
      expect(stderr).toBe(`encrypted for 1 key of ${path('.age-recipients')}\n`);
      const value = parseYaml('v', Buffer.from(stdout)).yaml?.value as { become_password: { age: string } };
      expect(await opened(value.become_password.age, mine)).toEqual({ text: 'hünter2' });
      const variable = await secret(['encrypt', '--name', 'token', '-r', other.recipient], {}, 'two\nlines\n\n');
      const token = parseYaml('v', Buffer.from(variable.stdout)).yaml?.value as { token: { secret: { age: string } } };
      expect(await opened(token.token.secret.age, other)).toEqual({ text: 'two\nlines\n' });
      expect((await secret(['encrypt'], {}, 'x')).stdout).toMatch(/^age: \|\n {2}-----BEGIN/);
    });

    it('refuses what nobody could use, and keys that are none, without showing a secret one', async () => {
      for (const [input, message] of [
        ['\n', /the secret is empty/],
        ['a\0b', /has a NUL character/],
        ['x'.repeat(16_385), /more than 16384 characters/],
        ['x'.repeat(1_000_000), /more than 16384 characters|too long/],
      ] as const) {
        const { code, stderr, stdout } = await secret(['encrypt'], {}, input);
        expect(stderr).toMatch(message);
        expect([code, stdout]).toEqual([2, '']);
      }
      writeFileSync(
        path('.age-recipients'),
        `${mine.recipient}\n${mine.recipient.slice(0, -1)}q\n${other.identity}\nssh-ed25519 AAAA ann\n`,
      );
      const wrong = await secret(['encrypt'], {}, 'hunter2');
      expect(wrong.code).toBe(2);
      expect(wrong.stderr).toMatch(/\.age-recipients:2:1: is no public key of age/);
      expect(wrong.stderr).toMatch(/\.age-recipients:3: is a secret key: .*make a new pair/);
      expect(wrong.stderr).toMatch(/\.age-recipients:4:1: is a public key of ssh/);
      expect(wrong.stderr + (await secret(['encrypt', '-r', other.identity], {}, 'x')).stderr).not.toContain(
        other.identity.slice(16),
      );
    });

    it('takes no keys from above the repository, nor from above a directory that is in none', async () => {
      mkdirSync(path('fleet/.git'));
      const inside = await secret(['encrypt'], {}, 'hunter2');
      expect(inside.code).toBe(2);
      expect(inside.stderr).toMatch(/there is no \.age-recipients in \S+fleet: it is not known for whom/);
      rmSync(path('fleet/.git'), { recursive: true });
      rmSync(path('.git'), { recursive: true });
      expect((await secret(['encrypt'], {}, 'hunter2')).stderr).toContain('age-keygen -y KEYFILE prints one');
    });

    it('makes what age opens, and opens what age makes', { tags: ['lab:age'] }, async () => {
      const made = await secret(['encrypt'], {}, 'hunter2');
      const input = made.stdout.replaceAll(/^(?:age: \|\n| +)/gm, '');
      const age = (args: readonly string[], given: string) =>
        spawnSync('age', args, { input: given, encoding: 'utf8' });
      expect(age(['-d', '-i', path('key.txt')], input).stdout).toBe('hunter2');
      expect(await opened(age(['-a', '-r', mine.recipient], 'hunter3').stdout, mine)).toEqual({ text: 'hunter3' });
    });
  });

  describe('at a terminal', () => {
    /** The text that is answered once each of these was asked; and all that the terminal has shown. */
    async function typed(args: readonly string[], answers: readonly (readonly [string, string])[]): Promise<string> {
      const line = [process.execPath, main, 'secret', ...args].map((word) => `'${word}'`).join(' ');
      const child = spawn('script', ['-qec', line, '/dev/null'], { cwd: path('fleet'), stdio: 'pipe' });
      let shown = '';
      child.stdout.setEncoding('utf8').on('data', (more: string) => (shown += more));
      const end = new Promise((resolve) => child.once('close', resolve));
      for (const [question, answer] of answers) {
        await expect.poll(() => shown).toContain(question);
        child.stdin.write(`${answer}\r`);
      }
      await end;
      return shown.replaceAll('\r', '');
    }

    it('encrypt asks twice, and shows nothing of what is typed', async () => {
      const shown = await typed(
        ['encrypt'],
        [
          ['Secret: ', 'hunter2'],
          ['Once more: ', 'hunter2'],
        ],
      );
      expect(shown).not.toContain('hunter');
      const [, armour = ''] = /age: \|\n([^]*)$/.exec(shown) ?? [];
      expect(await opened(armour.replaceAll(/^ +/gm, ''), mine)).toEqual({ text: 'hunter2' });
      const other = await typed(
        ['encrypt'],
        [
          ['Secret: ', 'hunter2'],
          ['Once more: ', 'hunter3'],
        ],
      );
      expect(other).toContain('the two are not the same: nothing was encrypted');
    });

    it('the passphrase of a file of keys is asked for once', async () => {
      writeFileSync(path('protected'), await withPassphrase(mine.file, 'open sesame'));
      await writeFleet('fleet/i.yaml', ['hunter2', 'hunter3']);
      const shown = await typed(
        ['rekey', 'i.yaml', '--identity', '../protected'],
        [
          ['Passphrase of ../protected: ', 'open sesame'],
          ['Encrypt them anew? [y/N] ', 'y'],
        ],
      );
      expect(shown).toContain('i.yaml: 2 values encrypted anew.');
      expect(shown.match(/Passphrase/g)).toHaveLength(1);
      expect(shown).not.toContain('sesame');
    });
  });

  describe('edit', () => {
    it('shows the values to nobody else, and encrypts anew what was changed; all else stays', async () => {
      await writeFleet('fleet/i.yaml', ['hunter2', '  odd: "#\'\\ ', 'two\n\n  lines']);
      chmodSync(path('fleet/i.yaml'), 0o640);
      symlinkSync('i.yaml', path('fleet/link.yaml'));
      const before = text('fleet/i.yaml');
      const { code, stdout, stderr } = await secret(
        ['edit', 'link.yaml'],
        editor(
          `stat -c '%a %n' "$1" "$(dirname "$1")" > ${path('seen')}; cat "$1" >> ${path('seen')}; sed -i s/hunter2/hunter3/ "$1"`,
        ),
      );
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(
        /^link\.yaml: 1 value encrypted anew, for 1 key of .*: hosts\.h0\.become_password \(6:7\)\n$/,
      );
      expect(stdout + stderr).not.toMatch(/hunter|odd|lines/);
      const seen = text('seen');
      expect(seen).toMatch(/^600 \S+\/memory\/plimsoll-\w+\/values\.yaml\n700 /);
      expect(seen).toContain('"hosts.h0.become_password (6:7)": |-\n  hunter2\n');
      expect(readdirSync(path('memory'))).toEqual([]);
      expect(await valuesOf('fleet/i.yaml', mine)).toEqual([
        ['hosts.h0.become_password', { text: 'hunter3' }],
        ['hosts.h1.become_password', { text: '  odd: "#\'\\ ' }],
        ['hosts.h2.become_password', { text: 'two\n\n  lines' }],
      ]);
      const withoutFirst = (whole: string): string => whole.replace(/(?<=ENCRYPTED FILE-----)[^-]*/, '');
      expect(withoutFirst(text('fleet/i.yaml'))).toBe(withoutFirst(before));
      expect(statSync(path('fleet/i.yaml')).mode & 0o777).toBe(0o640);
      expect(lstatSync(path('fleet/link.yaml')).isSymbolicLink()).toBe(true);
    });

    it('leaves everything as it is where nothing was changed, or what was edited is not understood, of which it shows nothing', async () => {
      await writeFleet('fleet/i.yaml', ['hunter2', 'hunter4']);
      const before = text('fleet/i.yaml');
      for (const [script, code, message] of [
        [':', 0, /^Nothing was changed\.\n$/],
        ['exit 3', 2, /the editor \(\S+editor\) ended with 3: nothing was changed/],
        ['kill -9 $$', 2, /ended with SIGKILL/],
        ['echo "hunter2: [" >> "$1"', 2, /no YAML any more in line \d+/],
        [`sed -i '/h0/,+1d' "$1"`, 2, /hosts\.h0\.become_password \(6:7\) is gone: to remove a value/],
        [`echo 'x: hunter5' >> "$1"`, 2, /entry 3 has a key that was not there/],
        [
          `sed -i '/h0/,+1d' "$1"; echo '"hosts.h0.become_password (6:7)": 42' >> "$1"`,
          2,
          /is no text: write it in quotes/,
        ],
        [`sed -i 's/hunter2//' "$1"`, 2, /hosts\.h0\.become_password \(6:7\) is empty/],
      ] as const) {
        const run = await secret(['edit', 'i.yaml'], editor(script));
        const said = run.stdout + run.stderr.replace(/^reads on this machine.*\n/, '');
        expect(said).toMatch(message);
        expect(run.code, said).toBe(code);
        expect(said).not.toContain('hunter');
        expect(text('fleet/i.yaml')).toBe(before);
        expect(readdirSync(path('memory'))).toEqual([]);
      }
      const none = await secret(['edit', 'i.yaml'], { EDITOR: '/no/such program' });
      expect(none.stderr).toContain('there is no program /no/such to edit with');
      expect((await secret(['edit', 'i.yaml'], { EDITOR: '' })).stderr).toContain('there is no terminal to edit at');
      const meanwhile = await secret(
        ['edit', 'i.yaml'],
        editor(`sed -i s/hunter2/hunter3/ "$1"; echo '# more' >> ${path('fleet/i.yaml')}`),
      );
      expect(meanwhile.stderr).toContain('i.yaml was changed by somebody else meanwhile: nothing was written');
      expect(text('fleet/i.yaml')).toBe(`${before}# more\n`);
    });

    it.each([
      ['SIGTERM', 130],
      ['SIGHUP', 130],
      ['SIGINT', 0],
    ] as const)('leaves nothing behind after %s; an interrupt is for the editor', async (signal, code) => {
      await writeFleet('fleet/i.yaml', ['hunter2']);
      const before = text('fleet/i.yaml');
      const waits = `sed -i s/hunter2/hunter3/ "$1"; touch ${path('begun')}; while [ ! -e ${path('go')} ]; do sleep 0.1; done`;
      const child = start(['edit', 'i.yaml'], editor(waits), undefined);
      const end = ended(child);
      await expect.poll(() => existsSync(path('begun'))).toBe(true);
      expect(readdirSync(path('memory'))).toHaveLength(1);
      child.kill(signal);
      if (signal === 'SIGINT') {
        child.kill(signal);
        child.kill(signal);
        writeFileSync(path('go'), '');
      }
      const run = await end;
      expect(run.code, run.stderr).toBe(code);
      expect(readdirSync(path('memory'))).toEqual([]);
      expect(text('fleet/i.yaml') === before).toBe(code !== 0);
      writeFileSync(path('go'), '');
    });

    it('gives every text to the editor as it gets it back', async () => {
      const texts = [
        'a',
        ' a',
        'a ',
        'a\n',
        '\na',
        '- a',
        '#',
        '"',
        '|',
        'a\r\nb',
        'ä\u2028ö',
        '\t',
        'null',
        '1',
        'a\n b\n\n\nc',
        '😀',
        '\u0001',
      ];
      await writeFleet('fleet/i.yaml', texts);
      const run = await secret(['edit', 'i.yaml'], editor('echo "# touched" >> "$1"'));
      expect(run.stdout, run.stderr).toBe('Nothing was changed.\n');
    });
  });

  describe('rekey', () => {
    it('encrypts all values of all files to the keys of now, after it was shown and agreed to', async () => {
      await writeFleet('fleet/i.yaml', ['hunter2', 'hunter3']);
      await writeFleet('fleet/j.yaml', ['hunter4']);
      writeFileSync(path('.age-recipients'), `${mine.recipient}\n${other.recipient}\n`);
      const before = text('fleet/i.yaml');
      const asked = await secret(['rekey', 'i.yaml', 'j.yaml']);
      expect([asked.code, text('fleet/i.yaml')]).toEqual([2, before]);
      expect(asked.stderr).toContain('give --yes');
      const run = await secret(['rekey', 'i.yaml', 'j.yaml', './i.yaml', '--yes']);
      expect(run.code, run.stderr).toBe(0);
      expect(run.stderr).toContain(`i.yaml: 2 values, for 2 keys of ${path('.age-recipients')}\n  ${mine.recipient}\n`);
      expect(run.stderr).not.toContain('warning');
      expect(run.stdout).toBe('i.yaml: 2 values encrypted anew.\nj.yaml: 1 value encrypted anew.\n');
      for (const pair of [mine, other])
        expect([...(await valuesOf('fleet/i.yaml', pair)), ...(await valuesOf('fleet/j.yaml', pair))]).toEqual([
          ['hosts.h0.become_password', { text: 'hunter2' }],
          ['hosts.h1.become_password', { text: 'hunter3' }],
          ['hosts.h0.become_password', { text: 'hunter4' }],
        ]);
      const away = await secret(['rekey', 'i.yaml', '-r', other.recipient, '--yes'], {
        PLIMSOLL_AGE_IDENTITY: '~/key.txt',
      });
      expect(away.stderr).toContain('warning: i.yaml: none of these is yours');
      expect((await secret(['rekey', 'i.yaml', '--identity', '~/other.txt', '--yes'])).code).toBe(0);
    });

    it('touches no file where one value cannot be opened, and names all of these', async () => {
      await writeFleet('fleet/i.yaml', ['hunter2']);
      await writeFleet('fleet/j.yaml', ['hunter4', 'hunter5'], other);
      writeFileSync(path('fleet/k.yaml'), 'hosts: { a: { port: 22 } }\n');
      const before = [text('fleet/i.yaml'), text('fleet/j.yaml')];
      const run = await secret(['rekey', 'i.yaml', 'j.yaml', 'k.yaml', 'gone.yaml', '--yes']);
      expect(run.code).toBe(2);
      expect(run.stderr.match(/^\S+\.yaml\S*: .*/gm)?.map((line) => line.slice(0, 60))).toEqual([
        'j.yaml:6:7: hosts.h0.become_password is encrypted, and cannot be opened'.slice(0, 60),
        expect.stringMatching(/^j\.yaml:\d\d:7: hosts\.h1\.become_password is encrypted/),
        expect.stringMatching(/^k\.yaml: there is no encrypted value in it/),
        expect.stringMatching(/^gone\.yaml: the file cannot be read: there is no such file/),
      ]);
      expect([text('fleet/i.yaml'), text('fleet/j.yaml')]).toEqual(before);
      expect(readdirSync(path('fleet')).toSorted()).toEqual(['i.yaml', 'j.yaml', 'k.yaml']);
    });
  });
});
