import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { byHand } from '../../values/shell.ts';
import { shell } from '../../shell/shell.ts';

/** A thin pool that LVM owns, and the volume group that it can grow in. */
export interface LvmPool {
  readonly dataBytes: number;
  readonly metadataBytes: number;
  /** LVM keeps a spare of the largest metadata in the group, and lets it grow with that; 0: none. */
  readonly spareBytes: number;
  readonly freeBytes: number;
  readonly extentBytes: number;
  /** dmeventd watches it, without which nothing is extended automatically. */
  readonly monitored: boolean;
  /** The metadata profile that says when it is; empty: the host's lvm.conf does. */
  readonly profile: string;
  /** Percent of use at which LVM extends it, by how many percent; 100: never. Undefined where LVM does not say. */
  readonly autoextend: { readonly threshold: number; readonly percent: number } | undefined;
}

const noBinary = 127;

/** Arguments: the volume group, the thin pool's name in it. Errors: `missing-tool`, `fact-unreadable`. */
export const lvmPool: Fact<LvmPool> = {
  name: 'lvm-pool',
  timeoutMs: 120_000,
  script: shell('facts/pools/lvm-pool.sh', { no_binary: noBinary }),
  parse({ status, stdout, stderr }, [group = '', name = '']) {
    if (status === noBinary)
      throw new AppError('missing-tool', 'lvs is not installed', { hint: 'install the package lvm2' });
    const field = (pattern: RegExp): readonly string[] => pattern.exec(stdout)?.slice(1) ?? [];
    const [attributes, data, metadata, monitor = '', profile = ''] = field(
      /^pool ([^|\s]+)\|(\d+)\|(\d*)\|([^|]*)\|(.*)$/m,
    );
    const [free, extent] = field(/^group +(\d+)\|(\d+)\s*$/m);
    const numbers = [data, metadata, free, extent].map(Number);
    const [dataBytes = 0, metadataBytes = 0, freeBytes = 0, extentBytes = 0] = numbers;
    if (
      status !== 0 ||
      attributes?.startsWith('t') !== true ||
      free === undefined ||
      dataBytes === 0 ||
      metadataBytes === 0 ||
      extentBytes === 0 ||
      !numbers.every(Number.isSafeInteger)
    ) {
      throw new AppError(
        'fact-unreadable',
        `the thin pool ${oneLine(`${group}/${name}`)} could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
        { hint: `run "${byHand('lvs', '-a', oneLine(group))}" on the host as root` },
      );
    }
    const [threshold] = field(/^thin_pool_autoextend_threshold=(\d+)$/m);
    const [percent] = field(/^thin_pool_autoextend_percent=(\d+)$/m);
    return {
      dataBytes,
      metadataBytes,
      spareBytes: Number(field(/^spare (\d+)$/m)[0] ?? 0),
      freeBytes,
      extentBytes,
      monitored: monitor.trim() === 'monitored',
      profile: profile.trim(),
      autoextend:
        threshold === undefined || percent === undefined
          ? undefined
          : { threshold: Number(threshold), percent: Number(percent) },
    };
  },
};
