import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { limit } from '../pace.ts';
import { fill, keyOf, keyPair, slotFolder, source, type Slot } from './cache.ts';
import { imageSlot, readImage } from './image.ts';
import { kindSpecs, type Kind, type KindSpec } from './kinds.ts';
import { run, versionLine } from './process.ts';
import { freeze, startQemu } from './qemu.ts';
import { Ssh } from './ssh.ts';

/** The files of a frozen machine. */
export interface Golden {
  readonly folder: string;
  readonly memory: string;
  readonly state: string;
  readonly disks: readonly string[];
}

let qemuVersion: string | undefined;

/** The slot of a kind's frozen machine; undefined without its image's key or without qemu. */
export function goldenSlot(kind: Kind): Slot | undefined {
  const image = imageSlot(kindSpecs[kind].suite);
  qemuVersion ??= versionLine(['qemu-system-x86_64', '--version']); // another qemu may not read the state
  if (image === undefined || qemuVersion === undefined) return undefined;
  const sources = ['golden.ts', 'qemu.ts', `guest/storage-${kindSpecs[kind].storage}.sh`, 'guest/start-docker.sh'].map(
    source,
  );
  return {
    shelf: 'goldens',
    name: kind,
    key: keyOf([kind, JSON.stringify(kindSpecs[kind]), image.key, qemuVersion, ...sources]),
  };
}

const diskNames = (spec: KindSpec): readonly string[] => [
  'root',
  ...spec.disks.map((_, index) => `disk${String(index + 1)}`),
];

export function readGolden(kind: Kind, slot: Slot): Golden {
  const folder = slotFolder(slot);
  return {
    folder,
    memory: join(folder, 'memory'),
    state: join(folder, 'state'),
    disks: diskNames(kindSpecs[kind]).map((name) => join(folder, `${name}.qcow2`)),
  };
}

/** What the guest runs to become a machine of that kind. */
function preparation(spec: KindSpec): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  return [
    'set -eu',
    `DAEMON=${quoted(JSON.stringify(spec.daemon, null, 2))}`,
    `CONTAINERS=${quoted(spec.containers.map((words) => words.join(' ')).join('\n'))}`,
    source(`guest/storage-${spec.storage}.sh`),
    source('guest/start-docker.sh'),
  ].join('\n');
}

/** Boots the kind once, brings dockerd up with its containers, and freezes memory and disks. */
export async function buildGolden(kind: Kind, slot: Slot, say: (text: string) => void): Promise<void> {
  const spec = kindSpecs[kind];
  const imageAt = imageSlot(spec.suite);
  if (imageAt === undefined) throw new Error(`the image of ${spec.suite} is not built`);
  const image = await readImage(imageAt);
  const sockets = await mkdtemp(join(tmpdir(), 'plimsoll-'));
  try {
    await fill(slot, async (folder) => {
      const disks = diskNames(spec).map((name) => join(folder, `${name}.qcow2`));
      // relative, so that the cache can be moved
      const backing = join('..', '..', 'images', basename(dirname(image.root)), basename(image.root));
      for (const [index, disk] of disks.entries()) {
        const size = index === 0 ? undefined : spec.disks[index - 1];
        await run([
          'qemu-img',
          'create',
          '-q',
          '-f',
          'qcow2',
          ...(size === undefined ? ['-b', backing, '-F', 'raw', disk] : [disk, size]),
        ]);
      }
      const memory = join(folder, 'memory');
      const qemu = await startQemu({
        folder,
        name: `golden-${kind}`,
        kernel: image.kernel,
        initrd: image.initrd,
        memoryMiB: spec.memoryMiB,
        memory: { file: memory, own: true },
        disks,
        frozen: false,
      });
      const knownHosts = join(sockets, 'known_hosts');
      await writeFile(knownHosts, `[127.0.0.1]:${String(qemu.port)} ${image.hostKey}\n`);
      const ssh = new Ssh({ port: qemu.port, keyFile: keyPair().keyFile, knownHosts }, sockets);
      try {
        await ssh.ready(limit(180_000), () => (qemu.running() ? undefined : 'qemu has ended'));
        say('booted');
        const result = await ssh.exec('exec sh -s', { stdin: preparation(spec), timeoutMs: limit(300_000) });
        if (result.code !== 0) throw new Error(`preparing it failed (${String(result.code)}): ${result.stderr.trim()}`);
        say('dockerd and its containers run');
        await ssh.close();
        await new Promise((resolve) => setTimeout(resolve, 1000)); // sshd notices
        await freeze(qemu, join(folder, 'state'));
      } catch (error) {
        const log = await readFile(join(folder, 'console.log'), 'utf8').catch(() => '');
        throw new Error(
          `machine ${kind}: ${error instanceof Error ? error.message : String(error)}${log === '' ? '' : `\nits console ended with:\n${log.slice(-1500)}`}`,
          { cause: error },
        );
      } finally {
        await ssh.close();
        await qemu.kill();
      }
      await rm(join(folder, 'console.log'), { force: true });
      await run(['fallocate', '--dig-holes', memory]); // memory never used
      await writeFile(join(folder, 'manifest.json'), `${JSON.stringify({ kind, ...spec }, null, 2)}\n`);
      say('frozen');
    });
  } finally {
    await rm(sockets, { recursive: true, force: true });
  }
}
