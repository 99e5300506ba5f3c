import { Command } from '@commander-js/extra-typings';
import { loadInventory } from '../../config/inventory/inventory.ts';
import { listHosts, readLimit } from '../../config/inventory/select.ts';
import { troublesOf } from '../../config/inventory/troubles.ts';
import { ConfigError, type ConfigIssue } from '../../errors.ts';
import { wishesOf } from '../inventory-wishes.ts';
import { inventoryOptions, overridesOf } from '../options.ts';
import { showWarnings } from '../secrets.ts';
import type { World } from '../world.ts';

export function inventoryCommand(world: World) {
  return inventoryOptions(new Command('inventory'))
    .argument('[pattern]', 'only these hosts', 'all')
    .option('--json', 'one JSON object, variables included')
    .addHelpText('after', "\nExamples:\n  plimsoll inventory\n  plimsoll inventory 'web:&production' --json")
    .action(async (pattern, options) => {
      const inventory = await loadInventory(
        options.inventory,
        world.io,
        overridesOf(options),
        wishesOf(world, options),
      );
      // A program that reads the JSON is none of those to whom they are said; every use of the hosts says them again.
      if (options.json !== true) showWarnings(world, inventory.warnings);
      const limit = options.limit === undefined ? undefined : await readLimit(options.limit, world.io);
      const hosts = listHosts(inventory, pattern, limit);
      // Of these not even the names are certain to be all that is shown.
      const unread = troublesOf(hosts, ({ isUnread }) => isUnread === true);
      if (unread.length > 0) throw new ConfigError(unread);
      if (options.json === true) {
        const shown = hosts.map(({ name, target, groups, vars, troubles = [] }) => [
          name,
          {
            address: target.address,
            port: target.port,
            user: target.user,
            become: target.become,
            groups,
            vars,
            ...(troubles.length === 0 ? {} : { troubles: troubles.map(said) }),
          },
        ]);
        world.out.write(`${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`);
        return;
      }
      const width = hosts.reduce((widest, { name }) => Math.max(widest, name.length), 0);
      const lines = hosts.map(({ name, target, groups, troubles = [] }) =>
        [
          `${name.padEnd(width)}  ${target.user}@${target.address}:${String(target.port)}  ${groups.join(', ')}\n`,
          ...troubles.map((trouble) => `${' '.repeat(width)}  cannot be worked on: ${said(trouble)}\n`),
        ].join(''),
      );
      world.out.write(lines.join(''));
    });
}

function said({ file, line, message }: ConfigIssue): string {
  return `${file}${line === undefined ? '' : `:${String(line)}`}: ${message}`;
}
