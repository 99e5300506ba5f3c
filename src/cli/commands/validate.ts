import { Command } from '@commander-js/extra-typings';
import type { InventoryWishes } from '../../config/inventory/ansible/sources.ts';
import { readInventory } from '../../config/inventory/inventory.ts';
import { readPlaybook } from '../../config/playbook/playbook.ts';
import { loadAll } from '../../config/load.ts';
import { ConfigError } from '../../errors.ts';
import { operations } from '../../operations/registry.ts';
import { unique } from '../../values/unique.ts';
import { wishesOf } from '../inventory-wishes.ts';
import { inventoryOptions } from '../options.ts';
import { showWarnings } from '../secrets.ts';
import type { World } from '../world.ts';

export function validateCommand(world: World, end: (exitCode: number) => void) {
  return inventoryOptions(new Command('validate'))
    .argument('<playbook...>', 'playbook files')
    .addHelpText(
      'after',
      '\nExamples:\n  plimsoll validate playbooks/*.yaml\n  plimsoll validate playbooks/grow-rootfs.yaml -i inventory.yaml',
    )
    .action(async (playbooks, options) => {
      const files = options.inventory;
      const wishes = wishesOf(world, options);
      // What is unwise in the inventory is said, whatever is wrong with a playbook.
      if (files.length > 0)
        showWarnings(world, (await readInventory(files, world.io, {}, wishes)).value?.warnings ?? []);
      const found = (await Promise.all(playbooks.map((file) => issuesOf(world, file, files, wishes)))).flat();
      const issues = unique(found, (issue) => JSON.stringify(issue));
      if (issues.length > 0) throw new ConfigError(issues);
      world.out.write(
        `${playbooks.length === 1 ? 'The playbook is' : `${String(playbooks.length)} playbooks are`} valid.\n`,
      );
      end(0);
    });
}

async function issuesOf(
  world: World,
  playbookFile: string,
  inventories: readonly string[],
  wishes: InventoryWishes,
): Promise<ConfigError['issues']> {
  if (inventories.length === 0) return (await readPlaybook(playbookFile, operations, world.io)).issues;
  try {
    await loadAll({ inventoryFiles: inventories, playbookFile, registry: operations, wishes }, world.io);
    return [];
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.issues;
    throw thrown;
  }
}
