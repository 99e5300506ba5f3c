import type { Address, BackupName, CopyLabel, HostPath, ServerCommand } from '../../src/facts/crossing.ts';

/** A text in a test as if it had come through whichever grammar it is wanted of. */
export function crossed(text: string): Address & BackupName & CopyLabel & HostPath & ServerCommand {
  return text as Address & BackupName & CopyLabel & HostPath & ServerCommand;
}
