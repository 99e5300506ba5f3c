// Written by npm run registry.
import { cases as assert } from './programs/assert.cases.ts';
import { cases as backup_volume } from './backups/backup-volume.cases.ts';
import { cases as clean_volumes } from './removal/clean-volumes.cases.ts';
import { cases as command } from './programs/command.cases.ts';
import { cases as copy_volume } from './copies/copy-volume.cases.ts';
import { cases as delete_scaled_volume } from './scaled/delete-scaled-volume.cases.ts';
import { cases as dmsetup } from './primitives/dmsetup.cases.ts';
import { cases as docker_inspect } from './primitives/docker-inspect.cases.ts';
import { cases as fetch } from './files/fetch.cases.ts';
import { cases as grow_pool } from './pools/grow-pool.cases.ts';
import { cases as grow_rootfs } from './rootfs/grow-rootfs.cases.ts';
import { cases as pause } from './programs/pause.cases.ts';
import { cases as recreate_container } from './containers/recreate/recreate-container.cases.ts';
import { cases as remove_container } from './removal/remove-container.cases.ts';
import { cases as repair_rootfs } from './rootfs/repair-rootfs.cases.ts';
import { cases as resize2fs } from './primitives/resize2fs.cases.ts';
import { cases as restore_volume } from './backups/restore-volume.cases.ts';
import { cases as scale_volume } from './volumes/scale-volume.cases.ts';
import { cases as scaled_volume } from './scaled/scaled-volume.cases.ts';
import { cases as script } from './programs/script.cases.ts';
import { cases as send_volume } from './copies/send/send-volume.cases.ts';
import { cases as set_base_size } from './daemon/set-base-size.cases.ts';
import { cases as set_storage_driver } from './daemon/set-storage-driver.cases.ts';
import { cases as trim_rootfs } from './rootfs/trim-rootfs.cases.ts';
import { cases as upload } from './files/upload.cases.ts';
import { cases as wait_for } from './programs/wait-for.cases.ts';
import { cases as xfs_growfs } from './primitives/xfs-growfs.cases.ts';
import type { OperationCases } from './operation-cases.ts';

/** What the suites that try every operation know of each, by its key in a playbook. */
export const operationCases: ReadonlyMap<string, OperationCases> = new Map(
  Object.entries({
    assert,
    backup_volume,
    clean_volumes,
    command,
    copy_volume,
    delete_scaled_volume,
    dmsetup,
    docker_inspect,
    fetch,
    grow_pool,
    grow_rootfs,
    pause,
    recreate_container,
    remove_container,
    repair_rootfs,
    resize2fs,
    restore_volume,
    scale_volume,
    scaled_volume,
    script,
    send_volume,
    set_base_size,
    set_storage_driver,
    trim_rootfs,
    upload,
    wait_for,
    xfs_growfs,
  }),
);
