import { continueCommand, confirmation } from '../continue-command.ts';
import { continueRun } from '../continue-session.ts';
import type { World } from '../world.ts';

export function finalizeCommand(world: World, end: (exitCode: number) => void) {
  return continueCommand('finalize')
    .argument('<run>', 'the run, or the beginning of its id')
    .option(
      '--partial',
      'also of hosts on which the run has not come to its end, where each change that was begun is whole; they cannot be gone on with, or back, any more',
    )
    .addHelpText('after', '\nExamples:\n  plimsoll finalize 20261120-181612')
    .action(async (run, options) => {
      const ended = await continueRun(world, 'finalize', run, options, confirmation(world, options, 'Remove this?'));
      end(ended?.result.exitCode ?? 0);
    });
}
