import { Option } from '@commander-js/extra-typings';
import { continueCommand, confirmation } from '../continue-command.ts';
import { programsOption } from '../options.ts';
import { continueRun } from '../continue-session.ts';
import type { World } from '../world.ts';

export function resumeCommand(world: World, end: (exitCode: number) => void) {
  return continueCommand('resume')
    .argument('[run]', 'the run, or the beginning of its id; the newest one when absent')
    .addOption(programsOption())
    .addOption(
      new Option(
        '--unfinished <what>',
        'commands of which it is not known whether they came to their end: do them again, or take them as done (default: refuse)',
      ).choices(['again', 'done'] as const),
    )
    .addHelpText(
      'after',
      '\nEach host is asked what has really been done on it, and planned anew from there.\n\nExamples:\n  plimsoll resume\n  plimsoll resume 20261120-181612 --limit web-03 --yes',
    )
    .action(async (run, options) => {
      const ended = await continueRun(world, 'resume', run, options, confirmation(world, options, 'Go on with this?'));
      end(ended?.result.exitCode ?? 0);
    });
}
