import type { InventoryWishes } from '../config/inventory/ansible/sources.ts';
import { oneLine } from '../values/terminal.ts';
import type { World } from './world.ts';

/** What `--run-inventory` allows, said on standard error before it is done. */
export function wishesOf(
  { err }: Pick<World, 'err'>,
  { runInventory }: { readonly runInventory?: true | undefined },
): InventoryWishes {
  return runInventory === undefined
    ? {}
    : {
        running: (line, where) => {
          err.write(`runs on this machine for the inventory: ${oneLine(line)} (${oneLine(where)})\n`);
        },
      };
}
