import { AppError } from '../../errors.ts';
import { type Answer, askHosts } from '../../run/asking/ask-hosts.ts';
import { targetFor } from '../../run/planning/connect.ts';
import { exitCodeOf, worst } from '../../run/report/exit-status.ts';
import type { Command } from '../../transport/transport.ts';
import { progressOn } from './host-progress.ts';
import { type Selection, selected } from './select.ts';
import { sshTransport } from '../ssh-transport.ts';
import type { World } from '../world.ts';

export interface Question {
  readonly pattern: string;
  readonly command: Command;
  /** Becoming root or not, whatever the inventory says. */
  readonly become?: boolean | undefined;
  /** A host that must be one of them. */
  readonly among?: string | undefined;
  /** What hosts have done that are counted: `have answered`. */
  readonly done: string;
  /** Told of each host as soon as it has answered; there is no count of them then. */
  readonly answered?: (answer: Answer) => void;
}

type Options = Selection & { readonly forks: number };

/** Asks the hosts that the command line selects the same thing. */
export async function askSelected(
  world: World,
  options: Options,
  { pattern, command, become, among, done, answered }: Question,
): Promise<{ readonly answers: readonly Answer[]; readonly exitCode: number }> {
  const hosts = await selected(world, options, pattern, (chosen) => {
    if (among !== undefined && !chosen.some(({ name }) => name === among))
      throw new AppError('usage', `${among} is not one of the hosts that the command runs on`, {
        hint: `name one of them after --diff-from; plimsoll inventory '${pattern}' lists them`,
      });
  });
  const transport = sshTransport(world);
  const progress = answered === undefined ? progressOn(world, hosts.length, done) : undefined;
  const answers = await askHosts({
    targets: hosts.map(({ target }) => targetFor(target, become)),
    transport,
    forks: options.forks,
    command,
    signal: world.interrupts.stop,
    answered: answered ?? progress?.one ?? (() => undefined),
  }).finally(async () => {
    progress?.end();
    await transport.close();
  });
  return { answers, exitCode: exitCodeOf(worst(answers.map(({ status }) => status))) };
}
