import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { volumeLedger, volumeState } from '../../../src/facts/volumes/volume-state.ts';
import { readHere, runScript } from '../real-shell.ts';

/** As a virtual machine with Docker 28.5 printed it; dockerd had been started 167 s before, the file was written 5 min before. */
const head = `mount /var/lib/docker
filesystem xfs
options rw,relatime rw,inode64,logbufs=8,logbsize=32k,prjquota
free 4064079872
project 4
quota 20480      40960      40960     00 [--------]
inodes 3          0          0     00 [--------]
shown  41943040
`;
const daemon = 'daemon 1795225439.336025600 1822.10 165451 100\n';
const written = 'written 1795225133 600 2026-11-21 01:38:53.601000000 +0000\n';
const text = '{"MountType":"","MountOpts":"","MountDevice":"","Quota":{"Size":41943040}}';
const parse = (stdout: string) =>
  volumeState.parse({ status: 0, stdout, stderr: '' }, ['/var/lib/docker/volumes/foo/_data']);
const whole = (
  more: { readonly daemon?: string; readonly written?: string; readonly born?: string; readonly text?: string } = {},
): string =>
  `${head}${more.daemon ?? daemon}${more.written ?? written}born ${more.born ?? '1795224020'}\ntext\n${more.text ?? text}end`;

describe("a volume's directory", () => {
  it("with a quota and Docker's record of it", () => {
    expect(parse(whole())).toMatchObject({
      quota: {
        fileSystem: 'xfs',
        mountPoint: '/var/lib/docker',
        project: 4,
        limitBytes: 41_943_040,
        usedBytes: 20_971_520,
      },
      usedInodes: 3,
      shownBytes: 41_943_040,
      mounted: undefined,
      options: {
        path: '/var/lib/docker/volumes/foo/opts.json',
        text,
        mode: '0600',
        quotaBytes: 41_943_040,
        mounts: false,
        readByDaemon: true,
        asCreated: false,
      },
    });
  });

  it.each([
    ['the daemon has been started since', {}, true],
    ['it was written since', { written: 'written 1795225300 600 2026-11-21 01:41:40.000000000 +0000\n' }, false],
    [
      'in the same second, and after it',
      { written: 'written 1795225271 600 2026-11-21 01:41:11.801000000 +0000\n' },
      false,
    ],
    [
      'in the same second, and before it',
      { written: 'written 1795225271 600 2026-11-21 01:41:11.201000000 +0000\n' },
      true,
    ],
    ['no dockerd is found', { daemon: 'daemon 1795225439.336025600 1822.10 - 100\n' }, false],
    ['a date without fractions', { daemon: 'daemon 1795225439.%N 1822.10 165451 100\n' }, true],
  ])('%s', (_what, more, readByDaemon) => {
    expect(parse(whole(more)).options?.readByDaemon).toBe(readByDaemon);
  });

  it.each([
    ['when the volume was created', '1795225132', true],
    ['later', '1795220000', false],
    ['where the file system does not know', '0', undefined],
    ['where stat does not know', '?', undefined],
  ])('was written %s', (_what, born, asCreated) => {
    expect(parse(whole({ born })).options?.asCreated).toBe(asCreated);
  });

  it('keeps the record to the letter, but not one that may hold a password', () => {
    expect(parse(whole({ text: `${text}\n` })).options?.text).toBe(`${text}\n`);
    const secret = '{"MountType":"cifs","MountOpts":"password=hunter2","MountDevice":"//x/y","Quota":{"Size":0}}';
    expect(parse(whole({ text: secret })).options).toMatchObject({ mounts: true, text: '' });
    expect(JSON.stringify(parse(whole({ text: secret })))).not.toContain('hunter2');
  });

  it('without options, without a directory, with a mount', () => {
    expect(parse(`${head}${daemon}no options\n`).options).toBeUndefined();
    expect(parse(`directory missing\n${daemon}no options\n`)).toMatchObject({ quota: undefined, usedInodes: 0 });
    expect(parse(`${head}mounted ext4\n${daemon}no options\n`).mounted).toBe('ext4');
  });

  it.each([
    ['cut off', `${head}${daemon}`],
    ['the record cut off', whole().slice(0, -10)],
    ['an empty record', whole({ text: '' })],
    ['another record', whole({ text: '{"Quota":{"Size":"much"}}' })],
    ['no time of writing', whole({ written: '' })],
    ['nothing', ''],
  ])('%s is not guessed', (_what, stdout) => {
    expect(() => parse(stdout)).toThrow(expect.objectContaining({ code: 'fact-unreadable' }));
  });
});

describe('on this machine', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'plimsoll volume-'));
    mkdirSync(join(directory, '_data'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('reads the record, its age and its mode', () => {
    writeFileSync(join(directory, 'opts.json'), text, { mode: 0o600 });
    const fresh = readHere(volumeState, join(directory, '_data'));
    expect(fresh.options).toMatchObject({
      text,
      mode: '0600',
      quotaBytes: 41_943_040,
      path: join(directory, 'opts.json'),
    });
    expect(fresh.options?.asCreated).not.toBe(false);
    utimesSync(join(directory, 'opts.json'), 1, 1);
    expect(readHere(volumeState, join(directory, '_data')).options?.asCreated).not.toBe(true);
  });

  it('says when there is no record, or no directory', () => {
    expect(readHere(volumeState, join(directory, '_data')).options).toBeUndefined();
    rmSync(join(directory, '_data'), { recursive: true });
    expect(readHere(volumeState, join(directory, '_data')).quota).toBeUndefined();
  });
});

describe('the ledger of names', () => {
  const parseLedger = (lines: string) =>
    volumeLedger.parse({ status: 0, stdout: `/s/volumes/foo\n${lines}\nend\n`, stderr: '' }, ['foo']);

  it.each([
    ['nothing yet', '', 0, []],
    ['made', 'made 1 foo-1 foo\n', 1, []],
    ['in force', 'made 1 foo-1 foo\nin-force 1 foo-1 foo\n', 1, ['foo-1']],
    ['given up', 'made 1 foo-1 foo\nin-force 1 foo-1 foo\ngiven-up 1 foo-1 foo\n', 1, []],
    ['in force again', 'in-force 2 foo-2 foo\ngiven-up 2 foo-2 foo\nin-force 2 foo-2 foo\n', 2, ['foo-2']],
    ['a line that was cut', 'made 3 foo-3 foo\nmade 4', 3, []],
    [
      'two versions',
      'made 1 foo-1 foo\nin-force 1 foo-1 foo\nmade 12 foo-12 foo-1\nin-force 12 foo-12 foo-1\n',
      12,
      ['foo-1', 'foo-12'],
    ],
  ])('%s', (_what, lines, highest, inForce) => {
    const ledger = parseLedger(lines);
    expect(ledger.highest).toBe(highest);
    expect(ledger.inForce.map(({ name }) => name)).toEqual(inForce);
    expect(ledger.file).toBe('/s/volumes/foo');
  });

  it('that cannot be read is not taken for an empty one', () => {
    expect(() => volumeLedger.parse({ status: 1, stdout: '', stderr: 'cat: denied' }, ['foo'])).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
  });

  it('is read from a real shell', () => {
    const { status, stdout } = runScript(volumeLedger.script, ['no-such-family']);
    expect(status).toBe(0);
    expect(volumeLedger.parse({ status, stdout, stderr: '' }, ['no-such-family'])).toMatchObject({
      highest: 0,
      inForce: [],
    });
  });
});
