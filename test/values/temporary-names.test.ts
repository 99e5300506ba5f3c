import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** A name that can be told beforehand can be planted as a link. So no script makes one but where only we may write. */
const source = join(import.meta.dirname, '../../src');
const texts = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => ({ file, text: readFileSync(join(source, file), 'utf8') }));
const piece = 'shell/write-beside.ts';

const filesWith = (pattern: RegExp): readonly string[] => texts.filter(({ file, text }) => file !== piece && pattern.test(text)).map(({ file }) => file);

describe('temporary names in scripts', () => {
  it('are not made of the shell’s pid', () => {
    expect(texts.length).toBeGreaterThan(200);
    expect(filesWith(/[./][\w.${}-]*\$\$(?![\w{])/)).toEqual([]);
  });

  it('are made beside a file by one piece only', () => {
    expect(filesWith(/mktemp(?: -d)? (?!-d|\/run\/|"\\?\$\{PLIMSOLL_STATE|"\$state\/)["./$\w]/)).toEqual([]);
    expect(filesWith(/\/\.plimsoll[.-]/)).toEqual([]);
  });

  it('that can be told are written to in directories that have been proven to be our own', () => {
    const writes = filesWith(/(?:>|of=|-o )"\$part"/);
    expect(writes).toContain('run/transfer.ts');
    for (const file of writes) expect({ file, text: texts.find((one) => one.file === file)?.text }).toEqual({ file, text: expect.stringMatching(/walk_to "[^\n]*" own/) });
  });

  it('never get an owner through a link', () => {
    expect(filesWith(/chown (?!-h)[^\n]*\$\{?(?:part|temporary|fresh)/)).toEqual([]);
  });
});
