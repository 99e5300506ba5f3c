// lab: 60 s, src/transport/remote-shell/privilege.ts
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabFleet } from '../lab-fleet.ts';
import { labFleet } from '../lab-fleet.ts';
import { plimsoll } from '../../support/plimsoll.ts';

const plan = ['plan', 'playbooks/grow-rootfs.yaml', '-e', 'container=c1', '-e', 'target=512MiB'] as const;
const password = 's3cret pw';

describe('becoming root on a real host', () => {
  let fleet: LabFleet;
  beforeAll(async () => {
    fleet = await labFleet(['dm-xfs']);
  });
  afterAll(() => fleet.stop());

  /** The fleet's one machine under another user and with other settings. */
  async function as(settings: string, environment: NodeJS.ProcessEnv = {}) {
    const [machine] = fleet.machines;
    if (machine === undefined) throw new Error('no machine');
    const file = join(fleet.directory, 'as.yaml');
    await writeFile(
      file,
      `hosts:\n  box: { address: 127.0.0.1, port: ${String(machine.port)}, identity_file: ${machine.keyFile}, known_hosts_file: ${machine.knownHosts}, connect_timeout: 90s, ${settings} }\n`,
    );
    return plimsoll([...plan, '-i', file], { HOME: fleet.directory, ...environment });
  }

  it('works with a sudo password, which appears in no process list and in no output', async () => {
    const [machine] = fleet.machines;
    const watched = machine?.sh(
      'for i in $(seq 25); do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"; sleep 0.2; done | grep -c "s3cre[t]" || true',
    );
    const ran = await as('user: opspw, become: true, become_password: { env: LAB_PASSWORD }', {
      LAB_PASSWORD: password,
    });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/c1: 320 MiB → 512 MiB/);
    expect(ran.stdout + ran.stderr).not.toContain('s3cret');
    expect((await watched)?.trim()).toBe('0');
  });

  it.each([
    [
      'a wrong password',
      'user: opspw, become: true, become_password: { env: LAB_PASSWORD }',
      { LAB_PASSWORD: 'wrong' },
      4,
      /password/,
    ],
    ['a password that is needed and not given', 'user: opspw, become: true', {}, 4, /password/],
    ['a user who may not use sudo', 'user: plain, become: true', {}, 4, /sudo/],
    ['a user without rights and without become', 'user: plain', {}, 4, /permission denied/i],
    ['a user who does not exist', 'user: nobody-here', {}, 3, /could not log in/],
  ] as const)('%s is one clear line', async (_name, settings, environment, code, message) => {
    const ran = await as(settings, environment);
    expect(ran.code, ran.stdout + ran.stderr).toBe(code);
    expect(ran.stdout).toMatch(message);
    expect(ran.stdout + ran.stderr).not.toMatch(/\n\s+at .*\.ts|node:internal/);
  });
});
