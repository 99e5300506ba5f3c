import { carryOut } from '../carry-out.ts';
import { playbookOptions, programsOption, changeOptions } from '../options.ts';
import type { World } from '../world.ts';

export function applyCommand(world: World, end: (exitCode: number) => void) {
  return changeOptions(playbookOptions('apply'))
    .argument(
      '<playbook>',
      'the playbook file, or a saved plan, which is made anew from the playbook and the variables in it, and carried out exactly as it was saved or not at all',
    )
    .addOption(programsOption())
    .option('--dry-run', 'the same as plimsoll plan')
    .option('-y, --yes', 'do not ask: not about the plan, nor about the programs that are run to make it')
    .addHelpText(
      'after',
      '\nExamples:\n  plimsoll apply playbooks/grow-rootfs.yaml\n  plimsoll apply playbooks/grow-or-repair.yaml --allow-read-only-programs   # asks about the plan only\n  plimsoll apply grow.plan.json         # shown and asked about like a playbook\n  plimsoll apply grow.plan.json --yes\n  plimsoll apply playbooks/grow-rootfs.yaml --limit web-01 --yes --lock-wait 5m\n  plimsoll apply playbooks/grow-rootfs.yaml --yes --output json > run.jsonl',
    )
    .action(async (playbook, options) => {
      end(await carryOut(world, playbook, options));
    });
}
