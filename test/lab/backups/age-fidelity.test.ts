// lab: 5 s, lab/sim/engine/age lab/sim/bin/age
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ageAnswers, putAgeFiles, recordedAge } from '../../support/age-calls.ts';

const { pathname: engine } = new URL('../../../lab/sim/engine/age.mjs', import.meta.url);
const key = 'age1mg9dsaugwzdz4sdq5yj02dq70atj776az3t2cqnkjqyd06mmj97q668f3p';

/** The simulated age is held to these answers (test/sim/volumes/age.test.ts), and they to the age of today. */
it('age answers as was recorded', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'plimsoll-age-'));
  try {
    const answers = await ageAnswers(directory, (script) => {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
      return Promise.resolve({ code: status, stdout, stderr });
    });
    await expect(`${JSON.stringify(answers, null, 2)}\n`).toMatchFileSnapshot(recordedAge.pathname);
  } finally {
    await rm(directory, { recursive: true });
  }
});

it.each([0, 1, 65_536, 200_000])('each decrypts what the other has encrypted: %d bytes', async (bytes) => {
  const directory = await mkdtemp(join(tmpdir(), 'plimsoll-age-'));
  try {
    await putAgeFiles(directory);
    const run = (script: string): string =>
      spawnSync('sh', ['-c', `set -e; head -c ${String(bytes)} text >part; ${script}`], {
        cwd: directory,
        encoding: 'utf8',
        env: { ...process.env, ENGINE: engine },
      }).stdout;
    expect(run(`age -r ${key} <part | node "$ENGINE" age -d -i key | cmp - part && echo same`)).toBe('same\n');
    expect(run(`node "$ENGINE" age -r ${key} <part | age -d -i key | cmp - part && echo same`)).toBe('same\n');
  } finally {
    await rm(directory, { recursive: true });
  }
});
