import { Command, Option } from '@commander-js/extra-typings';
import { AppError } from '../../errors.ts';
import { answerGroups, execLines, shownCause } from '../../render/answers.ts';
import { paint } from '../../render/line.ts';
import type { Answer } from '../../run/asking/ask-hosts.ts';
import { visibleJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import { askSelected } from '../asking/ask-selected.ts';
import { count, inventoryOptions, seconds, withColour } from '../options.ts';
import type { World } from '../world.ts';

const maxOutputBytes = 64 * 1024;

const examples = `
Examples:
  plimsoll exec all -- uptime
  plimsoll exec 'web:!web-03' -- docker version --format '{{.Server.Version}}'
  plimsoll exec web --diff-from web-01 -- cat /etc/docker/daemon.json
  plimsoll exec web --no-become --timeout 10s --shell -- 'df -h | grep docker'
  plimsoll exec all --output json -- uname -r

Of each output stream ${String(maxOutputBytes / 1024)} KiB are kept. Nothing is planned, asked or recorded, and nothing can undo it: what is
to be resumed or looked up later is a step of a playbook (command, script).`;

export function execCommand(world: World, end: (exitCode: number) => void) {
  const command = inventoryOptions(new Command('exec'))
    .usage('[options] <pattern> -- <command...>')
    .argument('<pattern>', 'the hosts to run it on')
    .argument('<command...>', 'after --: the program and its arguments, which no shell reads')
    .option('-f, --forks <n>', 'hosts to work on at once', count, 50)
    .option('--shell', "the command is one text for the host's /bin/sh")
    .option('--become', 'run it as root, whatever the inventory says')
    .option('--no-become', 'run it as the user that logs in, whatever the inventory says')
    .option('--timeout <duration>', 'end it after so long (30s, 5m); as the inventory says when absent', seconds)
    .option('--diff-from <host>', 'of other output than that of this host, show only what is different')
    .addOption(
      new Option('--output <kind>', 'table: for people; json: one JSON object')
        .choices(['table', 'json'] as const)
        .default('table' as const),
    )
    .addHelpText('after', examples);
  return command.action(async (pattern, argv, options) => {
    const words: unknown = command.parent === null ? [] : Reflect.get(command.parent, 'rawArgs');
    const { answers, exitCode } = await askSelected(world, options, {
      pattern,
      command: {
        script: 'exec "$@"',
        args: argvOf(argv, Array.isArray(words) ? words.length - words.indexOf('--') - 1 : 0, options.shell === true),
        maxOutputBytes,
        ...(options.timeout !== undefined && { timeoutMs: options.timeout * 1000 }),
      },
      become: options.become,
      among: options.diffFrom,
      done: 'are done',
    });
    const { colour } = withColour(world.out, options.color);
    world.out.write(
      options.output === 'json'
        ? `${jsonOf(answers, argv, exitCode)}\n`
        : paint(execLines(answers, options.diffFrom), colour),
    );
    end(exitCode);
  });
}

/** Without `--` an option of the command would be taken for one of ours. */
function argvOf(argv: readonly string[], behindDashes: number, isShell: boolean): readonly string[] {
  if (argv.length !== behindDashes)
    throw new AppError('usage', 'the command stands after --, and one pattern of hosts before it', {
      hint: "plimsoll exec 'web:!web-03' -- docker ps",
    });
  const [only = ''] = argv;
  if (isShell && argv.length > 1)
    throw new AppError('usage', `--shell takes one text, and ${String(argv.length)} words are given`, {
      hint: "put quotes around it: plimsoll exec web --shell -- 'df -h | grep docker'",
    });
  if (isShell) return ['/bin/sh', '-c', only];
  if (only === '' || (argv.length === 1 && /[\s|&;<>()$`*?"']/.test(only)))
    throw new AppError('usage', `"${oneLine(only, 80)}" is no name of a program`, {
      hint: 'give program and arguments as words of their own, or say --shell, and a shell of the host reads it',
    });
  return argv;
}

function jsonOf(answers: readonly Answer[], command: readonly string[], exitCode: number): string {
  return visibleJson({
    v: 1,
    command,
    hosts: answers.map(({ host, status, error, reply }) => ({
      host,
      status,
      ...(error === undefined ? {} : { error: shownCause(host, error) }),
      ...(reply === undefined ? {} : { runsAs: reply.info.runsAs, ms: reply.milliseconds, exit: reply.outcome.status }),
    })),
    groups: answerGroups(answers).map(({ hosts, outcome: { status, stdout, stderr, droppedBytes } }) => ({
      hosts,
      exit: status,
      stdout,
      stderr,
      droppedBytes,
    })),
    exitCode,
  });
}
