import { carryOut } from './carry-out.ts';
import { playbookOptions, changeOptions } from './options.ts';
import type { World } from './world.ts';

export function applyCommand(world: World, end: (exitCode: number) => void) {
  return changeOptions(playbookOptions('apply'))
    .description('Show the preview, ask, and carry it out on every host')
    .argument('<playbook>', 'the playbook file, or a saved plan, which is carried out exactly or not at all')
    .option('--dry-run', 'the same as plimsoll plan')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExamples:\n  plimsoll apply playbooks/grow-rootfs.yaml\n  plimsoll apply grow.plan.json\n  plimsoll apply playbooks/grow-rootfs.yaml --limit web-01 --yes --lock-wait 5m\n  plimsoll apply playbooks/grow-rootfs.yaml --yes --output json > run.jsonl')
    .action(async (playbook, options) => {
      end(await carryOut(world, playbook, options));
    });
}
