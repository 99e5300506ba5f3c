import type { LvmPool } from '../../facts/pools/lvm-pool.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes, roundUp } from '../../values/size.ts';
import type { Action, Change } from '../engine/change.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import type { Wanted } from './loop-files.ts';
import type { ThinPool } from './thin-pool.ts';
import { judgeSizes, reportedSize, reportScript } from './thin-pool.ts';
import { byHand } from '../../values/shell.ts';
import { shell } from '../../shell/shell.ts';

export interface LvmName {
  readonly group: string;
  readonly name: string;
}

/** device-mapper's name of an LVM volume: group and name joined by a dash, their own dashes doubled. */
export function lvmNameOf(device: string): LvmName | undefined {
  const [, group, name] = /^((?:[^-]|--)+)-((?:[^-]|--)+)$/.exec(device) ?? [];
  return group === undefined || name === undefined
    ? undefined
    : { group: group.replaceAll('--', '-'), name: name.replaceAll('--', '-') };
}

/**
 * Grows a pool that LVM owns, by LVM's own means: it keeps the tables, and would put its own back. Never
 * dmsetup, not even to bring it back: that is `lvchange --refresh`.
 */
export function growLvmPool(pool: ThinPool, { group, name }: LvmName, lvm: LvmPool, wanted: Wanted): ContainerPlan {
  const { sizes } = wanted;
  const volume = `${group}/${name}`;
  const refusal = judgeLvm(pool, volume, lvm, wanted);
  if (refusal !== undefined) return refusal;
  const warnings = autoextendReport(volume, lvm);
  const growData = wanted.asked.data && sizes.data > lvm.dataBytes;
  const growMetadata = wanted.asked.metadata && sizes.metadata > lvm.metadataBytes;
  if (!growData && !growMetadata) return { changes: [], warnings, owed: [] };
  const change: Change = {
    summary: `pool ${volume}: ${[...(growData ? [`data ${formatBytes(lvm.dataBytes)} → ${formatBytes(sizes.data)}`] : []), ...(growMetadata ? [`metadata ${formatBytes(lvm.metadataBytes)} → ${formatBytes(sizes.metadata)}`] : [])].join(', ')} (LVM, online)`,
    subject: `pool:${pool.device.name}`,
    before: { dataBytes: lvm.dataBytes, metadataBytes: lvm.metadataBytes },
    after: { dataBytes: sizes.data, metadataBytes: sizes.metadata },
    actions: [
      // Metadata first: it is what more data needs.
      ...(growMetadata ? [extend(pool, volume, '--poolmetadatasize', sizes.metadata, 'lv_metadata_size')] : []),
      ...(growData ? [extend(pool, volume, '-L', sizes.data, 'lv_size')] : []),
      {
        kind: 'check',
        argv: ['/bin/sh', '-c', reportScript, 'sh', pool.device.name],
        equals: reportedSize(pool, sizes),
        otherwise: 'the pool has not come to its new size',
      },
    ],
    // A thin pool cannot be reduced.
    undo: 'irreversible',
    atomic: true,
    bindings: { pool: pool.device.name },
  };
  return { changes: [change], warnings, owed: [] };
}

function judgeLvm(pool: ThinPool, volume: string, lvm: LvmPool, { sizes, asked }: Wanted): Refusal | undefined {
  const smaller = (what: string, now: number, then: number): Refusal =>
    refuse(
      `the pool's ${what} is ${formatBytes(now)} now, more than the ${formatBytes(then)} wanted: a pool cannot be made smaller`,
      `ask for ${formatBytes(now)} or more`,
    );
  if (asked.data && sizes.data < lvm.dataBytes) return smaller('data', lvm.dataBytes, sizes.data);
  if (asked.metadata && sizes.metadata < lvm.metadataBytes)
    return smaller('metadata', lvm.metadataBytes, sizes.metadata);
  if (pool.now.data !== lvm.dataBytes)
    return refuse(
      `LVM says that ${volume} is ${formatBytes(lvm.dataBytes)}, its table says ${formatBytes(pool.now.data)}`,
      `somebody has changed its table behind LVM's back; when that was a mistake: ${byHand('lvchange', '--refresh', volume)}`,
    );
  if (pool.device.inactive.length > 0)
    return refuse(
      `a table is loaded for ${volume} without being live: LVM is at work on it, or was cut`,
      `when no LVM command runs: ${byHand('lvchange', '--refresh', volume)}`,
    );
  const unsuitable = judgeSizes(pool, sizes, asked);
  if (unsuitable !== undefined) return unsuitable;
  const needed = sizes.data - lvm.dataBytes + (sizes.metadata - lvm.metadataBytes) + spareGrowth(lvm, sizes.metadata);
  if (needed > lvm.freeBytes) {
    const [group = ''] = volume.split('/');
    return refuse(
      `the volume group ${group} has ${formatBytes(lvm.freeBytes)} free, less than the ${formatBytes(needed)} that this takes${spareGrowth(lvm, sizes.metadata) > 0 ? ' (the spare for metadata grows with it)' : ''}`,
      `ask for less, or add a disk to the group: vgextend ${group} DEVICE`,
    );
  }
  return undefined;
}

function spareGrowth(lvm: LvmPool, metadata: number): number {
  return lvm.spareBytes === 0 || metadata <= lvm.metadataBytes ? 0 : Math.max(0, metadata - lvm.spareBytes);
}

/** LVM extends by whole extents. */
export function toExtents(lvm: LvmPool, bytes: number): number {
  return roundUp(bytes, lvm.extentBytes);
}

/** What lvextend has left suspended when it was ended. */
const refreshScript = shell('operations/pools/refresh.sh');

function extend(
  pool: ThinPool,
  volume: string,
  option: '-L' | '--poolmetadatasize',
  bytes: number,
  column: string,
): Action {
  return {
    kind: 'exec',
    argv: ['lvextend', '-y', option, `${String(bytes)}b`, '--', volume],
    // LVM complains of the host's lock, which a check inherits, and what it prints is compared.
    check: {
      argv: [
        'env',
        'LVM_SUPPRESS_FD_WARNINGS=1',
        'lvs',
        '--noheadings',
        '--nosuffix',
        '--units',
        'b',
        '-o',
        column,
        '--',
        volume,
      ],
      equals: String(bytes),
    },
    onFailure: [['/bin/sh', '-c', refreshScript, 'sh', pool.device.name, volume]],
    timeoutMs: 300_000,
  };
}

/** What becomes of the pool when it fills again. */
function autoextendReport(
  volume: string,
  { autoextend, monitored, profile, freeBytes, extentBytes }: LvmPool,
): readonly string[] {
  if (autoextend === undefined) return [];
  const where = profile === '' ? 'lvm.conf' : `profile ${profile}`;
  if (autoextend.threshold >= 100)
    return [
      `${volume}: autoextend is off (thin_pool_autoextend_threshold is 100 in ${where}): nothing grows it when it fills`,
    ];
  const rule = `at ${String(autoextend.threshold)} % it is extended by ${String(autoextend.percent)} % (${where})`;
  if (!monitored)
    return [
      `${volume}: ${rule}, but it is not monitored, so nothing does that: ${byHand('lvchange', '--monitor', 'y', volume)}`,
    ];
  return freeBytes < extentBytes ? [`${volume}: ${rule}, but its volume group has nothing free`] : [];
}
