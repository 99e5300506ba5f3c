/** The first bytes of a file system, enough for everyone who asks what lies on a device. */
export function superblock(kind: 'xfs' | 'ext4', bytes: number, uuid: string, blockSize: number): Buffer {
  return kind === 'xfs' ? xfs(bytes, uuid) : ext4(bytes, uuid, blockSize);
}

/** Blocks of an allocation group, as mkfs.xfs chooses on a device without stripes. */
export function xfsGroupBlocks(bytes: number): number {
  return Math.ceil(bytes / 4096 / 4);
}

function xfs(bytes: number, uuid: string): Buffer {
  const block = Buffer.alloc(512);
  block.write('XFSB', 0, 'latin1');
  block.writeUInt32BE(4096, 4);
  block.writeBigUInt64BE(BigInt(Math.floor(bytes / 4096)), 8);
  block.write(uuid.replaceAll('-', ''), 32, 'hex');
  block.writeUInt32BE(xfsGroupBlocks(bytes), 84);
  block.writeUInt32BE(4, 88);
  return block;
}

/** As mkfs.ext4 chooses. */
export function ext4BlockSize(bytes: number): number {
  return bytes < 512 * 1024 ** 2 ? 1024 : 4096;
}

const compatible = { journal: 0x4 };
const incompatible = { fileType: 0x2, extents: 0x40, is64Bit: 0x80, flexGroups: 0x200 };

function ext4(bytes: number, uuid: string, blockSize: number): Buffer {
  const block = Buffer.alloc(4096);
  const at = (offset: number): number => 1024 + offset;
  block.writeUInt32LE(Math.floor(bytes / blockSize), at(0x4));
  block.writeUInt32LE(Math.log2(blockSize / 1024), at(0x18));
  block.writeUInt16LE(0xef53, at(0x38));
  block.writeUInt32LE(compatible.journal, at(0x5c));
  block.writeUInt32LE(
    incompatible.fileType | incompatible.extents | incompatible.is64Bit | incompatible.flexGroups,
    at(0x60),
  );
  block.write(uuid.replaceAll('-', ''), at(0x68), 'hex');
  return block;
}
