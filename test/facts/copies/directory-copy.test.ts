import { describe, expect, it } from 'vitest';
import { copyDirectory, copyTools, directoryDifference } from '../../../src/facts/copies/directory-copy.ts';
import { readHere } from '../real-shell.ts';

describe('copy-tools', () => {
  const rsync = (line: string): unknown =>
    copyTools.parse({ status: 0, stdout: `${line}\ncp\ntar\nmanifest\nend\n`, stderr: '' }, []).rsync;

  it.each([
    [
      'rsync 3.1.2  protocol version 31     64-bit files  64-bit inums  hardlinks  symlinks  batchfiles  inplace  append  ACLs  xattrs  iconv  symtimes ',
      [3, 1, 2],
    ],
    ['rsync 3.2.7  protocol version 31     64-bit files  append  ACLs  xattrs  optional protect-args ', [3, 2, 7]],
    ['rsync 3.2.7  protocol version 31     append  no ACLs  xattrs  iconv ', null],
    ['rsync 3.2.7  protocol version 31     append  ACLs  no xattrs  iconv ', null],
    ['', null],
  ])('%s', (line, expected) => {
    expect(rsync(line)).toEqual(expected);
  });

  it('reads this machine', () => {
    expect(readHere(copyTools)).toMatchObject({ cp: expect.any(Boolean), tar: expect.any(Boolean) });
  });

  it('does not take silence for the absence of tools', () => {
    expect(() => copyTools.parse({ status: 0, stdout: 'cp\n', stderr: '' }, [])).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
  });
});

describe('copy-directory', () => {
  const answer =
    'directory\npath /v/a b\nstat 65024:7 1795214592 755 0:0\nallocated 4096\napparent 4096\nentries 3\ndf  81313390592 - -\nbelow /v/a\\040b/x\nend\n';

  it('reads what df says of a file system without inodes, and undoes escapes', () => {
    expect(copyDirectory.parse({ status: 0, stdout: answer, stderr: '' }, ['/v/a b'])).toMatchObject({
      path: '/v/a b',
      born: 1795214592,
      mode: '0755',
      inodesTotal: 0,
      mountsBelow: ['/v/a b/x'],
    });
  });

  it.each(['0', '-', '?'])('takes %s for a birth that is not known', (born) => {
    expect(
      copyDirectory.parse({ status: 0, stdout: answer.replace('1795214592', born), stderr: '' }, ['/v/a b']),
    ).toMatchObject({ born: 0, mode: '0755' });
  });

  it.each(['', answer.replace('entries 3', 'entries '), answer.replace('end\n', '')])('does not guess', (stdout) => {
    expect(() => copyDirectory.parse({ status: 0, stdout, stderr: 'du: cannot read' }, ['/v/a'])).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
  });
});

describe('directory-difference', () => {
  it.each([
    ['identical\n', { total: 0, destructive: 0, first: [] }],
    [
      '2 1\n>f+++++++++ new\n*deleting   old\n',
      { total: 2, destructive: 1, first: ['>f+++++++++ new', '*deleting   old'] },
    ],
  ])('%j', (stdout, expected) => {
    expect(directoryDifference.parse({ status: 0, stdout, stderr: '' }, [])).toEqual(expected);
  });

  it('does not take a failed comparison for none', () => {
    expect(() => directoryDifference.parse({ status: 1, stdout: '', stderr: 'rsync: permission denied' }, [])).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
  });
});
