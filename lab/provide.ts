import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { buildLab } from './vm/build.ts';
import { missing } from './vm/machine.ts';

// Debian's packages, and a program of each by which one sees that it is there.
const packages: Readonly<Record<string, string>> = {
  'qemu-system-x86': '/usr/bin/qemu-system-x86_64',
  'qemu-utils': '/usr/bin/qemu-img',
  mmdebstrap: '/usr/bin/mmdebstrap',
  e2fsprogs: '/sbin/mke2fs',
  kmod: '/sbin/depmod',
  cpio: '/usr/bin/cpio',
  'xz-utils': '/usr/bin/xz',
  'util-linux': '/usr/bin/setpriv',
  'debian-archive-keyring': '/usr/share/keyrings/debian-archive-keyring.gpg',
  'openssh-client': '/usr/bin/ssh',
  'openssh-server': '/usr/sbin/sshd',
  // For the tests on this machine: accounts, login shells, copies of directories.
  sudo: '/usr/bin/sudo',
  opendoas: '/usr/bin/doas',
  fish: '/usr/bin/fish',
  csh: '/bin/csh',
  'busybox-static': '/bin/busybox',
  shellcheck: '/usr/bin/shellcheck',
  shfmt: '/usr/bin/shfmt',
  rsync: '/usr/bin/rsync',
  attr: '/usr/bin/setfattr',
  acl: '/usr/bin/setfacl',
  xfsprogs: '/sbin/mkfs.xfs',
  'etcd-server': '/usr/bin/etcd',
  'etcd-client': '/usr/bin/etcdctl',
  openssl: '/usr/bin/openssl',
  age: '/usr/bin/age',
  // What inventories of Ansible's are compared with.
  'ansible-core': '/usr/bin/ansible-inventory',
};

function aptGet(args: readonly string[]): void {
  const result = spawnSync('apt-get', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  });
  if (result.status !== 0) {
    const said = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-10).join('\n');
    throw new Error(`apt-get ${args.join(' ')} failed; is Debian's mirror reachable? It said:\n${said}`);
  }
}

function installPackages(say: (text: string) => void): void {
  const absent = Object.entries(packages)
    .filter(([, file]) => !existsSync(file))
    .map(([name]) => name);
  if (absent.length === 0) return;
  say(`installing ${absent.join(' ')}`);
  aptGet(['update', '-q']);
  withoutStartingServices(() => {
    aptGet(['install', '-y', '-q', '--no-install-recommends', ...absent]);
  });
  // Programs for the tests, not servers of this machine.
  const services = [
    ...(absent.includes('openssh-server') ? ['ssh.service', 'ssh.socket'] : []),
    ...(absent.includes('etcd-server') ? ['etcd.service'] : []),
  ];
  if (services.length > 0) spawnSync('systemctl', ['disable', ...services], { stdio: 'ignore' });
}

/** Debian starts the server it installs, unless a policy forbids it. */
function withoutStartingServices(work: () => void): void {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) {
    work();
    return;
  }
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    work();
  } finally {
    rmSync(policy, { force: true });
  }
}

function refuseElsewhere(): void {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  if (process.platform !== 'linux' || !/^ID=debian$/m.test(release) || process.arch !== 'x64') {
    throw new Error(
      'lab:setup needs Debian on x86-64 (for example a debian:12 container with Node 20, started as root)',
    );
  }
  if (process.getuid?.() !== 0) {
    throw new Error(
      'lab:setup installs packages and builds file system images: run it as root (sudo npm run lab:setup)',
    );
  }
}

/** Provides everything the lab's tests need; takes about a second when it is all there. */
export async function setUp(): Promise<void> {
  const began = Date.now();
  const say = (text: string): void => {
    console.log(`[${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s] ${text}`);
  };
  if (missing() === undefined && Object.values(packages).every((file) => existsSync(file))) {
    say('everything is in place');
    return;
  }
  refuseElsewhere();
  installPackages(say);
  await buildLab(say);
  const still = missing();
  if (still !== undefined) throw new Error(still);
  say('everything is in place');
}
