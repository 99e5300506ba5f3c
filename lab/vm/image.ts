import { cp, mkdir, readFile, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { attempt, run, tied } from './process.ts';
import { fill, keyOf, keyPair, slotFolder, source, type Slot } from './cache.ts';
import { suiteSpecs, type Suite } from './kinds.ts';

export interface Image {
  readonly kernel: string;
  readonly initrd: string;
  readonly root: string; // a raw ext4
  readonly hostKey: string; // "ssh-ed25519 AAAA…"
}

const rootSize = 6 * 1024 ** 3;

/** The slot of a suite's base image; undefined while the lab has no key pair. */
export function imageSlot(suite: Suite): Slot | undefined {
  const { publicKey } = keyPair();
  if (publicKey === undefined) return undefined;
  const sources = ['image.ts', 'guest/kernel-hook.sh', 'guest/initrd-init.sh', 'guest/configure.sh'].map(source);
  return {
    shelf: 'images',
    name: suite,
    key: keyOf([suite, JSON.stringify(suiteSpecs[suite]), publicKey, ...sources]),
  };
}

export async function readImage(slot: Slot): Promise<Image> {
  const folder = slotFolder(slot);
  const [type, key] = (await readFile(join(folder, 'hostkey.pub'), 'utf8')).split(' ');
  return {
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd.img'),
    root: join(folder, 'root.img'),
    hostKey: `${String(type)} ${String(key)}`,
  };
}

/** Debian's packages → kernel, initrd and root file system. Needs root. */
export async function buildImage(
  suite: Suite,
  slot: Slot,
  publicKey: string,
  say: (text: string) => void,
): Promise<void> {
  await fill(slot, async (folder) => {
    const root = join(folder, 'rootfs');
    await debootstrap(suite, root);
    say('packages installed');
    const docker = await dockerVersion(suite, root);
    const release = await takeKernel(root, folder);
    await buildInitrd(root, release, folder);
    await run(['chroot', root, 'sh', '-s'], {
      stdin: source('guest/configure.sh'),
      env: { PUBLIC_KEY: publicKey, LC_ALL: 'C' },
    });
    await cp(join(root, 'etc/ssh/ssh_host_ed25519_key.pub'), join(folder, 'hostkey.pub'));
    say(`configured (Linux ${release}, Docker ${docker})`);
    const image = join(folder, 'root.img');
    await writeFile(image, '');
    await truncate(image, rootSize);
    await run([
      'mke2fs',
      '-q',
      '-t',
      'ext4',
      '-d',
      root,
      '-L',
      'labroot',
      '-m',
      '0',
      '-J',
      'size=16',
      '-E',
      'lazy_itable_init=1,lazy_journal_init=1,nodiscard',
      image,
    ]);
    for (const leftover of ['rootfs', 'kernel', 'initrd'])
      await run(['rm', '-rf', '--one-file-system', join(folder, leftover)]);
    await writeFile(join(folder, 'manifest.json'), `${JSON.stringify({ suite, docker, kernel: release }, null, 2)}\n`);
    say('root file system written');
  });
}

async function debootstrap(suite: Suite, root: string): Promise<void> {
  const mirror = process.env['PLIMSOLL_LAB_MIRROR'];
  const hook = join(import.meta.dirname, 'guest/kernel-hook.sh').replaceAll("'", `'\\''`);
  const result = await attempt(
    tied([
      'mmdebstrap',
      '--quiet',
      '--mode=root',
      '--variant=minbase',
      '--format=directory',
      `--include=${suiteSpecs[suite].packages.join(',')}`,
      '--aptopt=Acquire::Check-Valid-Until "false"', // testing's Release files expire within a week
      ...['doc', 'man', 'locale'].map((each) => `--dpkgopt=path-exclude=/usr/share/${each}/*`),
      `--customize-hook=sh '${hook}' "$1"`,
      suite,
      root,
      ...(mirror === undefined || mirror === '' ? [] : [mirror]),
    ]),
    { env: { LC_ALL: 'C' } },
  );
  if (result.code !== 0) {
    throw new Error(
      `Debian ${suite} could not be installed into an image. Is Debian's mirror reachable ` +
        `(another one: PLIMSOLL_LAB_MIRROR=http://…)? mmdebstrap said:\n${result.stderr.trim().split('\n').slice(-12).join('\n')}`,
    );
  }
}

async function dockerVersion(suite: Suite, root: string): Promise<string> {
  const version = (await run(['chroot', root, 'dpkg-query', '-W', '-f', '${Version}', 'docker.io'])).trim();
  const wanted = suiteSpecs[suite].docker;
  if (!version.startsWith(`${wanted}.`)) {
    throw new Error(
      `Debian ${suite} has Docker ${version} now, the lab expects ${wanted}: ` +
        `set PLIMSOLL_LAB_MIRROR to a snapshot.debian.org mirror that has it, or adapt lab/vm/kinds.ts`,
    );
  }
  return version;
}

async function takeKernel(root: string, folder: string): Promise<string> {
  const unpacked = join(folder, 'kernel');
  await mkdir(unpacked);
  const packages = join(root, 'opt/kernel');
  for (const name of await readdir(packages)) await run(['dpkg-deb', '-x', join(packages, name), unpacked]);
  await rm(packages, { recursive: true });
  const modules = [join(unpacked, 'lib/modules'), join(unpacked, 'usr/lib/modules')].find((path) => existsSync(path));
  const release = modules === undefined ? undefined : (await readdir(modules)).find((name) => name.includes('cloud'));
  if (modules === undefined || release === undefined) throw new Error('the kernel packages contain no modules');
  const kernel = [`boot/vmlinuz-${release}`, `usr/lib/modules/${release}/vmlinuz`]
    .map((path) => join(unpacked, path))
    .find((path) => existsSync(path));
  if (kernel === undefined) throw new Error(`the kernel packages contain no vmlinuz for ${release}`);
  await cp(kernel, join(folder, 'vmlinuz'));
  await mkdir(join(root, 'usr/lib/modules'), { recursive: true });
  await run(['cp', '-a', join(modules, release), join(root, 'usr/lib/modules/')]);
  await run(['depmod', '-b', root, release]);
  return release;
}

async function buildInitrd(root: string, release: string, folder: string): Promise<void> {
  const tree = join(folder, 'initrd');
  for (const name of ['bin', 'proc', 'sys', 'dev', 'newroot', 'mod'])
    await mkdir(join(tree, name), { recursive: true });
  await cp(join(root, 'bin/busybox'), join(tree, 'bin/busybox'));
  for (const name of ['sh', 'mount', 'insmod', 'switch_root', 'sleep', 'mkdir'])
    await symlink('busybox', join(tree, 'bin', name));
  const order: string[] = [];
  for (const name of ['virtio_pci', 'virtio_blk', 'virtio_net', 'ext4', 'overlay']) {
    // a module that is built in is printed as "builtin …"
    const { stdout } = await attempt(['modprobe', '-d', root, '-S', release, '--show-depends', name]);
    for (const [, path] of stdout.matchAll(/^insmod (\S+)/gm)) {
      if (path === undefined || order.includes(basename(path).replace(/\.xz$/, ''))) continue;
      const file = basename(path).replace(/\.xz$/, '');
      if (path.endsWith('.xz')) await run(['sh', '-c', 'xz -dc -- "$1" > "$2"', 'sh', path, join(tree, 'mod', file)]);
      else await cp(path, join(tree, 'mod', file));
      order.push(file);
    }
  }
  await writeFile(join(tree, 'mod/order'), order.map((file) => `${file}\n`).join(''));
  await writeFile(join(tree, 'init'), source('guest/initrd-init.sh'), { mode: 0o755 });
  const archive = join(folder, 'initrd.cpio');
  await run(['sh', '-c', 'cd -- "$1" && find . | cpio -o -H newc --quiet > "$2"', 'sh', tree, archive]);
  await writeFile(join(folder, 'initrd.img'), gzipSync(await readFile(archive), { level: 1 }));
  await rm(archive);
}
