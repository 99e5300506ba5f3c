import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { AppError } from '../errors.ts';
import type { ListedCommand } from './commands.ts';
import { commands } from './commands.ts';
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
    .configureHelp({
      subcommandTerm: (command) =>
        [command.name(), commands.get(command.name())?.usage ?? command.usage()].join(' ').trim(),
    })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        world.out.write(text);
      },
      writeErr: (text) => {
        world.err.write(text);
      },
      outputError: () => undefined,
    });
  return {
    async run(argv) {
      try {
        await add(root, argv, (listed) => listed.load().then((make) => make(world, end)));
        await root.parseAsync(argv, { from: 'user' });
        return exitCode;
      } catch (thrown) {
        if (!(thrown instanceof CommanderError)) throw thrown;
        if (thrown.exitCode === 0) return 0;
        if (thrown.code === 'commander.help') return 2;
        throw new AppError('usage', thrown.message.replace(/^error: /, ''), {
          hint: 'plimsoll --help, or plimsoll COMMAND --help',
        });
      }
    },
  };
}

/** Of all commands only the one that is called is loaded; of the others the help says what they are. */
async function add(
  root: CommandUnknownOpts,
  argv: readonly string[],
  load: (listed: ListedCommand) => Promise<CommandUnknownOpts>,
): Promise<void> {
  const [first = '', second = ''] = argv.filter((word) => !word.startsWith('-'));
  const called = first === 'help' ? second : first;
  for (const [name, listed] of commands) {
    const command = name === called ? await load(listed) : new Command(name);
    root.addCommand(command.description(listed.description).copyInheritedSettings(root).exitOverride());
    // Commands of a command do not inherit what it inherits itself.
    for (const inner of command.commands) inner.copyInheritedSettings(root).exitOverride();
  }
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
