import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownDirectory } from '../../../src/facts/host/own-directory.ts';
import { otherUser, scene } from '../../support/other-user.ts';
import { readHere } from '../real-shell.ts';

let base = '';
const at = (path: string): string => join(base, path);
beforeEach(() => {
  ({ base } = scene());
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

describe('a directory that is to be our own', () => {
  it('is, or is not there and could only be made by us', () => {
    expect([readHere(ownDirectory, at('app')), readHere(ownDirectory, at('app/a/b'))]).toEqual([
      { problem: undefined },
      { problem: undefined },
    ]);
  });

  it('is not, where others can write to it or to what it is in', () => {
    mkdirSync(at('app/in'));
    chmodSync(at('app'), 0o777);
    expect([
      readHere(ownDirectory, at('app')),
      readHere(ownDirectory, at('app/in')),
      readHere(ownDirectory, at('app/new')),
    ]).toEqual([
      { problem: `${at('app')} can be written by other users` },
      { problem: `${at('app')} can be written by other users, so that they decide what ${at('app/in')} is` },
      { problem: `${at('app')} can be written by other users, so that they decide what ${at('app/new')} is` },
    ]);
  });

  it('is not, where it is another user’s', { tags: ['root'] }, () => {
    chmodSync(base, 0o755);
    chownSync(at('app'), otherUser, otherUser);
    expect(readHere(ownDirectory, at('app'))).toEqual({ problem: `${at('app')} belongs to another user` });
  });

  it('is never taken to be when it could not be looked at', () => {
    for (const stdout of ['', 'own', 'x\n'])
      expect(() => ownDirectory.parse({ status: 0, stdout, stderr: 'sh: no' }, ['/x'])).toThrow(
        expect.objectContaining({ code: 'fact-unreadable' }),
      );
  });
});
