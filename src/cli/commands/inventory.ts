import { Command } from '@commander-js/extra-typings';
import { loadInventory } from '../../config/inventory/inventory.ts';
import { readLimit, selectHosts } from '../../config/inventory/select.ts';
import { inventoryFiles, inventoryOptions, overridesOf } from '../options.ts';
import { showWarnings } from '../secrets.ts';
import type { World } from '../world.ts';

export function inventoryCommand(world: World) {
  return inventoryOptions(new Command('inventory'))
    .argument('[pattern]', 'only these hosts', 'all')
    .option('--json', 'one JSON object, variables included')
    .addHelpText('after', "\nExamples:\n  plimsoll inventory\n  plimsoll inventory 'web:&production' --json")
    .action(async (pattern, options) => {
      const inventory = await loadInventory(inventoryFiles(options.inventory), world.io, overridesOf(options));
      showWarnings(world, inventory.warnings);
      const limit = options.limit === undefined ? undefined : await readLimit(options.limit, world.io);
      const hosts = selectHosts(inventory, pattern, limit);
      if (options.json === true) {
        const shown = hosts.map(({ name, target, groups, vars }) => [
          name,
          { address: target.address, port: target.port, user: target.user, become: target.become, groups, vars },
        ]);
        world.out.write(`${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`);
        return;
      }
      const width = hosts.reduce((widest, { name }) => Math.max(widest, name.length), 0);
      const lines = hosts.map(
        ({ name, target, groups }) =>
          `${name.padEnd(width)}  ${target.user}@${target.address}:${String(target.port)}  ${groups.join(', ')}\n`,
      );
      world.out.write(lines.join(''));
    });
}
