import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ageAnswers, putAgeFiles, recordedAge, sealedByAge } from '../../support/age-calls.ts';
import { start, stopFleets } from '../simulated-host.ts';

stopFleets();

/** It encrypts and decrypts for real, so that a backup of a simulated host is one. */
describe('the simulated age', () => {
  it('answers as the real one does (test/lab/backups/age-fidelity.test.ts records that)', async () => {
    const { fleet, host } = await start({ name: 'web-1', kind: 'overlay2-plain' });
    expect(await ageAnswers(fleet.directory, (script) => host.run(script))).toEqual(
      JSON.parse(await readFile(recordedAge, 'utf8')),
    );
  });

  it('decrypts what the real one has encrypted', async () => {
    const { fleet, host } = await start({ name: 'web-1', kind: 'overlay2-plain' });
    await putAgeFiles(fleet.directory);
    await writeFile(join(fleet.directory, 'sealed'), Buffer.from(sealedByAge, 'base64'));
    for (const key of ['key', 'other'])
      expect(await host.run(`cd '${fleet.directory}' && age -d -i ${key} <sealed`)).toMatchObject({
        code: 0,
        stdout: 'what the real age\nhas encrypted\n',
      });
  });

  it('does not pretend to know more', async () => {
    const { host } = await start({ name: 'web-1', kind: 'overlay2-plain' });
    for (const call of ['age -p', 'age -r ssh-ed25519', 'age-keygen', 'age -d -i key -o file'])
      expect(await host.run(call)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('sim: unsupported call') as unknown,
      });
  });
});
