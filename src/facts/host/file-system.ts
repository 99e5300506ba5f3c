import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { byHand } from '../../values/shell.ts';
import { shell } from '../../shell/shell.ts';

export type FileSystemKind = 'xfs' | 'ext2' | 'ext3' | 'ext4';

/** What a superblock says. */
export interface Superblock {
  readonly kind: FileSystemKind;
  readonly blockSize: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly uuid: string;
}

/** Where a device is mounted: `self` is the namespace that our shell is in, `container` that of the given process. */
interface MountedAt {
  readonly namespace: 'self' | 'dockerd' | 'container';
  readonly path: string;
}

/** What a block device holds. */
export interface FileSystem {
  /** The device's size in bytes. */
  readonly deviceBytes: number;
  /** Undefined when the device holds nothing that is known here. */
  readonly superblock: Superblock | undefined;
  /** The file system's size in bytes; of a mounted XFS as its kernel driver says, because its superblock on the device may lag. */
  readonly bytes: number | undefined;
  readonly mounts: readonly MountedAt[];
}

/** Null when there is no such block device. */
export const fileSystem: Fact<FileSystem | null> = {
  name: 'file-system',
  script: shell('facts/host/file-system.sh'),
  parse({ status, stdout, stderr }, [device = '']) {
    const lines = stdout.split('\n');
    if (status === 0 && lines[0] === 'absent') return null;
    const deviceBytes = Number(/^bytes ([1-9]\d*)$/.exec(lines[0] ?? '')?.[1]);
    const [, hex] = /^superblock ([0-9a-f]*)$/m.exec(stdout) ?? [];
    if (status !== 0 || !Number.isSafeInteger(deviceBytes) || hex === undefined) {
      throw new AppError(
        'fact-unreadable',
        `the size of ${oneLine(device)} could not be read: ${oneLine(stderr === '' ? stdout : stderr, 200)}`,
        { hint: `run "${byHand('blockdev', '--getsize64', oneLine(device))}" on the host as root` },
      );
    }
    const superblock = parseSuperblock(hex);
    const bytes =
      superblock?.kind === 'xfs' ? (parseXfsGeometry(stdout)?.bytes ?? superblock.bytes) : superblock?.bytes;
    return { deviceBytes, superblock, bytes, mounts: parseMounts(lines) };
  },
};

function parseMounts(lines: readonly string[]): readonly MountedAt[] {
  return lines.flatMap((line) => {
    const [, namespace, path] = /^mount (self|dockerd|container) (\S+)$/.exec(line) ?? [];
    if (path === undefined || (namespace !== 'self' && namespace !== 'dockerd' && namespace !== 'container')) return [];
    return [{ namespace, path: unescapeMount(path) }];
  });
}

/** mountinfo writes blanks, tabs, line feeds and backslashes as three octal digits. */
export function unescapeMount(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/**
 * The superblock within the first 4 KiB of a device, given as hexadecimal digits (blanks are
 * ignored); undefined when it is of no kind known here. Layouts: xfs_sb (big-endian, at 0) and
 * ext2_super_block (little-endian, at 1024).
 */
export function parseSuperblock(hex: string): Superblock | undefined {
  const digits = hex.replaceAll(/\s/g, '');
  const at = (offset: number, length: number): string => digits.slice(offset * 2, (offset + length) * 2);
  const big = (offset: number, length: number): number => Number(BigInt(`0x${at(offset, length)}`));
  const little = (offset: number, length: number): number =>
    Number(BigInt(`0x${(at(offset, length).match(/../g) ?? []).toReversed().join('')}`));
  if (digits.length >= 2 * 512 && at(0, 4) === '58465342') return superblockOf('xfs', big(4, 4), big(8, 8), at(32, 16));
  if (digits.length < 2 * 2048 || at(1024 + 0x38, 2) !== '53ef') return undefined;
  const has64Bit = (little(1024 + 0x60, 4) & 0x80) !== 0;
  const blocks = little(1024 + 4, 4) + (has64Bit ? little(1024 + 0x150, 4) * 2 ** 32 : 0);
  return superblockOf(
    extKind(little(1024 + 0x5c, 4), little(1024 + 0x60, 4), little(1024 + 0x64, 4)),
    1024 * 2 ** little(1024 + 0x18, 4),
    blocks,
    at(1024 + 0x68, 16),
  );
}

const journal = 0x4;
/** Features that ext3 does not have, so that their presence means ext4: extents, 64bit, flex_bg …; huge_file, gdt_csum, metadata_csum …. */
const ext4Incompatible = ~(0x2 | 0x4 | 0x8 | 0x10);
const ext4ReadOnlyCompatible = ~(0x1 | 0x2 | 0x4);

function extKind(compatible: number, incompatible: number, readOnlyCompatible: number): FileSystemKind {
  if ((incompatible & ext4Incompatible) !== 0 || (readOnlyCompatible & ext4ReadOnlyCompatible) !== 0) return 'ext4';
  return (compatible & journal) === 0 ? 'ext2' : 'ext3';
}

function superblockOf(kind: FileSystemKind, blockSize: number, blocks: number, uuid: string): Superblock | undefined {
  if (blockSize < 512 || blockSize > 65_536 || blocks === 0) return undefined;
  return {
    kind,
    blockSize,
    blocks,
    bytes: blockSize * blocks,
    uuid: uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  };
}

/** What `xfs_io -c statfs` prints of a mounted XFS; undefined when it is not one. */
export function parseXfsGeometry(
  text: string,
): { readonly blockSize: number; readonly blocks: number; readonly bytes: number } | undefined {
  const value = (key: string): number => Number(new RegExp(`^geom\\.${key} = (\\d+)$`, 'm').exec(text)?.[1]);
  const blockSize = value('bsize');
  const blocks = value('datablocks');
  return Number.isSafeInteger(blockSize * blocks) ? { blockSize, blocks, bytes: blockSize * blocks } : undefined;
}
