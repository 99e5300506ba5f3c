import { Command } from '@commander-js/extra-typings';
import { loadInventory } from '../../config/inventory/inventory.ts';
import { listHosts, readLimit } from '../../config/inventory/select.ts';
import { troublesOf } from '../../config/inventory/troubles.ts';
import { ConfigError } from '../../errors.ts';
import { wishesOf } from '../inventory-wishes.ts';
import { inventoryOptions, overridesOf } from '../options.ts';
import { SecretReader, showWarnings } from '../secrets.ts';
import { listJson, listText, wayJson, wayText } from '../configured/inventory-text.ts';
import type { World } from '../world.ts';

const examples = `
With the name of a host it shows the whole way to it, each value with where it comes from: a line of the inventory, the
configuration of your ssh (which is asked, with ssh -G), or a default. It connects to nothing.

Examples:
  plimsoll inventory
  plimsoll inventory web-01
  plimsoll inventory 'web:&production' --json`;

export function inventoryCommand(world: World) {
  return inventoryOptions(new Command('inventory'))
    .argument('[pattern]', 'only these hosts; the name of one shows the way to it', 'all')
    .option('--json', 'one JSON object, variables included')
    .addHelpText('after', examples)
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
      const routes = await new SecretReader(world, options).routes(inventory, hosts);
      const [host] = hosts;
      // A group of Ansible's may be called like its host.
      const route = hosts.length === 1 && host?.name === pattern ? routes.get(pattern) : undefined;
      if (host !== undefined && route !== undefined)
        world.out.write(options.json === true ? wayJson(host, route) : wayText(host, route));
      else world.out.write(options.json === true ? listJson(hosts, routes) : listText(hosts, routes));
    });
}
