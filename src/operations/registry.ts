// Written by npm run registry.
import { assert } from './programs/assert.ts';
import { backupVolume } from './backups/backup-volume.ts';
import { cleanVolumes } from './removal/clean-volumes.ts';
import { command } from './programs/command.ts';
import { copyVolume } from './copies/copy-volume.ts';
import { deleteScaledVolume } from './scaled/delete-scaled-volume.ts';
import { dmsetup } from './primitives/dmsetup.ts';
import { dockerInspect } from './primitives/docker-inspect.ts';
import { fetch } from './files/fetch.ts';
import { growPool } from './pools/grow-pool.ts';
import { growRootfs } from './rootfs/grow-rootfs.ts';
import { pause } from './programs/pause.ts';
import { recreateContainer } from './containers/recreate/recreate-container.ts';
import { removeContainer } from './removal/remove-container.ts';
import { repairRootfs } from './rootfs/repair-rootfs.ts';
import { resize2fs } from './primitives/resize2fs.ts';
import { restoreVolume } from './backups/restore-volume.ts';
import { scaleVolume } from './volumes/scale-volume.ts';
import { scaledVolume } from './scaled/scaled-volume.ts';
import { script } from './programs/script.ts';
import { sendVolume } from './copies/send/send-volume.ts';
import { setBaseSize } from './daemon/set-base-size.ts';
import { setStorageDriver } from './daemon/set-storage-driver.ts';
import { trimRootfs } from './rootfs/trim-rootfs.ts';
import { upload } from './files/upload.ts';
import { waitFor } from './programs/wait-for.ts';
import { xfsGrowfs } from './primitives/xfs-growfs.ts';
import { eraseWant } from './engine/erase.ts';
import type { Operation } from './engine/operation.ts';

const list: readonly Operation[] = [
  eraseWant(assert),
  eraseWant(backupVolume),
  eraseWant(cleanVolumes),
  eraseWant(command),
  eraseWant(copyVolume),
  eraseWant(deleteScaledVolume),
  eraseWant(dmsetup),
  eraseWant(dockerInspect),
  eraseWant(fetch),
  eraseWant(growPool),
  eraseWant(growRootfs),
  eraseWant(pause),
  eraseWant(recreateContainer),
  eraseWant(removeContainer),
  eraseWant(repairRootfs),
  eraseWant(resize2fs),
  eraseWant(restoreVolume),
  eraseWant(scaleVolume),
  eraseWant(scaledVolume),
  eraseWant(script),
  eraseWant(sendVolume),
  eraseWant(setBaseSize),
  eraseWant(setStorageDriver),
  eraseWant(trimRootfs),
  eraseWant(upload),
  eraseWant(waitFor),
  eraseWant(xfsGrowfs),
];

/** Every operation that a step can use, by its key in a playbook. */
export const operations: ReadonlyMap<string, Operation> = new Map(list.map((operation) => [operation.name, operation]));
