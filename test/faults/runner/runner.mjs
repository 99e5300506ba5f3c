// The built program as a process of its own, with one fault injected where plimsoll meets its journal or a host.
// Arguments as for plimsoll; $PLIMSOLL_FAULT is JSON: {"record": FILE} | {"killAt": POINT} | {"noRoomFrom": APPEND, "slack": BYTES}.
import { writeFileSync } from 'node:fs';
import { Interrupts } from '../../../src/cli/interrupts.ts';
import { program } from '../../../src/cli/program.ts';
import { reportError } from '../../../src/cli/report-error.ts';
import { processWorld } from '../../../src/cli/world.ts';
import { toAppError } from '../../../src/errors.ts';
import { exitCodeOfError } from '../../../src/run/report/exit-status.ts';
import { Points } from './points.mjs';
import { FullDisk } from './full-disk.mjs';

const fault = JSON.parse(process.env.PLIMSOLL_FAULT ?? '{}');
const points = new Points(fault);
const disk = new FullDisk(fault);
const plain = processWorld(new Interrupts());
const world = {
  ...plain,
  wrapJournal: (journal) => points.journal(disk.journal(journal, plain.stateDirectory), plain.stateDirectory),
  wrapTransport: (transport) => points.transport(transport),
};

try {
  process.exitCode = await program(world).run(process.argv.slice(2));
} catch (thrown) {
  const error = toAppError(thrown);
  reportError(world, error, true);
  process.exitCode = exitCodeOfError(error.code);
}
if (fault.record !== undefined) writeFileSync(fault.record, JSON.stringify(points.passed));
