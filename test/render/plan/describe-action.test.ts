import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../../src/operations/engine/change.ts';
import { describeAction } from '../../../src/render/plan/describe-action.ts';
import { crossed } from '../../support/crossed.ts';
import { noPlaceholders, placeholdersOf } from '../../../src/render/plan/placeholders.ts';

const write = (content: string, expected: string | null): Action => ({
  kind: 'write-file',
  path: '/etc/x',
  content,
  mode: '0600',
  expect: expected,
});

describe('describeAction', () => {
  it.each<[string, Action, readonly string[]]>([
    ['a command, quoted as it runs', { kind: 'exec', argv: ['echo', "it's", '$HOME'] }, [`$ echo 'it'\\''s' '$HOME'`]],
    ['a command of several lines', { kind: 'exec', argv: ['sh', '-c', 'a\nb'] }, ["$ sh -c 'a", "| b'"]],
    [
      'what stands around a command',
      {
        kind: 'exec',
        argv: ['mount', 'x'],
        stdin: 'one\ntwo\n',
        success: [0, 32],
        onFailure: [['clear']],
        atEnd: [['umount', 'x']],
      },
      [
        '$ mount x',
        '# with 8 bytes on its standard input:',
        '< one',
        '< two',
        '# exit status 0 or 32 is success',
        '# if that fails: clear',
        '# at the end, whatever happens: umount x',
      ],
    ],
    [
      'a check',
      { kind: 'check', argv: ['blkid'], equals: 'xfs', otherwise: 'the file system is another one' },
      ['# stops unless `blkid` prints "xfs": the file system is another one'],
    ],
    ['a new file', write('a\nb\n', null), ['write /etc/x (4 bytes, mode 0600, a new file)', '  + a', '  + b']],
    [
      'a replaced file',
      write('a\nc\nd\n', 'a\nb\nd\n'),
      ['write /etc/x (6 bytes, mode 0600, replaces 6 bytes)', '  - b', '  + c'],
    ],
    [
      'a line feed at the end',
      write('a', 'a\n'),
      ['write /etc/x (1 byte, mode 0600, replaces 2 bytes)', '  - a', '  + a (no line feed at the end)'],
    ],
    [
      'a wait',
      { kind: 'wait-until', argv: ['docker', 'info'], everySeconds: 2, forSeconds: 90, what: 'docker answers' },
      ['wait until docker answers: `docker info` succeeds (asked every 2 s, for at most 1 min 30 s)'],
    ],
    ['a pause', { kind: 'pause', seconds: 30 }, ['wait 30 s']],
    [
      'what is done on another host',
      {
        kind: 'relay',
        host: 'b',
        what: 'let 192.0.2.1 in',
        script: 'first "$1"\nsecond\n',
        args: [crossed('a b'), crossed('c')],
        input: '/key.pub',
        atEnd: { script: 'last', args: [] },
      },
      [
        'let 192.0.2.1 in (on b)',
        "# on b, with 'a b' c:",
        '< first "$1"',
        '< second',
        "# its standard input is this host's /key.pub",
        '# at the end, whatever happens, on b:',
        '< last',
      ],
    ],
    [
      'an upload',
      { kind: 'upload', from: './a', path: '/b', mode: '0644', sha256: 'ab', bytes: 1 },
      ['upload ./a to /b (1 byte, mode 0644, sha256 ab)'],
    ],
    [
      'a fetch',
      { kind: 'fetch', path: '/b', to: './a', sha256: 'ab', bytes: 2 },
      ['fetch /b to ./a (2 bytes, sha256 ab)'],
    ],
  ])('%s', (_what, action, expected) => {
    expect(describeAction(action, { names: noPlaceholders, whole: false })).toEqual(expected);
  });

  const innocent = Array.from({ length: 800 }, (_, index) => `echo ${String(index)}`);
  const harmful = innocent.with(599, 'rm -rf /srv');
  const actions: readonly [string, (text: string) => Action][] = [
    ['a script on standard input', (stdin) => ({ kind: 'exec', argv: ['sh'], stdin })],
    ['a new file', (content) => write(content, null)],
    ['a replaced file', (content) => write(content, 'old\n')],
    ['a script on another host', (script) => ({ kind: 'relay', host: 'b', what: 'do', script, args: [] })],
    [
      'a script on another host, at the end',
      (script) => ({ kind: 'relay', host: 'b', what: 'do', script: 'a', args: [], atEnd: { script, args: [] } }),
    ],
  ];

  describe.each(actions)('%s of 800 lines', (_what, of) => {
    const short = (lines: readonly string[]): readonly string[] =>
      describeAction(of(`${lines.join('\n')}\n`), { names: noPlaceholders, whole: false });

    it('is shown whole when it is asked for', () => {
      const shown = describeAction(of(`${harmful.join('\n')}\n`), { names: noPlaceholders, whole: true }).join('\n');
      for (const line of harmful) expect(shown).toContain(line);
      expect(shown).not.toContain('not shown');
    });

    it('is named by what is not shown of it otherwise, and told from another one with the same beginning', () => {
      const notes = (lines: readonly string[]): readonly string[] =>
        short(lines).filter((line) => line.includes('not shown'));
      expect(notes(harmful)).toHaveLength(1);
      expect(notes(harmful)[0]).toMatch(
        /^ {0,2}# not shown here: 78\d more lines \(the whole text has sha256 [0-9a-f]{64}\); -v shows them$/,
      );
      expect(notes(harmful)).not.toEqual(notes(innocent));
    });
  });

  it('names its digest as it is computed elsewhere', () => {
    const digest = createHash('sha256').update('x\n'.repeat(500)).digest('hex');
    const lines = describeAction(write('x\n'.repeat(500), null), { names: noPlaceholders, whole: false });
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe(
      `  # not shown here: 480 more lines (the whole text has sha256 ${digest}); -v shows them`,
    );
  });

  it('keeps equal what is the same on every host but for its placeholders', () => {
    const of = (name: string): readonly string[] =>
      describeAction(write(`${name}\n`.repeat(500), null), {
        names: placeholdersOf([
          { summary: '', before: {}, after: {}, actions: [], undo: [], atomic: false, bindings: { name } },
        ]),
        whole: false,
      });
    expect(of('one')).toEqual(of('two'));
  });

  it('a line of the text cannot pass for the note', () => {
    const lines = describeAction(
      { kind: 'exec', argv: ['sh'], stdin: '# not shown here: 1 more line\n' },
      { names: noPlaceholders, whole: false },
    );
    expect(lines.filter((line) => /^ *#/.test(line))).toEqual(['# with 30 bytes on its standard input:']);
  });
});
