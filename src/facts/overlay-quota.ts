import { AppError } from '../errors.ts';
import { oneLine } from '../values/terminal.ts';
import type { Fact } from './fact.ts';

/** The project quota on one overlay2 layer directory. */
export interface OverlayQuota {
  /** The file system that holds the layer: `xfs`, `ext4`… */
  readonly fileSystem: string;
  readonly mountPoint: string;
  /** Its mount options, among which `prjquota` makes limits count. */
  readonly options: readonly string[];
  /** The layer's project id; 0: the container was created without a size. */
  readonly project: number;
  /** Bytes of hard limit on the project; 0: none. */
  readonly limitBytes: number;
  readonly usedBytes: number;
  /** Bytes free on the whole file system, which a limit does not reserve. */
  readonly freeBytes: number;
  readonly quotaTool: boolean;
}

/**
 * Arguments: the layer's directory (the parent of inspect's UpperDir), and the container's root
 * directory of Docker, whose own directory has no quota and so tells what is free on the file system.
 */
export const overlayQuota: Fact<OverlayQuota> = {
  name: 'overlay-quota',
  script: `layer=$1 root=$2
[ -d "$layer" ] || { printf 'layer missing\\n'; exit 0; }
mount=$(df --output=target -- "$layer" | tail -n 1)
printf 'mount %s\\n' "$mount"
while read -r _ _ _ _ at options rest; do
  [ "$at" = "$mount" ] && type=\${rest#*- } && options="$options \${rest##* }" && line="filesystem \${type%% *}
options $options"
done </proc/self/mountinfo
printf '%s\\n' "\${line-}"
printf 'free %s\\n' "$(df -B1 --output=avail -- "$root" | tail -n 1)"
command -v xfs_quota >/dev/null 2>&1 && command -v xfs_io >/dev/null 2>&1 || { printf 'tool missing\\n'; exit 0; }
project=$(xfs_io -r -c stat "$layer" 2>/dev/null | sed -n 's/^fsxattr.projid = //p')
printf 'project %s\\n' "$project"
[ -n "$project" ] && [ "$project" != 0 ] && printf 'quota %s\\n' "$(xfs_quota -x -c 'report -p -n -b -N' "$mount" | sed -n "s/^#$project  *//p")"
exit 0`,
  parse({ stdout }, [layer = '']) {
    const field = (key: string): string | undefined => stdout.split('\n').find((line) => line.startsWith(`${key} `))?.slice(key.length + 1).trim();
    if (field('layer') === 'missing') throw new AppError('refused', `the container's layer directory ${oneLine(layer)} does not exist on the host`, { hint: 'does the daemon run on this host, and under this root directory?' });
    const mountPoint = field('mount') ?? '';
    const fileSystem = field('filesystem') ?? '';
    const freeBytes = Number(field('free'));
    if (mountPoint === '' || fileSystem === '' || !Number.isFinite(freeBytes)) throw new AppError('fact-unreadable', `the file system of ${oneLine(layer)} cannot be determined`, { hint: `look at it by hand: df ${layer}` });
    if (fileSystem === 'xfs' && field('tool') !== 'missing' && !/^\d+$/.test(field('project') ?? '')) {
      throw new AppError('fact-unreadable', `the project of ${oneLine(layer)} cannot be read`, { hint: `look at it by hand: xfs_io -r -c stat ${layer}` });
    }
    // `report -b`: blocks in KiB: used, soft limit, hard limit, …
    const [used = '0', , hard = '0'] = (field('quota') ?? '').split(/\s+/);
    return {
      fileSystem,
      mountPoint,
      options: (field('options') ?? '').split(/[\s,]+/).filter((option) => option !== ''),
      project: Number(field('project') ?? 0),
      limitBytes: Number(hard) * 1024,
      usedBytes: Number(used) * 1024,
      freeBytes,
      quotaTool: field('tool') !== 'missing',
    };
  },
};
