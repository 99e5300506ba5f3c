// lab: 15 s, src/transport/ssh/
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plimsoll } from '../../support/plimsoll.ts';
import { startSshd } from '../../support/sshd.ts';

it('60 hosts behind one sshd with the stock MaxStartups are all connected in one run', async () => {
  // sshd takes at most 16 addresses to listen on, but the wildcard has all of them.
  const sshd = await startSshd({ listen: ['0.0.0.0'], config: ['MaxStartups 10:30:100'] });
  try {
    const known = join(sshd.directory, 'all');
    await writeFile(known, `127.0.1.*,[127.0.1.*]:${String(sshd.port)} ${sshd.hostKeys[0] ?? ''}\n`);
    const hosts = Array.from(
      { length: 60 },
      (_, index) => `  h-${String(index + 1).padStart(2, '0')}: { address: 127.0.1.${String(index + 1)} }`,
    );
    await writeFile(
      join(sshd.directory, 'inventory.yaml'),
      `defaults: { user: ${sshd.user}, port: ${String(sshd.port)}, identity_file: ${sshd.identityFile}, known_hosts_file: ${known}, connect_timeout: 60s }\nhosts:\n${hosts.join('\n')}\n`,
    );
    await writeFile(
      join(sshd.directory, 'playbook.yaml'),
      'hosts: all\nsteps:\n  - command: [hostname]\n    read_only: true\n',
    );
    const ran = await plimsoll(
      [
        'plan',
        join(sshd.directory, 'playbook.yaml'),
        '-i',
        join(sshd.directory, 'inventory.yaml'),
        '--forks',
        '60',
        '--allow-read-only-programs',
      ],
      { HOME: sshd.directory },
    );
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toContain('connected 60 of 60');
  } finally {
    await sshd.stop();
  }
});
