import { loadInventory } from '../../config/inventory/inventory.ts';
import { readLimit, selectHosts } from '../../config/inventory/select.ts';
import type { Host } from '../../config/model/types.ts';
import { wishesOf } from '../inventory-wishes.ts';
import { overridesOf } from '../options.ts';
import { SecretReader, type SecretWishes, showWarnings } from '../secrets.ts';
import type { World } from '../world.ts';

export type Selection = Parameters<typeof wishesOf>[1] &
  Parameters<typeof overridesOf>[0] &
  SecretWishes & {
    readonly inventory: readonly string[];
    readonly limit?: string | undefined;
  };

/**
 * The hosts that the command line names, with their ways and secrets. `check` sees them before anything is read for them, and
 * throws where they are not those that are needed.
 */
export async function selected(
  world: World,
  options: Selection,
  pattern: string,
  check: (hosts: readonly Host[]) => void = () => undefined,
): Promise<readonly Host[]> {
  const inventory = await loadInventory(options.inventory, world.io, overridesOf(options), wishesOf(world, options));
  showWarnings(world, inventory.warnings);
  const limit = options.limit === undefined ? undefined : await readLimit(options.limit, world.io);
  const hosts = selectHosts(inventory, pattern, limit);
  check(hosts);
  return await new SecretReader(world, options).complete(inventory, hosts);
}
