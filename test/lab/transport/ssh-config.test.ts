// lab: 60 s, src/config/ssh/ src/transport/
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingSshd, type Sshd, startSshd } from '../../support/sshd.ts';
import { plimsoll } from '../../support/plimsoll.ts';

const missing = missingSshd();
if (missing !== undefined) throw new Error(`the tests with a real sshd cannot run: ${missing}`);

const run = promisify(execFile);
const addresses = ['127.77.1.1', '127.77.1.2', '127.77.1.3', '127.77.1.4'];

/** Of an ordinary configuration; where plimsoll cannot go ssh's way, why. */
const hosts: Readonly<Record<string, RegExp | undefined>> = {
  'web-name': undefined,
  'web-ident': undefined,
  'web-alias': undefined,
  'web-jump': undefined,
  'web-jumps': undefined,
  'web-old-jump': undefined,
  'web-match': undefined,
  'web-command': /goes by a ProxyCommand/,
  'web-cert': /logs in with the certificate/,
};

describe('whoever ssh reaches by its configuration', () => {
  let sshd: Sshd;
  let config: string;
  let inventory: string;

  beforeAll(async () => {
    sshd = await startSshd({ listen: addresses });
    const { directory, port, user, identityFile, knownHostsFile, hostKeys } = sshd;
    config = join(directory, 'config');
    inventory = join(directory, 'inventory.yaml');
    const aliases = join(directory, 'aliases');
    mkdirSync(join(directory, 'more'));
    writeFileSync(aliases, hostKeys.map((key) => `the-alias ${key}\n`).join(''));
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'ca')]);
    await run('ssh-keygen', ['-q', '-s', join(directory, 'ca'), '-I', 'x', '-n', user, `${identityFile}.pub`]);
    writeFileSync(
      join(directory, 'more', 'keys.conf'),
      `Host web-* gate-*\n  IdentityFile ${identityFile}\n  IdentitiesOnly yes\n  Port ${String(port)}\n`,
    );
    writeFileSync(
      config,
      `Include ${join(directory, 'more')}/*.conf
Host web-name
  HostName ${addresses[0] ?? ''}
Host web-ident
  User ${user}
  HostName ${addresses[1] ?? ''}
Host web-alias
  HostName ${addresses[2] ?? ''}
  HostKeyAlias the-alias
  UserKnownHostsFile ${aliases}
Host gate-1
  HostName ${addresses[2] ?? ''}
Host gate-2
  HostName ${addresses[3] ?? ''}
Host web-jump
  HostName ${addresses[0] ?? ''}
  ProxyJump gate-1
Host web-jumps
  HostName ${addresses[1] ?? ''}
  ProxyJump ${user}@gate-1,gate-2
Host web-old-jump
  HostName ${addresses[0] ?? ''}
  ProxyCommand ssh -F ${config} -W %h:%p gate-2
Host web-command
  HostName ${addresses[0] ?? ''}
  ProxyCommand ${process.execPath} -e "const s=require('net').connect(%p,'%h');process.stdin.pipe(s).pipe(process.stdout)"
Host web-cert
  HostName ${addresses[0] ?? ''}
  CertificateFile ${identityFile}-cert.pub
Match exec "test %n = web-match"
  HostName ${addresses[1] ?? ''}
Match all
  UserKnownHostsFile ${knownHostsFile}
  User ${user}
`,
    );
    writeFileSync(
      inventory,
      `hosts:\n${Object.keys(hosts)
        .map((name) => `  ${name}:\n`)
        .join('')}`,
    );
  });
  afterAll(() => sshd.stop());

  it.each(Object.keys(hosts))('ssh reaches %s', async (name) => {
    const { stdout } = await run('ssh', ['-F', config, '-o', 'BatchMode=yes', name, 'echo reached']);
    expect(stdout).toBe('reached\n');
  });

  it('plimsoll reaches too, or says why not before it connects', async () => {
    const { stdout, stderr } = await plimsoll(['ping', '-v', '-i', inventory, '--ssh-config', config]);
    for (const [name, reason] of Object.entries(hosts)) {
      const line = stdout.split('\n').find((text) => text.startsWith(`${name}: `)) ?? '';
      expect(line).toMatch(reason ?? /: ok in \d+ ms/);
    }
    expect(stderr).toMatch(/ssh ran on this machine for .* \(Match exec\): test web-match = web-match/);
    expect(readFileSync(inventory, 'utf8')).not.toContain('127.');
  });

  it('plimsoll reaches by an inventory of Ansible’s, too, and through the bastions that its options name', async () => {
    const ansible = join(sshd.directory, 'hosts');
    writeFileSync(
      ansible,
      `a ansible_host=web-alias
b ansible_host=web-name ansible_ssh_common_args="-J gate-1"
gate-1 ansible_host=192.0.2.1
c ansible_host=web-ident ansible_ssh_args='-o ProxyCommand="ssh -F ${config} -W %h:%p gate-2"'
`,
    );
    const { stdout } = await plimsoll(['ping', '-v', 'a,b,c', '-i', ansible, '--ssh-config', config]);
    for (const name of ['a', 'b', 'c']) expect(stdout).toMatch(new RegExp(`^${name}: ok in`, 'm'));
    const { stdout: shown } = await plimsoll(['inventory', 'b', '-i', ansible, '--ssh-config', config]);
    expect(shown).toMatch(/^ {2}proxy_jump +gate-1 +\(.*hosts:2\)$/m);
    expect(shown).toMatch(/^b is behind ssh:\/\/gate-1$/m);
    expect(shown).toMatch(new RegExp(`^ {2}address +${addresses[2] ?? ''} +\\(ssh config\\)$`, 'm'));
  });
});
