import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shell } from '../../src/shell/shell.ts';

/** What holds of every text of shell, wherever it stands: in a file of its own, or in a string of TypeScript. */
const source = join(import.meta.dirname, '../../src');
const texts = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|sh)$/.test(file))
  .map((file) => ({ file, text: readFileSync(join(source, file), 'utf8') }));
const scripts = texts.filter(({ file }) => file.endsWith('.sh'));

/** The one piece that makes temporary files beside others. */
const piece = 'shell/';

function filesWith(pattern: RegExp): readonly string[] {
  return texts.filter(({ file, text }) => !file.startsWith(piece) && pattern.test(text)).map(({ file }) => file);
}

it('there are scripts to be looked at', () => {
  expect(scripts.length).toBeGreaterThan(100);
});

/** A name that can be told beforehand can be planted as a link. So no script makes one but where only we may write. */
describe('temporary names', () => {
  it('are not made of the shell’s pid', () => {
    expect(filesWith(/[./][\w.${}-]*\$\$(?![\w{])/)).toEqual([]);
  });

  it('are made beside a file by one piece only', () => {
    expect(filesWith(/mktemp(?: -d)? (?!-d|\/run\/|"\\?\$\{PLIMSOLL_STATE|"\$state\/)["./$\w]/)).toEqual([]);
    expect(filesWith(/\/\.plimsoll[.-]/)).toEqual([]);
  });

  it('that can be told are written to in directories that have been proven to be our own', () => {
    const writes = filesWith(/(?:>|of=|-o )"\$part"/);
    expect(writes.length).toBeGreaterThan(2);
    for (const file of writes) {
      const text = file.endsWith('.sh') ? shell(file) : texts.find((one) => one.file === file)?.text;
      expect({ file, text }).toEqual({ file, text: expect.stringMatching(/walk_to "[^\n]*" own/) });
    }
  });

  it('never get an owner through a link', () => {
    expect(filesWith(/chown (?!-h)[^\n]*\$\{?(?:part|temporary|fresh)/)).toEqual([]);
  });
});

/** Go into it first (enter.sh), then say ".": by its path, a directory may be another one by then. */
describe('a directory that containers may write to', () => {
  it.each([
    ['emptied', /find "[$][^"]*" -xdev -mindepth 1 -delete/],
    ['compared with what was planned', /stat (-L )?-c ['"]?%d:%i['"]? -- /],
    ['given away with all that is in it', /(chown|chmod) -R /],
  ])('is not %s by its path', (_what, pattern) => {
    expect(filesWith(pattern)).toEqual([]);
  });
});

it('a reading tells its own error: what is not there is one thing, what could not be read another (inspect.sh)', () => {
  expect(filesWith(/docker( image| volume| network| container)? inspect[^\n|;&]*2>.dev.null/)).toEqual([]);
});

it('where programs come from is said once, before anything else (values/privileged-environment.ts)', () => {
  expect(scripts.filter(({ text }) => /(^|[ ;\n])PATH=/.test(text)).map(({ file }) => file)).toEqual([]);
});

it('no escape of TypeScript is left in a file of shell', () => {
  expect(scripts.filter(({ text }) => text.includes('\\${') || /\\\\n'/.test(text)).map(({ file }) => file)).toEqual(
    [],
  );
});
