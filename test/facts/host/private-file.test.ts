import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bucketShelf } from '../../../src/facts/backups/backup-shelf.ts';
import { privateFile } from '../../../src/facts/host/private-file.ts';
import type { Manifest } from '../../../src/facts/backups/backup-shelf.ts';
import { getFromBucket } from '../../../src/operations/backups/bucket.ts';
import { runScript } from '../real-shell.ts';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-private-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});
const at = (name: string): string => join(directory, name);
const file = (name: string, mode: number): string => {
  writeFileSync(at(name), 'user = "KEY:SECRET"\noutput = "/tmp/owned"\n');
  chmodSync(at(name), mode);
  return at(name);
};
const why = (path: string): string =>
  runScript(`${privateFile}private_file "$1"`, [path], { PATH: '/usr/bin:/bin' }).stdout;
mkdirSync(at('open'));
chmodSync(at('open'), 0o777);
mkdirSync(at('bin'));

/** In the place of the real one: says that it was called. */
writeFileSync(at('bin/curl'), `#!/bin/sh\ntouch '${at('called')}'\nexit 1\n`, { mode: 0o755 });

describe('a file of credentials', () => {
  it("is used when it is the account's own, and nobody else's to read or change", () => {
    expect([why(file('a', 0o600)), why(file('b', 0o400))]).toEqual(['', '']);
    symlinkSync('a', at('link'));
    expect(why(at('link'))).toBe('');
  });

  it.each([
    ['is not there', () => at('nosuch'), /there is no file/],
    ['is a directory', () => directory, /is no file/],
    ['can be read by others', () => file('c', 0o640), /mode 640, and others may read or change it/],
    ['can be written by others', () => file('d', 0o602), /mode 602/],
    [
      'stands where others may put another one',
      () => file('open/e', 0o600),
      /others can put another file in the place/,
    ],
  ])('is refused when it %s, and curl is not called', (_what, path, message) => {
    expect(why(path())).toMatch(message);
    const options = { PATH: `${at('bin')}:/usr/bin:/bin` };
    expect(runScript(bucketShelf.script, ['http://b', path(), ''], options)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(message),
    });
    const manifest = { name: 'v', compression: 'gzip', sha256: '0' } as Manifest;
    const { argv, stdin = '' } = getFromBucket(
      { bucket: 'http://b', credentials: path() },
      manifest,
      at('spool/v.tar.gz'),
    );
    expect(runScript(stdin, argv.slice(3), options)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(message),
    });
    expect(runScript('[ -e "$1" ]', [at('called')], options).status).toBe(1);
  });

  it("is refused when it, or the link to it, is somebody else's", { tags: ['root'] }, () => {
    chownSync(file('theirs', 0o600), 1000, 1000);
    expect(why(at('theirs'))).toContain('belongs to somebody else');
    symlinkSync('a', at('their link'));
    lchownSync(at('their link'), 1000, 1000);
    expect(why(at('their link'))).toContain('is a link that somebody else can turn');
  });
});
