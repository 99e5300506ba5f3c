import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why real file systems on loop devices cannot be made here; undefined when they can. */
export function whyNoLoop(...tools: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (!existsSync('/dev/loop-control')) return 'needs loop devices';
  const missing = ['losetup', 'mount', ...tools].filter((tool) => spawnSync('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin; command -v "$1"', 'sh', tool]).status !== 0);
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  const probe = spawnSync('losetup', ['-f']);
  return probe.status === 0 ? undefined : 'needs a free loop device';
}

export interface MountedLoop {
  readonly device: string;
  readonly mountPoint: string;
  grow(bytes: number): void;
  close(): void;
}

/** A file system on a loop device, mounted. `close` unmounts, detaches and removes it. */
export function mountLoop(kind: 'xfs' | 'ext4', bytes: number): MountedLoop {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-loop-'));
  const image = join(directory, 'image');
  const mountPoint = join(directory, 'mnt');
  writeFileSync(image, '');
  truncateSync(image, bytes);
  mkdirSync(mountPoint);
  execFileSync(kind === 'xfs' ? 'mkfs.xfs' : 'mkfs.ext4', kind === 'xfs' ? ['-q', image] : ['-q', '-F', image]);
  const device = execFileSync('losetup', ['-f', '--show', image], { encoding: 'utf8' }).trim();
  execFileSync('mount', ['-t', kind, device, mountPoint]);
  return {
    device,
    mountPoint,
    grow(size) {
      truncateSync(image, size);
      execFileSync('losetup', ['-c', device]);
    },
    close() {
      spawnSync('umount', [mountPoint]);
      spawnSync('losetup', ['-d', device]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
