import { loadInventory } from '../../config/inventory/inventory.ts';
import { readLimit, selectHosts } from '../../config/inventory/select.ts';
import { AppError } from '../../errors.ts';
import { type Answer, askHosts } from '../../run/asking/ask-hosts.ts';
import { targetFor } from '../../run/planning/connect.ts';
import { exitCodeOf, worst } from '../../run/report/exit-status.ts';
import type { Command } from '../../transport/transport.ts';
import { progressOn } from './host-progress.ts';
import { wishesOf } from '../inventory-wishes.ts';
import { overridesOf } from '../options.ts';
import { SecretReader, type SecretWishes, showWarnings } from '../secrets.ts';
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

type Options = Parameters<typeof wishesOf>[1] &
  Parameters<typeof overridesOf>[0] &
  SecretWishes & {
    readonly inventory: readonly string[];
    readonly limit?: string | undefined;
    readonly forks: number;
  };

/** Asks the hosts that the command line selects the same thing. */
export async function askSelected(
  world: World,
  options: Options,
  { pattern, command, become, among, done, answered }: Question,
): Promise<{ readonly answers: readonly Answer[]; readonly exitCode: number }> {
  const inventory = await loadInventory(options.inventory, world.io, overridesOf(options), wishesOf(world, options));
  showWarnings(world, inventory.warnings);
  const limit = options.limit === undefined ? undefined : await readLimit(options.limit, world.io);
  const selected = selectHosts(inventory, pattern, limit);
  if (among !== undefined && !selected.some(({ name }) => name === among))
    throw new AppError('usage', `${among} is not one of the hosts that the command runs on`, {
      hint: `name one of them after --diff-from; plimsoll inventory '${pattern}' lists them`,
    });
  const hosts = await new SecretReader(world, options).complete(inventory, selected);
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
