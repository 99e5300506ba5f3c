import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Kind = 'xfs' | 'ext4';

/** Whether a real file system of this kind can be mounted here. Found out by doing it once. */
export function canMountLoop(kind: Kind): boolean {
  if (!existsSync('/dev/loop-control')) return false;
  try {
    mountLoop(kind, 320 * 1024 ** 2).close();
    return true;
  } catch {
    return false;
  }
}

export interface MountedLoop {
  readonly device: string;
  readonly mountPoint: string;
  grow(bytes: number): void;
  close(): void;
}

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** A file system on a loop device, mounted. `close` unmounts, detaches and removes it. */
export function mountLoop(kind: Kind, bytes: number): MountedLoop {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-loop-'));
  const image = join(directory, 'image');
  const mountPoint = join(directory, 'mnt');
  let device: string | undefined;
  const close = (): void => {
    spawnSync('umount', [mountPoint]);
    if (device !== undefined) spawnSync('losetup', ['-d', device]);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    writeFileSync(image, '');
    truncateSync(image, bytes);
    mkdirSync(mountPoint);
    run(`mkfs.${kind}`, ...(kind === 'xfs' ? ['-q'] : ['-q', '-F']), image);
    const attached = run('losetup', '-f', '--show', image);
    device = attached;
    run('mount', '-t', kind, attached, mountPoint);
    return {
      device: attached,
      mountPoint,
      close,
      grow(size) {
        truncateSync(image, size);
        run('losetup', '-c', attached);
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}
