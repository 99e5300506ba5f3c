import { shell } from '../../shell/shell.ts';

/**
 * Pieces for scripts. Every stage of a pipeline says `NAME STATUS` on descriptor 3; `has NAME` is whether it has come to
 * its end and well, in `$codes`; `has NAME STATUS`, whether it has ended so. `$work` is a directory for them, `$packing` the compression.
 */
export const stageFunctions = `${shell('operations/backups/stage.sh')}\n`;

/**
 * `aside NAME COMMAND…` passes its input on, and gives it to the command too, whose output is kept. `members` reads a
 * packed archive to its end and counts.
 *
 * `seal RECIPIENT…` encrypts, and proves the archive on its way, so that it is never on a disk in the clear: its
 * digest, its size, that it can be unpacked to its end, and its members. Without recipients it passes on.
 */
export const sealFunctions = `${shell('operations/backups/seal.sh')}\n`;

/**
 * `sealed FILE LENGTH RECIPIENTS`: whether it is what age makes of so many bytes. Its format says how long that is: the
 * header, which ends with its line \`---\`, a nonce of 16 bytes, and 16 more for each 64 KiB that have begun.
 */
export const sealedFunction = `${shell('operations/backups/sealed.sh')}\n`;

/**
 * `opened` prints the packed archive \`$archive\`, decrypted where \`$identity\` names a key; \`opens\` whether all of it can be, and
 * is the archive with the digest \`$inside\`. age reads the key itself.
 */
export const openFunctions = `${shell('operations/backups/open.sh')}\n`;
