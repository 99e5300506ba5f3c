#!/usr/bin/env node
import { setMaxListeners } from 'node:events';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { program } from './cli/program.ts';
import { reportError } from './cli/report-error.ts';
import { processWorld } from './cli/world.ts';
import { AppError, toAppError } from './errors.ts';
import { exitCodeOfError } from './run/exit-status.ts';

/** Argument vector to exit status. The only place that knows the process. */
export async function main(argv: readonly string[]): Promise<number> {
  const controller = new AbortController();
  // Every host listens to it.
  setMaxListeners(0, controller.signal);
  const stop = (): void => {
    // A second signal does not wait for a safe point.
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new AppError('interrupted', 'interrupted by a signal', { hint: 'run the same again: what is done already is not done twice' }));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const world = processWorld(controller.signal);
  try {
    return await program(world).run(argv);
  } catch (thrown) {
    const error = toAppError(thrown);
    reportError(world, error, argv.includes('-v') || argv.includes('--verbose'));
    return exitCodeOfError(error.code);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
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
}
