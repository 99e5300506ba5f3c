import type { StoredDevice } from '../../facts/rootfs/thin-rootfs.ts';
import type { ExecAction, WriteFileAction } from '../engine/change.ts';

/** The record with its one number changed, and everything else to the letter as it was. */
function withSize(text: string, bytes: number): string {
  return text.replace(/("size"\s*:\s*)\d+/, `$1${String(bytes)}`);
}

/** Never beside the record: dockerd would take the copy for a device. */
function backupOf(stored: StoredDevice): string {
  const name = stored.path.slice(stored.path.lastIndexOf('/') + 1);
  return `/var/lib/plimsoll/backup/devicemapper/${name}.${String(stored.bytes)}`;
}

/** Makes a size last: dockerd activates the device with what this record says when it starts. */
export function storeSize(stored: StoredDevice, bytes: number): WriteFileAction {
  return {
    kind: 'write-file',
    path: stored.path,
    content: withSize(stored.text, bytes),
    mode: stored.mode,
    expect: stored.text,
    backup: backupOf(stored),
  };
}

/** The record to the letter as it was. Without a backup: that would replace the one of the old record. */
export function forgetSize(stored: StoredDevice, bytes: number): WriteFileAction {
  return {
    kind: 'write-file',
    path: stored.path,
    content: stored.text,
    mode: stored.mode,
    expect: withSize(stored.text, bytes),
    again: true,
  };
}

/** Removes the copy of the old record, once nobody wants it back. */
export function dropBackup(stored: StoredDevice): ExecAction {
  return { kind: 'exec', argv: ['rm', '-f', '--', backupOf(stored)] };
}
