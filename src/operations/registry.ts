// Written by npm run registry.
import { assert } from './assert.ts';
import { backupVolume } from './backups/backup-volume.ts';
import { cleanVolumes } from './volumes/clean-volumes.ts';
import { command } from './command.ts';
import { copyVolume } from './volumes/copy-volume.ts';
import { deleteScaledVolume } from './scaled/delete-scaled-volume.ts';
import { dmsetup } from './dmsetup.ts';
import { dockerInspect } from './docker-inspect.ts';
import { fetch } from './fetch.ts';
import { growPool } from './grow-pool.ts';
import { growRootfs } from './grow-rootfs.ts';
import { pause } from './pause.ts';
import { recreateContainer } from './containers/recreate-container.ts';
import { removeContainer } from './containers/remove-container.ts';
import { repairRootfs } from './repair-rootfs.ts';
import { resize2fs } from './resize2fs.ts';
import { restoreVolume } from './backups/restore-volume.ts';
import { scaleVolume } from './volumes/scale-volume.ts';
import { scaledVolume } from './scaled/scaled-volume.ts';
import { script } from './script.ts';
import { sendVolume } from './volumes/send-volume.ts';
import { setBaseSize } from './set-base-size.ts';
import { setStorageDriver } from './set-storage-driver.ts';
import { upload } from './upload.ts';
import { volumeCopy } from './volume-copy.ts';
import { waitFor } from './wait-for.ts';
import { xfsGrowfs } from './xfs-growfs.ts';
import { eraseWant } from './erase.ts';
import type { Operation } from './operation.ts';

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
  eraseWant(upload),
  eraseWant(volumeCopy),
  eraseWant(waitFor),
  eraseWant(xfsGrowfs),
];

/** Every operation that a step can use, by its key in a playbook. */
export const operations: ReadonlyMap<string, Operation> = new Map(list.map((operation) => [operation.name, operation]));
