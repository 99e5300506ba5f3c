import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AgeIdentity } from '../../../src/facts/backups/age-identity.ts';
import { ageIdentity } from '../../../src/facts/backups/age-identity.ts';
import { runScript } from '../real-shell.ts';

const recipient = 'age1mg9dsaugwzdz4sdq5yj02dq70atj776az3t2cqnkjqyd06mmj97q668f3p';
const directory = mkdtempSync(join(tmpdir(), 'plimsoll-identity-'));
const programs = join(directory, 'bin');
afterAll(() => {
  rmSync(directory, { recursive: true });
});
mkdirSync(programs);
const file = (name: string, content: string, mode: number): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};
/** In the place of the real one, which prints the public keys. */
file(
  'bin/age-keygen',
  `#!/bin/sh\n[ "$1" = -y ] && grep -q AGE-SECRET "$2" || { echo "age-keygen: error" >&2; exit 1; }\necho "${recipient}"\n`,
  0o755,
);
const read = (path: string): AgeIdentity =>
  ageIdentity.parse(runScript(ageIdentity.script, [path], { PATH: `${programs}:/usr/bin:/bin` }), [path]);
const secret = 'AGE-SECRET-KEY-1TZDW5NYADKJJUVFTH8V4TKWLVQKDG9FU6AQ9MJ007SJUY8D6KJXQS3YUG5\n';

describe('age-identity', () => {
  it('reads whose a key is, and what is public of it', () => {
    expect(read(file('key', secret, 0o600))).toEqual({
      kind: 'file',
      own: true,
      mode: '0600',
      locked: false,
      recipients: [recipient],
    });
    expect(read(file('open key', secret, 0o4644))).toMatchObject({ mode: '4644' });
    symlinkSync('key', join(directory, 'link'));
    expect(read(join(directory, 'link'))).toMatchObject({ kind: 'file', mode: '0600' });
  });

  it('says who could put another one in its place', () => {
    mkdirSync(join(directory, 'shared'));
    chmodSync(join(directory, 'shared'), 0o777);
    expect(read(file('shared/key', secret, 0o600))).toMatchObject({
      own: true,
      mode: '0600',
      exposed: expect.stringContaining('shared on the host has mode 777: others can put another file'),
    });
  });

  it("knows no public key of SSH's, nor of one that is locked", () => {
    expect(read(file('ssh', '-----BEGIN OPENSSH PRIVATE KEY-----\n', 0o400))).toEqual({
      kind: 'file',
      own: true,
      mode: '0400',
      locked: false,
      recipients: [],
    });
    expect(read(file('locked', 'age-encryption.org/v1\n-> scrypt\n\0\xff', 0o600))).toMatchObject({
      locked: true,
      recipients: [],
    });
    expect(read(file('armored', '-----BEGIN AGE ENCRYPTED FILE-----\n', 0o600))).toMatchObject({
      locked: true,
      recipients: [],
    });
  });

  it('says what is no file', () => {
    expect([read(join(directory, 'nosuch')).kind, read(directory).kind]).toEqual(['missing', 'other']);
  });

  it("does not give one that is somebody else's to age-keygen", { tags: ['root'] }, () => {
    const path = file('theirs', secret, 0o600);
    chownSync(path, 1000, 1000);
    expect(read(path)).toMatchObject({ own: false, recipients: [] });
  });

  it.each(['', 'file yes 600 no\n', 'file yes rw no\nend\n'])('does not guess from %j', (stdout) => {
    expect(() => ageIdentity.parse({ status: 0, stdout, stderr: '' }, ['/k'])).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
  });

  it('takes nothing from what a program prints but public keys', () => {
    expect(
      ageIdentity.parse({ status: 0, stdout: `file yes 600 no\n${recipient}\n${secret}end\n`, stderr: '' }, ['/k'])
        .recipients,
    ).toEqual([recipient]);
  });
});
