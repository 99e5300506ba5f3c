import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CopyMethod } from '../../../src/operations/copies/copy-method.ts';
import { finalPass, livePass } from '../../../src/operations/copies/copy-passes.ts';
import { asEntered, runScript } from '../../facts/real-shell.ts';
import type { NeedName } from '../../support/needs.ts';

/** Its way to the disk takes until the two sides have been compared, and ends with a status of ours. */
const slowDisk = `#!/bin/sh
[ "$1" = -f ] || exec /bin/sync "$@"
ls >"$SAID/copied"
n=0
until [ "$COMPARED" = '' ] || find "$TMPDIR" -type f -exec grep -q '^identical$' {} \\; -print 2>/dev/null | grep -q .; do
  sleep 0.05
  n=$((n + 1))
  [ "$n" -lt 400 ] || exit 99
done
ls -A "$PLIMSOLL_STATE/copied" >"$SAID/counted" 2>/dev/null
ls -A "$PLIMSOLL_STATE/copies" >"$SAID/begun"
exit "$STATUS"
`;

const rsync: CopyMethod = { kind: 'rsync', nanoseconds: true };

describe('a pass', () => {
  let base = '';
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'plimsoll-pass-'));
    for (const name of ['from', 'to', 'bin', 'said', 'tmp']) mkdirSync(join(base, name));
    writeFileSync(join(base, 'from/one'), 'one');
    writeFileSync(join(base, 'from/two'), 'two');
    writeFileSync(join(base, 'bin/sync'), slowDisk);
    chmodSync(join(base, 'bin/sync'), 0o755);
  });
  afterEach(() => {
    rmSync(base, { recursive: true });
  });
  const all = (directory: string): readonly string[] =>
    existsSync(join(base, directory)) ? readdirSync(join(base, directory)) : [];
  const said = (name: string): string => readFileSync(join(base, 'said', name), 'utf8');
  const environment = (status: number, compared = 'compared'): Record<string, string> => ({
    PATH: `${join(base, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    PLIMSOLL_STATE: join(base, 'state'),
    TMPDIR: join(base, 'tmp'),
    SAID: join(base, 'said'),
    STATUS: String(status),
    COMPARED: compared,
  });
  const copy = (method: CopyMethod, status: number): { readonly status: number; readonly said: string } => {
    const pass = finalPass(method, asEntered(join(base, 'from')), asEntered(join(base, 'to')), {});
    const ended = runScript(`pass() {\n${pass}\n}\npass`, [], environment(status));
    return { status: ended.status, said: `${ended.stdout}${ended.stderr}` };
  };

  describe.each<{ readonly method: CopyMethod; readonly tags: NeedName[] }>([
    { method: { kind: 'cp' }, tags: ['cp'] },
    { method: { kind: 'tar' }, tags: ['tar'] },
    { method: rsync, tags: ['lab:rsync'] },
  ])('that is final, by $method.kind,', ({ method, tags }) => {
    it(
      'counts only once all that was copied is on the disk, also when the two sides have been compared before that',
      { tags },
      () => {
        expect(copy(method, 0)).toEqual({ status: 0, said: '' });
        expect([said('copied'), said('counted'), said('begun')]).toEqual([
          'one\ntwo\n',
          '',
          expect.stringMatching(/^\d.*\n$/),
        ]);
        expect([all('state/copied').length, all('state/copies'), all('tmp')]).toEqual([1, [], []]);
      },
    );

    it('does not count when it could not be brought to the disk, however equal the two sides are', { tags }, () => {
      expect(copy(method, 1)).toEqual({
        status: 1,
        said: expect.stringContaining(`what was copied to ${join(base, 'to')} could not be brought to its disk`),
      });
      expect([all('state/copied'), all('state/copies').length, all('tmp')]).toEqual([[], 1, []]);
      // What is in memory is not trusted the next time.
      expect(copy(method, 0)).toEqual({ status: 0, said: '' });
      expect([all('state/copied').length, all('state/copies')]).toEqual([1, []]);
    });
  });

  it(
    'that is made while containers run has failed, too, when it could not be brought to the disk',
    { tags: ['lab:rsync'] },
    () => {
      const [pass] = livePass(rsync, asEntered(join(base, 'from')), asEntered(join(base, 'to')), {});
      if (pass?.kind !== 'exec') throw new Error('a live pass is one program');
      const run = runScript(pass.stdin ?? '', pass.argv.slice(3), environment(1, ''));
      expect(run).toMatchObject({ status: 1, stderr: expect.stringContaining('could not be brought to its disk') });
      expect([all('state/copied'), all('state/copies').length]).toEqual([[], 1]);
    },
  );
});
