import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../src/config/yaml/yaml.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const messages = (content: Uint8Array): readonly string[] =>
  parseYaml('f.yaml', content).issues.map(({ message }) => message);

describe('parseYaml', () => {
  it('reads a file with a byte order mark and CRLF, and places count as in the editor', () => {
    const { yaml } = parseYaml('f.yaml', bytes('\ufeffhosts:\r\n  web-1: {}\r\n'));
    expect(yaml?.value).toEqual({ hosts: { 'web-1': {} } });
    expect(yaml?.placeOf(['hosts', 'web-1'])).toEqual({ file: 'f.yaml', line: 2, column: 3 });
    expect(yaml?.issue(['hosts', 'web-1'], 'x', 'key').frame).toBe('2 |   web-1: {}\n  |   ^^^^^');
  });

  it('refuses what is not UTF-8 and names the line', () => {
    const [issue] = parseYaml('f.yaml', new Uint8Array([...bytes('a: 1\nb: '), 0xff, 0xfe])).issues;
    expect(issue).toMatchObject({ line: 2, message: expect.stringContaining('UTF-8') as string });
  });

  it('refuses UTF-16', () => {
    expect(messages(new Uint8Array([0xff, 0xfe, 0x61, 0x00]))).toEqual([expect.stringContaining('UTF-8')]);
  });

  it('refuses more than 64 MiB unread', () => {
    expect(messages(new Uint8Array(64 * 1024 * 1024 + 1))).toEqual([expect.stringContaining('64 MiB')]);
  });

  it('refuses more separators than two million values can have, before it has made anything of them', () => {
    expect(messages(bytes(`a: [${'x,'.repeat(3_000_001)}]`))).toEqual([expect.stringContaining('values in one file')]);
  });

  it('names the first place of a very large file that is not plain, and all of a smaller one', () => {
    const lines = (count: number): string =>
      Array.from({ length: count }, (_, line) => `k${String(line)}: value`).join('\n');
    const strange = '\na: !x b\nc: !y d\n';
    const large = parseYaml('f.yaml', bytes(lines(300_000) + strange)).issues;
    expect(large).toMatchObject([{ line: 300_001, column: 4, message: expect.stringContaining('a tag') as string }]);
    expect(parseYaml('f.yaml', bytes(lines(10) + strange)).issues.map(({ line }) => line)).toEqual([11, 12]);
  });

  it('lets a large file use more aliases than a small one', () => {
    const hosts = Array.from({ length: 30_000 }, (_, host) => `h${String(host)}: *v`).join('\n');
    expect(messages(bytes(`v: &v 1\n${hosts}\n`))).toEqual([]);
  });

  it.each(['[', '{a: ', '- ', '? '])('refuses endless %j without a crash', (opening) => {
    expect(messages(bytes(opening.repeat(50_000)))).toEqual([expect.stringMatching(/nested too deeply/)]);
  });

  it('refuses endless indentation without a crash', () => {
    expect(messages(bytes(Array.from({ length: 700 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')))).toEqual([
      expect.stringMatching(/nested too deeply/),
    ]);
  });

  it('does not take brackets in texts, nor wide scripts, for nesting', () => {
    const script = Array.from({ length: 300 }, () => `${' '.repeat(250)}printf "\\e[31m{"`).join('\n');
    expect(messages(bytes(`a: |2\n  x\n${script}\nb: "${'['.repeat(500)}"\n`))).toEqual([]);
  });

  it('reads an alias within bounds, the nearest anchor before it', () => {
    expect(parseYaml('f.yaml', bytes('a: &x 1\nb: *x\nc: &x 2\nd: *x\n')).yaml?.value).toEqual({
      a: 1,
      b: 1,
      c: 2,
      d: 2,
    });
  });

  it('refuses many aliases of a large list at once', () => {
    const text = `a: &a [${'x,'.repeat(5000)}]\nb: [${'*a,'.repeat(50_000)}]\n`;
    expect(messages(bytes(text))).toEqual([expect.stringContaining('aliases repeat')]);
  });

  it.each([
    ['hosts: .nan\n', 'held exactly'],
    ['a: 1e999\n', 'held exactly'],
    ['%YAML 1.1\n---\na: yes\n', 'YAML 1.1'],
    ['? [a]\n: 1\n', 'a key must be a plain string'],
    ['a: !!binary aGk=\n', 'tags'],
    ['constructor: 1\n__proto__: 2\n', '__proto__'],
  ])('refuses %j', (text, message) => {
    expect(messages(bytes(text))).toEqual([expect.stringContaining(message)]);
  });

  it('gives the core types of YAML 1.2', () => {
    expect(parseYaml('f.yaml', bytes('a: on\nb: 1.10\nc: 012\nd: ~\ne: 0x10\nf: true\n1: x\n')).yaml?.value).toEqual({
      a: 'on',
      b: 1.1,
      c: 12,
      d: null,
      e: 16,
      f: true,
      '1': 'x',
    });
  });
});
