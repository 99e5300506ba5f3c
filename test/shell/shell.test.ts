import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assignments, functionOf, inSubshell, wholeScript } from '../../src/shell/render.ts';
import { shell } from '../../src/shell/shell.ts';
import { shells } from '../run/shells.ts';

const source = join(import.meta.dirname, '../../src');
const scripts = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.sh'));
const awkward = `it's "$HOME" \`id\` \\n\n; rm -rf /`;

function sh(text: string): string {
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-s'], { input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${String(status)}: ${stderr}`);
  return stdout;
}

describe('a script', () => {
  it('begins with its values, each a word whatever is in it', () => {
    expect(
      sh(
        `${shell('operations/copies/cp.sh', { a: awkward }).split('\n').slice(0, awkward.split('\n').length).join('\n')}\nprintf %s "$a"`,
      ),
    ).toBe(awkward);
  });

  it('goes without what is only for whoever reads the file', () => {
    for (const file of scripts)
      expect({ file, text: shell(file) }).toEqual({
        file,
        text: expect.not.stringContaining('shellcheck disable=SC2154 #'),
      });
  });

  it('has the text of what it sources in it, and no line that a host could not follow', () => {
    for (const file of scripts)
      expect({ file, text: shell(file) }).toEqual({
        file,
        text: expect.not.stringMatching(/^\s*\. \.|\(cat \.\.?\//m),
      });
  });
});

describe.each(shells)('every script, by $name', ({ argv: [program, ...args], tags }) => {
  it('is understood', { tags }, () => {
    const text = scripts
      .map((file, index) => `# ${file}\n${functionOf(`script_${String(index)}`, shell(file))}`)
      .join('\n');
    const { stderr, status } = spawnSync(program, [...args, '-n'], { input: text, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('what is put together', () => {
  it('assigns', () => {
    expect(sh(`${assignments({ a: awkward, b: '', c: 3 })}\nprintf '%s|%s|%s' "$a" "$b" "$c"`)).toBe(`${awkward}||3`);
  });

  it('is a function, which may have nothing to do', () => {
    expect(sh(`${functionOf('nothing')}\n${functionOf('two', 'echo 1', '', 'echo 2')}\nnothing && two`)).toBe('1\n2\n');
  });

  it('is a part that changes nothing of the caller’s, takes none of its input, and calls its hooks', () => {
    const part = inSubshell('read -r line; a=2; trap - EXIT; hook "$1"; printf "[%s]" "$line"', [awkward], {
      hook: 'printf %s "$1"',
    });
    expect(sh(wholeScript('Tries it.', 'a=1', 'trap "printf end" EXIT', part, 'printf %s "$a"'))).toBe(
      `${awkward}[]1end`,
    );
  });

  it('is a whole script, of which half is nothing', () => {
    const text = wholeScript('Prints.', 'printf begun', 'printf ended');
    expect(sh(text)).toBe('begunended');
    const { stdout } = spawnSync('/bin/sh', ['-s'], { input: text.slice(0, -15), encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});
