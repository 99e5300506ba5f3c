#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Interrupts } from './cli/interrupts.ts';
import { program } from './cli/program.ts';
import { reportError } from './cli/report-error.ts';
import { processWorld } from './cli/world.ts';
import { toAppError } from './errors.ts';
import { exitCodeOfError } from './run/report/exit-status.ts';

/** For what is under way to be written down, after a second signal. */
const insistedMs = 1500;
/** For handles that something has left open: a name that is still looked up, a file on a disk that does not answer. */
const leftOpenMs = 2000;

/** Argument vector to exit status. The only place that knows the process. */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupts = new Interrupts();
  const endAnyway = (): void => {
    if (interrupts.insisted) setTimeout(() => process.exit(130), insistedMs).unref();
  };
  const interrupted = (): void => {
    if (!interrupts.interrupted()) process.exit(130);
    endAnyway();
  };
  const terminated = (): void => {
    if (!interrupts.terminated()) process.exit(130);
    endAnyway();
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', terminated);
  const world = processWorld(interrupts);
  try {
    return await program(world).run(argv);
  } catch (thrown) {
    const error = toAppError(thrown);
    reportError(world, error, argv.includes('-v') || argv.includes('--verbose'));
    return exitCodeOfError(error.code);
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', terminated);
  }
}

/** A reader that goes away (`plimsoll plan … | head`) is no error of ours. */
function tolerateClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

const entry = process.argv[1];
if (entry !== undefined && realpathSync(entry) === fileURLToPath(import.meta.url)) {
  process.stdout.on('error', tolerateClosedPipe);
  process.stderr.on('error', tolerateClosedPipe);
  process.exitCode = await main(process.argv.slice(2));
  setTimeout(() => process.exit(), leftOpenMs).unref();
}
