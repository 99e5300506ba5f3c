import * as z from 'zod';
import { AppError } from '../../errors.ts';
import { parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import type { FileSystemKind } from '../host/file-system.ts';
import { parseSuperblock, parseXfsGeometry } from '../host/file-system.ts';
import { shell } from '../../shell/shell.ts';

/**
 * Docker's own record of one thin device: `<root>/devicemapper/metadata/<hash>`, read by dockerd at
 * its start and at no other time (moby v20.10 daemon/graphdriver/devmapper/deviceset.go).
 */
export interface StoredDevice {
  readonly path: string;
  readonly deviceId: number;
  readonly bytes: number;
  /** The file's exact text, so that a patch changes the one number and nothing else. */
  readonly text: string;
  readonly mode: string;
}

/** What lies on a container's thin device, and what Docker has stored about it. */
export interface ThinRootfs {
  /** The device node's size in bytes; undefined while the device is not active. */
  readonly deviceBytes: number | undefined;
  readonly fileSystem: { readonly kind: FileSystemKind; readonly bytes: number } | undefined;
  readonly stored: StoredDevice;
  /** `df` of the running container's own root: bytes. */
  readonly usage: { readonly size: number; readonly used: number; readonly available: number } | undefined;
}

const stored = z.object({
  device_id: z.number().int().nonnegative(),
  size: z.number().int().positive(),
  transaction_id: z.number(),
  initialized: z.boolean(),
  deleted: z.boolean().optional(),
});

/** Arguments: the device's name, the path of Docker's record, the container's pid (0: not running). */
export const thinRootfs: Fact<ThinRootfs> = {
  name: 'thin-rootfs',
  script: shell('facts/rootfs/thin-rootfs.sh'),
  parse({ stdout }, [name = '', path = '', pid = '0']) {
    const lines = stdout.split('\n');
    const field = (key: string): string | undefined =>
      lines
        .find((line) => line.startsWith(`${key} `))
        ?.slice(key.length + 1)
        .trim();
    const unreadable = (what: string): AppError =>
      new AppError('fact-unreadable', `${what} of device ${oneLine(name)} cannot be understood`, {
        hint: 'look at it by hand: dmsetup info, blkid',
      });
    const record = field('record');
    if (record === undefined || record === 'missing') {
      throw new AppError('refused', `Docker has no record of the device ${oneLine(name)} at ${oneLine(path)}`, {
        hint: 'the daemon keeps its state elsewhere, or the device is not of this daemon',
      });
    }
    const superblock = field('superblock');
    const fromDevice = superblock === undefined || superblock === '' ? undefined : parseSuperblock(superblock);
    const geometry = stdout.includes('\nxfs\n')
      ? parseXfsGeometry(stdout.slice(stdout.indexOf('\nxfs\n') + 5))
      : undefined;
    if (pid !== '0' && fromDevice?.kind === 'xfs' && geometry === undefined) {
      throw new AppError(
        'missing-tool',
        `the size of the XFS on ${oneLine(name)} could not be asked for: xfs_io gave no answer`,
        { hint: 'install xfsprogs on the host' },
      );
    }
    const bytes = field('bytes');
    const deviceBytes = bytes === undefined ? undefined : Number(bytes);
    if (deviceBytes !== undefined && !(Number.isSafeInteger(deviceBytes) && deviceBytes > 0))
      throw unreadable('the size');
    return {
      deviceBytes,
      fileSystem:
        fromDevice === undefined
          ? undefined
          : {
              kind: fromDevice.kind,
              bytes: fromDevice.kind === 'xfs' ? (geometry ?? fromDevice).bytes : fromDevice.bytes,
            },
      stored: parseRecord(record, path, field('mode') ?? '', unreadable),
      usage: parseUsage(field('df')),
    };
  },
};

function parseRecord(hex: string, path: string, mode: string, unreadable: (what: string) => AppError): StoredDevice {
  const text = String.fromCharCode(...(hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));
  const parsed = stored.safeParse(parseJson(text));
  if (!parsed.success || !/^[0-7]{3,4}$/.test(mode)) throw unreadable("Docker's record");
  return { path, deviceId: parsed.data.device_id, bytes: parsed.data.size, text, mode: mode.padStart(4, '0') };
}

function parseUsage(df: string | undefined): ThinRootfs['usage'] {
  const [size, used, available] = (df ?? '').split(/\s+/).map(Number);
  if (size === undefined || used === undefined || available === undefined || !Number.isFinite(size + used + available))
    return undefined;
  return { size, used, available };
}
