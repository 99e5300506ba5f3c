const size = 400 * 1024 ** 2;

/** A device that is twice as long as the file system on it. */
export const holding = (kind: 'xfs' | 'ext4') =>
  ({
    deviceBytes: size * 2,
    superblock: { kind, blockSize: 4096, blocks: size / 4096, bytes: size, uuid: '' },
    bytes: size,
    mounts: [{ namespace: 'self', path: '/m' }],
  }) as const;
