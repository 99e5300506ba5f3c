import { continueCommand, confirmation } from '../continue-command.ts';
import { continueRun } from '../continue-session.ts';
import type { World } from '../world.ts';

export function rollbackCommand(world: World, end: (exitCode: number) => void) {
  return continueCommand('rollback')
    .argument('<run>', 'the run, or the beginning of its id')
    .addHelpText(
      'after',
      '\nExamples:\n  plimsoll rollback 20261120-181612\n  plimsoll rollback 20261120-181612-9f3a1c --limit web-03 --yes',
    )
    .action(async (run, options) => {
      const ended = await continueRun(world, 'rollback', run, options, confirmation(world, options, 'Undo this?'));
      end(ended?.result.exitCode ?? 0);
    });
}
