import { Command } from '@commander-js/extra-typings';
import pLimit from 'p-limit';
import { loadInventory } from '../../config/inventory/inventory.ts';
import { readLimit, selectHosts } from '../../config/inventory/select.ts';
import type { Host } from '../../config/model/types.ts';
import type { HostStatus } from '../../errors.ts';
import { hostStatusOf, neverReached, toAppError } from '../../errors.ts';
import { exitCodeOf, worst } from '../../run/report/exit-status.ts';
import { withoutName } from '../../render/words.ts';
import type { Transport } from '../../transport/transport.ts';
import { neutralise } from '../../values/terminal.ts';
import { wishesOf } from '../inventory-wishes.ts';
import { count, inventoryOptions, overridesOf } from '../options.ts';
import { sshTransport } from '../ssh-transport.ts';
import { SecretReader, showWarnings } from '../secrets.ts';
import type { World } from '../world.ts';

export function pingCommand(world: World, end: (exitCode: number) => void) {
  return inventoryOptions(new Command('ping'))
    .argument('[pattern]', 'only these hosts', 'all')
    .option('-f, --forks <n>', 'hosts to connect to at once', count, 50)
    .addHelpText('after', "\nExamples:\n  plimsoll ping\n  plimsoll ping 'web:!web-03'")
    .action(async (pattern, options) => {
      const inventory = await loadInventory(
        options.inventory,
        world.io,
        overridesOf(options),
        wishesOf(world, options),
      );
      showWarnings(world, inventory.warnings);
      const limit = options.limit === undefined ? undefined : await readLimit(options.limit, world.io);
      const hosts = await new SecretReader(world, options).complete(inventory, selectHosts(inventory, pattern, limit));
      const transport = sshTransport(world);
      const forks = pLimit(options.forks);
      try {
        const statuses = await Promise.all(hosts.map((host) => forks(() => ping(world, transport, host))));
        end(exitCodeOf(worst(statuses)));
      } finally {
        await transport.close();
      }
    });
}

async function ping(world: World, transport: Transport, { name, target }: Host): Promise<HostStatus> {
  const started = performance.now();
  try {
    const connection = await transport.connect(target, world.interrupts.stop);
    await connection.run({ script: ':' }, { signal: world.interrupts.stop });
    const { runsAs, server, hostKey, warnings = [] } = connection.info;
    await connection.close();
    world.out.write(
      neutralise(
        `${name}: ok in ${String(Math.round(performance.now() - started))} ms, runs as ${runsAs}, ${server}, ${hostKey}\n${warnings.map((warning) => `  ! ${warning}\n`).join('')}`,
      ),
    );
    return 'ok';
  } catch (thrown) {
    const error = neverReached(toAppError(thrown));
    if (error.code === 'internal') throw error;
    world.out.write(
      neutralise(
        `${name}: ${withoutName(error.message, name)}${error.hint === undefined ? '' : `\n  → ${error.hint}`}\n`,
      ),
    );
    return hostStatusOf(error.code);
  }
}
