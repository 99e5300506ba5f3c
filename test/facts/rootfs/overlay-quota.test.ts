import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { overlayQuota } from '../../../src/facts/rootfs/overlay-quota.ts';
import { recorded } from '../../sim/transcripts.ts';
import { readHere, runScript } from '../real-shell.ts';

const parse = (stdout: string) => overlayQuota.parse({ status: 0, stdout, stderr: '' }, ['/var/lib/docker/overlay2/x']);
const base = 'filesystem xfs\nmount /var/lib/docker\noptions rw,relatime rw,prjquota\nfree 1000\n';

describe('what real hosts say', () => {
  it.each(['overlay2-20', 'overlay2-28'] as const)('%s', async (kind) => {
    const { facts } = await recorded(kind);
    const quota = parse(facts.find(({ name }) => name.startsWith('overlay-quota'))?.stdout ?? '');
    expect(quota).toMatchObject({
      fileSystem: 'xfs',
      mountPoint: '/var/lib/docker',
      limitBytes: 64 * 1024 ** 2,
      quotaTool: true,
    });
    expect(quota.options).toContain('prjquota');
    expect(quota.project).toBeGreaterThan(0);
    expect(quota.usedBytes).toBeGreaterThan(0);
    expect(quota.usedBytes).toBeLessThan(quota.limitBytes);
  });
});

describe('what it makes of an answer', () => {
  it.each([
    [
      'a limit',
      `${base}project 7\nquota 10 200 300 00 [--------]\n`,
      { project: 7, limitBytes: 300 * 1024, usedBytes: 10 * 1024, quotaTool: true },
    ],
    ['project 0', `${base}project 0\n`, { project: 0, limitBytes: 0 }],
    ['a project without a limit', `${base}project 7\nquota \n`, { project: 7, limitBytes: 0 }],
    ['no tools', `${base}tool missing\n`, { quotaTool: false, project: 0 }],
    [
      'ext4 without projects',
      'filesystem ext2/ext3\nmount /\noptions rw rw\nfree 5\nproject \n',
      { fileSystem: 'ext2/ext3', project: 0 },
    ],
    [
      'a mount point with a blank',
      base.replace('/var/lib/docker', '/my disk') + 'project 0\n',
      { mountPoint: '/my disk' },
    ],
  ])('%s', (_what, stdout, expected) => {
    expect(parse(stdout)).toMatchObject(expected);
  });

  it.each([
    ['no such layer', 'directory missing\n', 'refused'],
    ['no mount point', 'filesystem xfs\nmount \nfree 1\n', 'fact-unreadable'],
    ['no free space', 'filesystem xfs\nmount /\nfree x\n', 'fact-unreadable'],
    ['a project that cannot be read', `${base}project \n`, 'fact-unreadable'],
    ['nothing', '', 'fact-unreadable'],
  ])('%s is not guessed', (_what, stdout, code) => {
    expect(() => parse(stdout)).toThrow(expect.objectContaining({ code }));
  });
});

describe('on this machine', () => {
  it('finds the file system of a directory, its mount point and its free space', () => {
    const layer = mkdtempSync(join(tmpdir(), 'plimsoll layer-'));
    try {
      const printed = runScript(overlayQuota.script, [layer, layer]);
      expect(printed.status).toBe(0);
      const quota = readHere(overlayQuota, layer, layer);
      expect(layer.startsWith(quota.mountPoint)).toBe(true);
      expect(quota.freeBytes).toBeGreaterThan(0);
      expect(quota.options).not.toEqual([]);
    } finally {
      rmSync(layer, { recursive: true });
    }
  });

  it('says when the layer does not exist', () => {
    expect(runScript(overlayQuota.script, ['/no such/layer', '/'])).toEqual({
      status: 0,
      stdout: 'directory missing\n',
      stderr: '',
    });
  });
});
