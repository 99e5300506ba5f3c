import { loadAll } from '../../config/load.ts';
import { operations } from '../../operations/registry.ts';
import { sudoersText } from '../../render/sudoers-text.ts';
import { wishesOf } from '../inventory-wishes.ts';
import { overridesOf, playbookOptions } from '../options.ts';
import { SecretReader, showWarnings } from '../secrets.ts';
import { needsOf } from '../configured/sudoers-needs.ts';
import type { World } from '../world.ts';

const more = `
What it prints is a file for /etc/sudoers.d. It is one rule for a shell for each way of becoming root that the steps of the
playbook use on the chosen hosts, and nothing for steps with become: false. A rule for a shell is all of root's rights: plimsoll
cannot work through a list of single programs. It connects to nothing.

Examples:
  plimsoll sudoers playbooks/grow-rootfs.yaml
  plimsoll sudoers playbooks/grow-rootfs.yaml -i inventory.yaml --limit web > plimsoll.sudoers`;

export function sudoersCommand(world: World) {
  return playbookOptions('sudoers')
    .argument('<playbook>', 'the playbook file')
    .addHelpText('after', more)
    .action(async (playbook, options) => {
      const loaded = await loadAll(
        {
          inventoryFiles: options.inventory,
          playbookFile: playbook,
          registry: operations,
          overrides: overridesOf(options),
          wishes: wishesOf(world, options),
          vars: options.var,
          tags: options.tags ?? [],
          skipTags: options.skipTags ?? [],
          ...(options.limit === undefined ? {} : { limit: options.limit }),
        },
        world.io,
      );
      showWarnings(world, loaded.warnings);
      // Who logs in may be known to ssh only, of the receivers of copies, too.
      const all = [...loaded.inventory.hosts.values()];
      const sends = loaded.plays.some(({ play }) => play.steps.some(({ operation }) => operation === 'send_volume'));
      const reached = await new SecretReader(world, options).reach(loaded.inventory, sends ? all : loaded.hosts);
      const hosts = new Map(reached.map((host) => [host.name, host]));
      const plays = loaded.plays.map(({ play, hosts: own }) => ({
        play,
        hosts: own.map((host) => hosts.get(host.name) ?? host),
      }));
      const { needs, unknown } = needsOf(plays, hosts);
      const places = unknown.map(({ name, place }) => ({ name, where: `${place.file}:${String(place.line)}` }));
      world.out.write(sudoersText(loaded.playbook.file, needs, places));
    });
}
