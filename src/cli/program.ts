import { Command, CommanderError } from '@commander-js/extra-typings';
import { AppError } from '../errors.ts';
import { applyCommand } from './apply.ts';
import { finalizeCommand } from './finalize.ts';
import { historyCommand } from './history.ts';
import { inventoryCommand } from './inventory.ts';
import { pingCommand } from './ping.ts';
import { planCommand } from './plan.ts';
import { recordsCommand } from './records.ts';
import { restoreVersionCommand } from './restore-version.ts';
import { resumeCommand } from './resume.ts';
import { rollbackCommand } from './rollback.ts';
import { runsCommand } from './runs.ts';
import { scaledCommand } from './scaled.ts';
import { schemaCommand } from './schema.ts';
import { surveyCommand } from './survey.ts';
import { validateCommand } from './validate.ts';
import { version } from './version.ts';
import type { World } from './world.ts';

/** The command line. `run` resolves with the exit status, and rejects with an AppError. */
export function program(world: World): { run(argv: readonly string[]): Promise<number> } {
  let exitCode = 0;
  const end = (code: number): void => {
    exitCode = code;
  };
  const root = new Command('plimsoll')
    .description('Grows Docker storage across a fleet of hosts over SSH, with a preview that never lies.')
    .version(version, '-V, --version')
    .showSuggestionAfterError()
    .addHelpText('after', rootExamples)
    .exitOverride()
    .configureOutput({ writeOut: (text) => { world.out.write(text); }, writeErr: (text) => { world.err.write(text); }, outputError: () => undefined });
  const commands = [planCommand(world, end), applyCommand(world, end), resumeCommand(world, end), rollbackCommand(world, end), finalizeCommand(world, end), runsCommand(world, end), historyCommand(world, end), restoreVersionCommand(world, end), recordsCommand(world, end), scaledCommand(world, end), pingCommand(world, end), surveyCommand(world, end), validateCommand(world, end), inventoryCommand(world), schemaCommand(world)];
  for (const command of commands) root.addCommand(command.copyInheritedSettings(root).exitOverride());
  // Commands of a command do not inherit what it inherits itself.
  for (const inner of root.commands.flatMap(({ commands: its }) => its)) inner.copyInheritedSettings(root).exitOverride();
  return {
    async run(argv) {
      try {
        await root.parseAsync(argv, { from: 'user' });
        return exitCode;
      } catch (thrown) {
        if (!(thrown instanceof CommanderError)) throw thrown;
        if (thrown.exitCode === 0) return 0;
        if (thrown.code === 'commander.help') return 2;
        throw new AppError('usage', thrown.message.replace(/^error: /, ''), { hint: 'plimsoll --help, or plimsoll COMMAND --help' });
      }
    },
  };
}

const rootExamples = `
Examples:
  plimsoll validate playbooks/grow-rootfs.yaml
  plimsoll plan playbooks/grow-rootfs.yaml -i inventory.yaml
  plimsoll apply playbooks/grow-rootfs.yaml -i inventory.yaml --limit 'web:!web-03'
  plimsoll runs
  plimsoll resume

Exit status:
  0 done, or nothing to do     1 a host failed              2 usage or configuration
  3 a host was unreachable     4 refused by a safety check  5 drift from the approved plan
  6 locked by someone else     7 internal error             10 changes pending (plan --detailed-exitcode)
  130 interrupted`;
