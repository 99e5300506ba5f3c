import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { missingSshd } from '../test/support/sshd.ts';

const root = join(import.meta.dirname, '..');
export const plimsollProgram = join(root, 'dist', 'main.js');
/** Debian's own Python, for which Debian's packages are. */
export const python = '/usr/bin/python3';

/** What the benchmark lacks here, each with its remedy; nothing is installed by itself. */
export function missing(): readonly string[] {
  if (process.platform !== 'linux' || !existsSync('/etc/debian_version'))
    return ['Debian or a relative of it: its packages of OpenSSH, Ansible and paramiko are what is compared'];
  const problems: string[] = [];
  if (process.getuid?.() !== 0)
    problems.push('root: it starts an sshd in network and mount namespaces of its own (run: sudo npm run bench)');
  const packages = [
    ...(missingSshd() === undefined && existsSync('/usr/bin/ssh') ? [] : ['openssh-server', 'openssh-client']),
    ...(existsSync('/usr/bin/ansible-playbook') ? [] : ['ansible-core']),
    ...(hasModule('paramiko') ? [] : ['python3-paramiko']),
    ...(hasModule('ansible_mitogen') ? [] : ['ansible-mitogen']),
    ...(existsSync('/usr/bin/clush') ? [] : ['clustershell']),
    ...(spawnSync('ip', ['-V']).error === undefined ? [] : ['iproute2']),
  ];
  if (packages.length > 0) problems.push(`packages: apt-get install --no-install-recommends ${packages.join(' ')}`);
  return [...problems, ...missingBuild()];
}

/** What is measured is what is installed: the built program, of the sources that lie here. */
export function missingBuild(): readonly string[] {
  if (!existsSync(plimsollProgram)) return ['plimsoll itself: npm run build'];
  return newest(join(root, 'src')) > statSync(plimsollProgram).mtimeMs
    ? ['an up-to-date plimsoll (src/ is newer than dist/): npm run build']
    : [];
}

function hasModule(name: string): boolean {
  return spawnSync(python, ['-c', `import ${name}`]).status === 0;
}

function newest(directory: string): number {
  return Math.max(
    0,
    ...readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}
