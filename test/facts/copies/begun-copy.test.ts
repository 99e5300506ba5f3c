import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BegunCopy, CopyMarker } from '../../../src/facts/copies/begun-copy.ts';
import { begunCopies, copyStrangers } from '../../../src/facts/copies/begun-copy.ts';
import { copyDirectory } from '../../../src/facts/copies/directory-copy.ts';
import { toBeMade } from '../../../src/facts/host/entered-directory.ts';
import { holdsOnlyCopy } from '../../../src/operations/copies/copy-passes.ts';
import { readHere, runScript } from '../real-shell.ts';

const marker: CopyMarker = {
  from: '/v/a',
  to: '/v/line\nfeed',
  inode: '7',
  born: 5,
  found: 'nothing',
  owner: '0:0',
  mode: '0755',
};

/** As a pass writes it (copy-pass.sh). */
const markerText = (of: CopyMarker): string => `${JSON.stringify(of)}\n`;

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'plimsoll-begun-'));
});
afterEach(() => {
  rmSync(base, { recursive: true });
});

describe('begun-copies', () => {
  const read = (): readonly BegunCopy[] =>
    begunCopies.parse(runScript(begunCopies.script, [], { PLIMSOLL_STATE: base }), []).copies;
  const write = (name: string, content: string): void => {
    mkdirSync(join(base, 'copies'), { recursive: true });
    writeFileSync(join(base, 'copies', name), content);
  };

  it('looks where plimsoll keeps its state on the host', () => {
    expect(begunCopies.parse(runScript(begunCopies.script, [], { PLIMSOLL_STATE: base }), []).directory).toBe(
      `${base}/copies`,
    );
    expect(begunCopies.parse(runScript(begunCopies.script.replace('/var/lib/plimsoll', '/nonexistent')), [])).toEqual({
      directory: '/nonexistent/copies',
      copies: [],
    });
  });

  it('finds none where nothing was ever begun', () => {
    expect(read()).toEqual([]);
    mkdirSync(join(base, 'copies'));
    expect(read()).toEqual([]);
  });

  it('reads what was written, to the letter', () => {
    write('1-7', markerText(marker));
    write('1-9', markerText({ ...marker, inode: '9', found: 'else' }));
    expect(read()).toEqual([
      { ...marker, file: `${base}/copies/1-7`, text: markerText(marker), doubtful: false },
      {
        ...marker,
        inode: '9',
        found: 'else',
        file: `${base}/copies/1-9`,
        text: markerText({ ...marker, inode: '9', found: 'else' }),
        doubtful: false,
      },
    ]);
  });

  it('doubts what was begun before the host was started, and what is as old as that', () => {
    write('1-7', markerText(marker));
    utimesSync(join(base, 'copies/1-7'), 0, 0);
    expect(read()).toMatchObject([{ doubtful: true }]);
    expect(
      begunCopies.parse(
        { status: 0, stdout: `boot \n/s/copies\n1-7 ${String(2 ** 40)}\n${markerText(marker)}end\n`, stderr: '' },
        [],
      ),
    ).toMatchObject({ directory: '/s/copies', copies: [{ file: '/s/copies/1-7', doubtful: true }] });
  });

  it.each([
    '',
    'copy /v/a\n',
    '{}\n',
    '[]\n',
    `${markerText(marker)}more\n`,
    markerText(marker).replace('nothing', 'anything'),
  ])('does not guess what somebody else has written: %j', (content) => {
    write('1-7', content);
    expect(read).toThrow(
      expect.objectContaining({
        code: 'fact-unreadable',
        message: expect.stringContaining('/copies/1-7 does not say'),
      }),
    );
  });

  it('does not take an answer that was cut for none', () => {
    expect(() => begunCopies.parse({ status: 0, stdout: 'boot 5\n/s/copies\n', stderr: '' }, [])).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
  });
});

