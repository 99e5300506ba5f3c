import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StorageDrivers } from '../../../src/facts/daemon/storage-drivers.ts';
import { storageDrivers } from '../../../src/facts/daemon/storage-drivers.ts';

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll storage drivers '));
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write(
    `containers/${a}/config.v2.json`,
    '{"Config":{"Env":["S=\\"Name\\":\\"/x\\",\\"Driver\\":\\"y\\""],"Labels":{"Name":"/x"}},"Name":"/app","Driver":"devicemapper","MountPoints":{"/d":{"RW":true,"Name":"foo","Driver":"local","Type":"volume"},"/e":{"Name":"","Driver":""}}}',
  );
  write(`containers/${b}/config.v2.json`, '{"Name":"/web","Driver":"overlay2","OS":"linux"}');
  write('containers/stray/config.v2.json', '{"Name":"/stray","Driver":"overlay2"}');
  for (const [driver, id] of [
    ['overlay2', 'x'],
    ['overlay2', 'y'],
    ['vfs', 'z'],
  ])
    write(`image/${String(driver)}/imagedb/content/sha256/${String(id)}`, '');
  write('kept.json', '{\n"a":1}\n');
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

const read = (stdout: string, status = 0): StorageDrivers => storageDrivers.parse({ status, stdout, stderr: '' }, []);
const run = (...args: readonly string[]): StorageDrivers =>
  read(
    execFileSync('/bin/sh', ['-c', storageDrivers.script, 'sh', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );

describe('what there is of each storage driver', () => {
  it('is read from the disk, the containers that the daemon does not see included, and nothing that may be secret', () => {
    const found = run(root, join(root, 'kept.json'));
    expect(found).toMatchObject({ images: { overlay2: 2, vfs: 1 }, backup: '{\n"a":1}\n' });
    expect(found.fileSystem).toMatch(/^\S+$/);
    expect(found.containers).toEqual([
      { id: a, name: 'app', driver: 'devicemapper', volumes: ['foo'] },
      { id: b, name: 'web', driver: 'overlay2', volumes: [] },
    ]);
  });

  it('is nothing where Docker has never been', () => {
    expect(run('/', '')).toMatchObject({ containers: [], images: {}, backup: undefined });
  });

  it.each([
    ['half an answer', 'fs xfs\nftype 1\n'],
    ['no file system', 'overlay yes\nend\n'],
    ['half a file', 'fs xfs\noverlay yes\nend\nbackup\n{'],
  ])('%s is not guessed about', (_what, stdout) => {
    expect(() => read(stdout)).toThrow(expect.objectContaining({ code: 'fact-unreadable' }));
  });

  it('knows XFS that overlay2 cannot use', () => {
    expect(read('fs xfs\nftype 0\noverlay yes\nend\n')).toMatchObject({
      fileSystem: 'xfs',
      ftype: false,
      overlay: true,
    });
    expect(read('fs xfs\nftype \noverlay no\nend\n')).toMatchObject({ ftype: undefined, overlay: false });
  });
});
