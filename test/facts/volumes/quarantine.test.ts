import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directorySizes } from '../../../src/facts/host/directory-sizes.ts';
import { quarantine, type Quarantine } from '../../../src/facts/volumes/quarantine.ts';
import { realPaths } from '../../../src/facts/host/real-paths.ts';
import { volumeDirectories } from '../../../src/facts/volumes/volume-directories.ts';
import { readHere, runScript } from '../real-shell.ts';

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'plimsoll-quarantine-'));
});
afterEach(() => {
  rmSync(base, { recursive: true });
});

describe('quarantine', () => {
  const read = (): Quarantine => quarantine.parse(runScript(quarantine.script, [], { PLIMSOLL_STATE: base }), []);
  const write = (directory: string, name: string, text: string): void => {
    mkdirSync(join(base, directory), { recursive: true });
    writeFileSync(join(base, directory, name), text);
  };

  it('is empty where nothing was ever put there, and says what time it is', () => {
    const { now, ...rest } = read();
    expect(rest).toEqual({ entries: [], left: [] });
    expect(Math.abs(now - Date.now() / 1000)).toBeLessThan(3600);
  });

  it('has what was written, nothing that is half written, and what copies have left', () => {
    const entry = { name: 'a.b_c-', is: '7 1795875588.5485005420', since: 1, until: 2, removing: false };
    write('quarantine', 'a.b_c-', `${JSON.stringify(entry)}\n`);
    write('quarantine', '.torn', '{"name":');
    write('left', 'foo-0', 'x');
    expect(read()).toMatchObject({ entries: [entry], left: ['foo-0'] });
  });

  it.each([
    '',
    'x\n',
    '{"name":"../x","is":"","since":1,"until":2,"removing":false}\n',
    '{"name":"foo"}\n',
    '{"name":"foo","is":"","since":1,"until":2,"removing":false}',
  ])('is not guessed: %j', (text) => {
    write('quarantine', 'foo', text);
    if (text === '') expect(read().entries).toEqual([]);
    else expect(read).toThrow(expect.objectContaining({ code: 'fact-unreadable' }));
  });

  it('is not guessed from what a host prints that cannot tell the time', () => {
    for (const stdout of ['', 'now x\nend\n', 'now 5\n'])
      expect(() => quarantine.parse({ status: 0, stdout, stderr: '' }, [])).toThrow(
        expect.objectContaining({ code: 'fact-unreadable' }),
      );
  });
});

describe('the directories of volumes', () => {
  it('are told apart by inode and time of change, which writing into a volume leaves alone', () => {
    mkdirSync(join(base, 'foo/_data/below'), { recursive: true });
    mkdirSync(join(base, 'torn'));
    mkdirSync(join(base, 'linked'));
    symlinkSync('/tmp', join(base, 'linked/_data'));
    writeFileSync(join(base, 'metadata.db'), '');
    const before = readHere(volumeDirectories, base);
    expect(Object.keys(before.byName).toSorted()).toEqual(['foo', 'linked', 'torn']);
    expect(Object.values(before.byName).filter(({ whole }) => whole)).toEqual([before.byName['foo']]);
    expect(before.mounts).toEqual([]);
    writeFileSync(join(base, 'foo/_data/file'), 'x');
    utimesSync(join(base, 'foo/_data'), 1, 1);
    const after = readHere(volumeDirectories, base);
    expect(after.byName['foo']?.is).toBe(before.byName['foo']?.is);
    // Later than its directory was made: the time of change of what lies in that counts, which nobody can set.
    expect(after.byName['foo']?.changedAt).toBeGreaterThanOrEqual(before.byName['foo']?.changedAt ?? Infinity);
    rmSync(join(base, 'foo'), { recursive: true });
    mkdirSync(join(base, 'foo/_data'), { recursive: true });
    expect(readHere(volumeDirectories, base).byName['foo']?.is).not.toBe(before.byName['foo']?.is);
  });

  it('with what is mounted in them', () => {
    const stdout =
      '1 d 5 100.5 foo\n2 d 6 200.5 foo/_data\n2 f 7 300.5 foo/opts.json\nmounted /v/foo/_data/a\\040b\nend\n';
    expect(volumeDirectories.parse({ status: 0, stdout, stderr: '' }, ['/v'])).toEqual({
      byName: { foo: { is: '5 100.5', changedAt: 200, whole: true } },
      mounts: ['/v/foo/_data/a b'],
    });
  });

  it('are not guessed', () => {
    expect(() => readHere(volumeDirectories, join(base, 'none'))).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
    expect(() => volumeDirectories.parse({ status: 0, stdout: '1 d 5 100.5 foo\n', stderr: '' }, ['/v'])).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
  });
});

describe('real paths', () => {
  it('follow links, also in what does not exist', () => {
    mkdirSync(join(base, 'real'));
    symlinkSync(join(base, 'real'), join(base, 'link'));
    const [link, odd] = [join(base, 'link/none/x'), join(base, "it's |odd $(x)")];
    expect(readHere(realPaths, link, odd)).toEqual({ [link]: join(base, 'real/none/x'), [odd]: odd });
    expect(readHere(realPaths)).toEqual({});
  });

  it('are not guessed', () => {
    expect(() => realPaths.parse({ status: 1, stdout: '', stderr: 'realpath: not found' }, ['/a'])).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
  });
});

describe('sizes of directories', () => {
  it('are what is allocated; of what is not there nothing is said', () => {
    mkdirSync(join(base, 'a'));
    writeFileSync(join(base, 'a/file'), Buffer.alloc(100_000, 1));
    const sizes = readHere(directorySizes, join(base, 'a'), join(base, 'none'));
    expect(Object.keys(sizes)).toEqual([join(base, 'a')]);
    expect(sizes[join(base, 'a')]).toBeGreaterThan(99_999);
  });
});