describe('what a copy that was cut cannot have left', () => {
  const at = (path: string): string => join(base, path);
  const file = (path: string, content: string, seconds = 1000): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), content);
    utimesSync(at(path), seconds, seconds);
  };
  const strangers = (): readonly string[] => readHere(copyStrangers, at('from'), at('to'));
  /** Whether the copy may be taken back, which was begun there. */
  const taken = (name = 'to'): ReturnType<typeof runScript> => {
    const to = readHere(copyDirectory, at(name));
    const [inode = '', born] = to.kind === 'directory' ? [to.identity.split(':')[1], to.born] : ['', 0];
    const text = markerText({ ...marker, from: at('from'), to: at(name), inode, born });
    mkdirSync(at('copies'), { recursive: true });
    writeFileSync(at('copies/1'), text);
    return runScript(`may() {\n${holdsOnlyCopy(toBeMade(at('from')), toBeMade(at(name)))}\n}\nmay`, [], {
      PLIMSOLL_STATE: base,
    });
  };

  beforeEach(() => {
    for (const name of ['plain', '.hidden', 'dir/below', 'other']) file(`from/${name}`, 'as it is');
    symlinkSync('plain', at('from/symbolic'));
    spawnSync('cp', ['-a', at('from'), at('to')]);
  });

  it.each<[string, () => void]>([
    ['everything', () => undefined],
    [
      'less',
      () => {
        rmSync(at('to/dir'), { recursive: true });
      },
    ],
    [
      'files that are older or of another size',
      () => {
        file('to/plain', 'as', 900);
        file('to/other', '', 2000);
      },
    ],
    [
      'temporary files of rsync',
      () => {
        file('to/.plain.aBc1eF', 'x'.repeat(100), 5000);
        file('to/.hidden.Zyxwvu', 'x', 5000);
        file('to/dir/.below.000000', 'x', 5000);
        file('to/.symbolic.aB3def', '', 5000);
      },
    ],
    [
      'one file that is half written',
      () => {
        file('to/dir/below', 'as', 5000);
      },
    ],
    [
      'links and directories that are not finished',
      () => {
        rmSync(at('to/symbolic'));
        symlinkSync('elsewhere', at('to/symbolic'));
        utimesSync(at('to/dir'), 9000, 9000);
      },
    ],
    [
      'the empty file that tar makes where a link will be',
      () => {
        rmSync(at('to/symbolic'));
        writeFileSync(at('to/symbolic'), '');
      },
    ],
  ])('can have left %s', (_what, arrange) => {
    arrange();
    expect(strangers()).toEqual([]);
    expect(taken()).toMatchObject({ status: 0 });
  });

  it.each<[string, () => void, readonly string[]]>([
    [
      'a file that is not in the source',
      () => {
        file('to/dir/mine', 'mine', 10);
      },
      ['dir/mine'],
    ],
    [
      'an empty directory that is not in the source',
      () => {
        mkdirSync(at('to/new dir'));
      },
      ['new dir'],
    ],
    [
      'a link that is not in the source',
      () => {
        symlinkSync('x', at('to/link'));
      },
      ['link'],
    ],
    [
      'a file that has been written to since',
      () => {
        file('to/plain', 'as it was', 2000);
      },
      ['plain'],
    ],
    [
      'a second file that is newer and shorter',
      () => {
        file('to/plain', 'as', 2000);
        file('to/other', 'as', 2000);
      },
      [expect.stringMatching(/^(plain|other)$/) as string],
    ],
    [
      'what has a name like a temporary file, of nothing in the source',
      () => {
        file('to/.gone.aBc1eF', 'x');
      },
      ['.gone.aBc1eF'],
    ],
    [
      'what has a name almost like a temporary file',
      () => {
        file('to/.plain.backup', 'x');
        file('to/.plain.aBc1eFg', 'x');
        file('to/plain.aBc1eF', 'x');
        file('to/dir/.plain.aBc1eF', 'x');
      },
      ['.plain.backup', '.plain.aBc1eFg', 'plain.aBc1eF', 'dir/.plain.aBc1eF'],
    ],
    [
      'a directory where a file is',
      () => {
        rmSync(at('to/plain'));
        mkdirSync(at('to/plain'));
      },
      ['plain'],
    ],
    [
      'a file where a directory is',
      () => {
        rmSync(at('to/dir'), { recursive: true });
        file('to/dir', 'x');
      },
      ['dir'],
    ],
    [
      'a file where a link is',
      () => {
        rmSync(at('to/symbolic'));
        file('to/symbolic', 'x');
      },
      ['symbolic'],
    ],
    [
      'everything, when the source is empty now',
      () => {
        rmSync(at('from'), { recursive: true });
        mkdirSync(at('from'));
      },
      ['plain', '.hidden', 'dir', 'dir/below', 'other', 'symbolic'],
    ],
    [
      'names that look like something else',
      () => {
        file('to/x\nended 0', 'x');
        file('to/-n', 'x');
      },
      ['x', '-n'],
    ],
  ])('cannot have left %s', (_what, arrange, expected) => {
    arrange();
    expect([...strangers()].sort()).toEqual([...expected].sort());
    expect(taken()).toMatchObject({ status: 9, stderr: expect.stringContaining(`${at('to')} is left as it is`) });
  });

  it('names twenty, and does not take a failure for nothing', () => {
    for (let number = 0; number < 60; number += 1) file(`to/mine-${String(number)}`, 'x');
    expect(strangers()).toHaveLength(20);
    expect(() => readHere(copyStrangers, at('from'), at('missing'))).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
    expect(taken('missing').status).not.toBe(0);
  });
});
