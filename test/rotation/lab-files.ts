import type { Choice } from './choice.ts';
import { commitsOfARotation, isDue } from './turn.ts';

/** A file of tests on the lab. */
export interface LabFile {
  /** test/lab/NAME.test.ts */
  readonly name: string;
  /** How long it takes on a quiet machine. */
  readonly seconds: number;
  /** What it is about: operations by their names, and files of the source by the beginning of their paths. */
  readonly operations?: readonly string[];
  readonly paths?: readonly string[];
}

const copies = ['copy_volume', 'volume_copy'];
const backups = ['backup_volume', 'restore_volume'];
const detached = [
  'src/run/work/work.ts',
  'src/run/work/follow.ts',
  'src/run/reach/link.ts',
  'src/run/planning/settle.ts',
];
const machines = ['lab/vm/', 'lab/native/'];

export const labFiles: readonly LabFile[] = [
  { name: 'age-fidelity', seconds: 5, paths: ['lab/sim/engine/age', 'lab/sim/bin/age'] },
  { name: 'backup', seconds: 50, operations: backups },
  { name: 'backup-encrypted', seconds: 50, operations: backups },
  { name: 'carried-over', seconds: 150, operations: ['recreate_container'] },
  { name: 'clean-volumes', seconds: 50, operations: ['clean_volumes', 'remove_container'] },
  { name: 'compose', seconds: 60, paths: ['src/operations/containers/compose'] },
  { name: 'durable-copy', seconds: 250, operations: ['volume_copy'] },
  { name: 'durable-grow', seconds: 600, operations: ['grow_rootfs'] },
  { name: 'durable-runs', seconds: 250, paths: detached },
  { name: 'etcd', seconds: 45, paths: ['src/records/'] },
  { name: 'grow-overlay', seconds: 250, operations: ['grow_rootfs'] },
  { name: 'grow-pool', seconds: 700, operations: ['grow_pool'] },
  { name: 'grow-pool-offline', seconds: 900, operations: ['grow_pool'] },
  { name: 'grow-rootfs', seconds: 600, operations: ['grow_rootfs'] },
  { name: 'move-bind-to-volume', seconds: 400, operations: copies },
  { name: 'pool-needs-check', seconds: 250, operations: ['grow_pool'] },
  { name: 'privilege', seconds: 60, paths: ['src/transport/remote-shell/privilege.ts'] },
  { name: 'recreate', seconds: 300, operations: ['recreate_container'] },
  { name: 'recreate-faults', seconds: 600, operations: ['recreate_container'] },
  { name: 'scale-volume-20', seconds: 900, operations: ['scale_volume'] },
  { name: 'scale-volume-28', seconds: 1100, operations: ['scale_volume'] },
  { name: 'scaled-volume', seconds: 300, operations: ['scaled_volume', 'delete_scaled_volume'] },
  {
    name: 'seed-procedure',
    seconds: 350,
    operations: ['dmsetup', 'xfs_growfs', 'resize2fs', 'repair_rootfs', 'docker_inspect'],
  },
  { name: 'send-volume', seconds: 250, operations: ['send_volume'] },
  { name: 'set-storage-driver', seconds: 700, operations: ['set_storage_driver', 'set_base_size'] },
  { name: 'sim-fidelity', seconds: 600, paths: ['lab/sim/calls.ts', 'src/facts/'] },
  { name: 'sixty-hosts', seconds: 15, paths: ['src/transport/ssh/'] },
  { name: 'survey', seconds: 400, paths: ['src/survey/'] },
  { name: 'torture-copy', seconds: 100, operations: copies },
  { name: 'transport-shells', seconds: 30, paths: ['src/transport/remote-shell/'] },
  { name: 'transport-sshd', seconds: 100, paths: ['src/transport/'] },
  { name: 'trim-rootfs', seconds: 300, operations: ['trim_rootfs'] },
  { name: 'vm-smoke', seconds: 200, paths: machines },
];

export const pathOf = ({ name }: LabFile): string => `test/lab/${name}.test.ts`;

/** A change that touches more than this is none of theirs: it would take as long as everything. */
const mostTouchedSeconds = 1200;

export interface DueLabFiles {
  /** What the change touches first, then what has its turn, the longest first. */
  readonly files: readonly LabFile[];
  /** What the change touches too, and is left to other turns, because together that takes too long. */
  readonly postponed: readonly LabFile[];
}

/** Those whose turn it is, and those that the change touches, the shortest of them first, as far as there is time. */
export function dueLabFiles(choice: Choice): DueLabFiles {
  const touched = labFiles.filter((file) => isTouched(file, choice)).toSorted((a, b) => a.seconds - b.seconds);
  let seconds = 0;
  const first = touched.filter((file) => (seconds += file.seconds) <= mostTouchedSeconds);
  const isIn = (file: LabFile): boolean => choice.all || isDue(shardOf(file), choice.turn, commitsOfARotation.lab);
  const rest = labFiles.filter((file) => !first.includes(file) && isIn(file)).toSorted((a, b) => b.seconds - a.seconds);
  const files = [...first.toReversed(), ...rest];
  return { files, postponed: touched.filter((file) => !files.includes(file)) };
}

function isTouched(file: LabFile, { changed, touched }: Choice): boolean {
  return (
    changed.includes(pathOf(file)) ||
    changed.some((path) => (file.paths ?? []).some((beginning) => path.startsWith(beginning))) ||
    touched.some((operation) => (file.operations ?? []).includes(operation))
  );
}

/** Shards that take about the same time: each file, the longest first, goes to the one that has least. */
function shardOf(wanted: LabFile): number {
  const loads = Array.from({ length: commitsOfARotation.lab }, () => 0);
  for (const file of labFiles.toSorted((a, b) => b.seconds - a.seconds || (a.name < b.name ? -1 : 1))) {
    const least = loads.indexOf(Math.min(...loads));
    if (file === wanted) return least;
    loads[least] = (loads[least] ?? 0) + file.seconds;
  }
  throw new Error(`${wanted.name} is no file of the lab`);
}
