import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/facts/backups/backup-shelf.ts';
import type { Printed } from '../../../src/facts/fact.ts';
import { extract, longestUnpacked } from '../../../src/operations/backups/extract-script.ts';
import { runScript } from '../../facts/real-shell.ts';
import { stateIn } from '../on-this-machine.ts';
import { manifest } from './world.ts';

const mebibyte = 1024 ** 2;

describe('what an archive unpacks to', { tags: ['tar', 'root'] }, () => {
  let base = '';
  const at = (...parts: readonly string[]): string => join(base, ...parts);
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'plimsoll-bounded-'));
    for (const name of ['content', 'volume', 'bin']) mkdirSync(at(name));
    // One that has no containers.
    writeFileSync(at('bin', 'docker'), '#!/bin/sh\n');
    chmodSync(at('bin', 'docker'), 0o755);
  });
  afterEach(() => {
    rmSync(base, { recursive: true, force: true });
  });

  /** Of what is in `content`, with a manifest that may say something else. */
  function restore(more: Partial<Manifest>): Printed {
    expect(
      spawnSync('sh', ['-c', 'tar -C "$1/content" -S -cf - . | tee "$1/unpacked" | gzip >"$1/archive"', 'sh', base])
        .status,
    ).toBe(0);
    const sha256 = createHash('sha256')
      .update(readFileSync(at('archive')))
      .digest('hex');
    const is = manifest({
      compression: 'gzip',
      sha256,
      bytes: statSync(at('archive')).size,
      entries: readdirSync(at('content')).length,
      list: {},
      ...more,
    });
    const action = extract({
      manifest: is,
      archive: at('archive'),
      volume: 'v',
      directory: at('volume'),
      onItsWay: false,
      identity: undefined,
    });
    return runScript(stateIn(at('state'))(action.stdin ?? ''), action.argv.slice(3), {
      PATH: `${at('bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    });
  }
  const held = (): number =>
    Number(spawnSync('du', ['-sB1', at('volume')], { encoding: 'utf8' }).stdout.split('\t')[0]);

  it('is no more than its manifest says: a bomb is cut off there', () => {
    writeFileSync(at('content', 'zeros'), Buffer.alloc(200 * mebibyte, 1));
    expect(restore({ unpackedBytes: 3 * mebibyte })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/archive unpacks to more than the 3145728 bytes that its manifest allows for/),
    });
    expect(held()).toBeLessThan(4 * mebibyte);
    expect(readFileSync(at('state', 'restored', 'v'), 'utf8')).toMatch(/^begun /);
  });

  it('is bounded by what the files were where a manifest does not say it', () => {
    writeFileSync(at('content', 'zeros'), Buffer.alloc(200 * mebibyte, 1));
    const small = { allocatedBytes: mebibyte, apparentBytes: mebibyte };
    expect(restore(small)).toMatchObject({ status: 1, stderr: expect.stringMatching(/unpacks to more than/) });
    expect(held()).toBeLessThan(80 * mebibyte);
    expect(longestUnpacked(manifest({ ...small, entries: 1, consistency: 'live' }))).toBe(66 * mebibyte + 65_536);
  });

  it('is restored when it is exactly that', () => {
    writeFileSync(at('content', 'some'), Buffer.alloc(mebibyte, 1));
    restore({});
    const unpackedBytes = statSync(at('unpacked')).size;
    rmSync(at('volume', 'some'));
    rmSync(at('state'), { recursive: true });
    expect(restore({ unpackedBytes, allocatedBytes: mebibyte, apparentBytes: mebibyte })).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(readdirSync(at('volume'))).toEqual(['some']);
  });

  it('is not read to the end of holes that nobody has backed up', () => {
    writeFileSync(at('content', 'holes'), 'x');
    truncateSync(at('content', 'holes'), 2 ** 42);
    const { status, stderr } = restore({
      unpackedBytes: mebibyte,
      list: { names: 'd'.repeat(64), contents: 'e'.repeat(64) },
    });
    expect(stderr).toMatch(/the files in .* are 4398\d+ bytes long together, more than what was backed up/);
    expect(status).toBe(1);
  });
});
