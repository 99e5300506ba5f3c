import type { Trend } from './trend.ts';

/** One thing that can become full, on one host. */
export interface Figure {
  readonly host: string;
  readonly kind: 'file system' | 'pool data' | 'pool metadata' | 'container' | 'volume';
  readonly name: string;
  /** The same in every survey, as long as it is the same thing. */
  readonly key: string;
  readonly used: number | null;
  readonly size: number | null;
  /** How much can be used: of a file system less than its size, because it keeps some for root. */
  readonly fullAt: number | null;
  /** 0.8: four fifths of that. */
  readonly use: number | null;
  /** Whether a restart would make it smaller again; null where that cannot be, or is not known. */
  readonly restartUndoes: boolean | null;
  /** What somebody must see. */
  readonly cautions: readonly string[];
  readonly notes: readonly string[];
  /** What makes it larger; null when plimsoll cannot. */
  readonly remedy: Remedy | null;
  readonly trend: Trend | null;
}

/** The playbook that makes one thing larger, or makes its size last, with what it is told. */
export interface Remedy {
  readonly operation: 'grow_rootfs' | 'repair_rootfs' | 'scale_volume' | 'grow_pool';
  readonly playbook: string;
  readonly vars: Readonly<Record<string, string>>;
}
