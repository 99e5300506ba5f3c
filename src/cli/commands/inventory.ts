import { Command } from '@commander-js/extra-typings';
import { loadInventory } from '../../config/inventory/inventory.ts';
import { readLimit, selectHosts } from '../../config/inventory/select.ts';
import type { Host, Way } from '../../config/model/types.ts';
import { inventoryFiles, inventoryOptions, overridesOf } from '../options.ts';
import { SecretReader, showWarnings } from '../secrets.ts';
import type { World } from '../world.ts';
import { wayText, wayJson } from '../way-text.ts';

const examples = `
With the name of a host it shows the whole way to it, each value with where it comes from: a line of the inventory, the
configuration of your ssh (which is asked, with ssh -G), or a default. Otherwise it shows what the inventory itself
says, and asks nobody. It connects to nothing.

Examples:
  plimsoll inventory
  plimsoll inventory 'web:&production' --json
  plimsoll inventory web-01`;

export function inventoryCommand(world: World) {
  return inventoryOptions(new Command('inventory'))
    .argument('[pattern]', 'only these hosts; the name of one shows the way to it', 'all')
    .option('--json', 'one JSON object, variables included')
    .addHelpText('after', examples)
    .action(async (pattern, options) => {
      const inventory = await loadInventory(inventoryFiles(options.inventory), world.io, overridesOf(options));
      showWarnings(world, inventory.warnings);
      const limit = options.limit === undefined ? undefined : await readLimit(options.limit, world.io);
      const hosts = selectHosts(inventory, pattern, limit);
      const [host] = hosts;
      if (host?.name === pattern) {
        const route = await new SecretReader(world, options).routeTo(inventory, host);
        if (route !== undefined) world.out.write(options.json === true ? wayJson(host, route) : wayText(host, route));
      } else world.out.write(options.json === true ? listJson(hosts) : listText(hosts));
    });
}

/** What stands in the inventory, and null for what ssh's configuration or a default will say. */
function listJson(hosts: readonly Host[]): string {
  const shown = hosts.map(({ name, way, groups, vars }) => [
    name,
    {
      address: way.address?.value ?? null,
      port: way.port?.value ?? null,
      user: way.user?.value ?? null,
      become: becomeOf(way),
      groups,
      vars,
    },
  ]);
  return `${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`;
}

function becomeOf({ become }: Way): string {
  return become ? 'sudo' : 'none';
}

function listText(hosts: readonly Host[]): string {
  const width = hosts.reduce((widest, { name }) => Math.max(widest, name.length), 0);
  return hosts
    .map(({ name, way: { user, address, port }, groups }) => {
      const way = `${user === undefined ? '' : `${user.value}@`}${address?.value ?? name}${port === undefined ? '' : `:${String(port.value)}`}`;
      return `${name.padEnd(width)}  ${way}  ${groups.join(', ')}\n`;
    })
    .join('');
}
