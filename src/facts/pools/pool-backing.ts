import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** A sparse file behind a loop device. */
export interface LoopFile {
  readonly path: string;
  /** What it may become: its length. */
  readonly bytes: number;
  /** What it takes on the disk now. */
  readonly allocatedBytes: number;
}

/** A thin pool that belongs to LVM. */
export interface LogicalPool {
  readonly group: string;
  readonly name: string;
  readonly bytes: number;
  readonly metadataBytes: number;
  readonly dataPercent: number | undefined;
  readonly metadataPercent: number | undefined;
  /** In its volume group. */
  readonly freeBytes: number;
  readonly profile: string;
  /** dmeventd watches it; without that nothing is extended by itself. */
  readonly monitored: boolean;
  /** Percent that is used when it is extended, and by how much; 100 switches it off. Undefined where LVM does not say. */
  readonly autoextend: { readonly threshold: number; readonly percent: number } | undefined;
}

/** What a thin pool lies on. */
export interface PoolBacking {
  readonly loopFiles: readonly LoopFile[];
  /** Undefined when it is not LVM's, or there is no lvs. */
  readonly logical: LogicalPool | undefined;
}

/** Arguments: the pool's device-mapper name, and its loop files, if Docker names any: then LVM is not asked. */
export const poolBacking: Fact<PoolBacking> = {
  name: 'pool-backing',
  script: shell('facts/pools/pool-backing.sh'),
  parse({ stdout }, [, ...files]) {
    const lines = stdout.split('\n');
    const sizes = lines.filter((line) => line.startsWith('file '));
    return {
      loopFiles: files.flatMap((path, index) => loopFile(path, sizes[index] ?? '')),
      logical: parseLogical(lines),
    };
  },
};

function loopFile(path: string, line: string): readonly LoopFile[] {
  const [, bytes, blocks, blockBytes] = /^file (\d+) (\d+) (\d+)$/.exec(line) ?? [];
  return bytes === undefined
    ? []
    : [{ path, bytes: Number(bytes), allocatedBytes: Number(blocks) * Number(blockBytes) }];
}

function parseLogical(lines: readonly string[]): LogicalPool | undefined {
  const fields =
    lines
      .find((line) => line.startsWith('pool '))
      ?.slice('pool '.length)
      .trim()
      .split('|') ?? [];
  const [name, group, bytes, metadataBytes, data, metadata, free, profile = '', monitor = ''] = fields;
  if (name === undefined || group === undefined || fields.length !== 9) return undefined;
  const setting = (key: string): number =>
    Number(new RegExp(`^\\s*${key}=(\\d+)\\s*$`, 'm').exec(lines.join('\n'))?.[1]);
  const [threshold, percent] = [setting('thin_pool_autoextend_threshold'), setting('thin_pool_autoextend_percent')];
  const percentage = (text: string | undefined): number | undefined =>
    text === undefined || text === '' ? undefined : Number(text);
  return {
    group,
    name,
    bytes: Number(bytes),
    metadataBytes: Number(metadataBytes),
    dataPercent: percentage(data),
    metadataPercent: percentage(metadata),
    freeBytes: Number(free),
    profile,
    monitored: monitor === 'monitored',
    autoextend: Number.isFinite(threshold) && Number.isFinite(percent) ? { threshold, percent } : undefined,
  };
}
