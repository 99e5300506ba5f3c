import { changesPending } from '../../run/report/exit-status.ts';
import { neverAsked } from '../continue-command.ts';
import { playbookOptions, programsOption, runOptions } from '../options.ts';
import { runPlaybook } from '../playbook-session.ts';
import type { World } from '../world.ts';

export function planCommand(world: World, end: (exitCode: number) => void) {
  return runOptions(playbookOptions('plan'))
    .argument('<playbook>', 'the playbook file, or a saved plan, to see what has drifted from it')
    .addOption(programsOption())
    .option('-o, --out <file>', 'save the plan, for review and for plimsoll apply FILE')
    .option('--detailed-exitcode', `exit ${String(changesPending)} when there is something to do`)
    .addHelpText(
      'after',
      '\nExamples:\n  plimsoll plan playbooks/grow-rootfs.yaml\n  plimsoll plan playbooks/grow-rootfs.yaml -o grow.plan.json\n  plimsoll plan playbooks/grow-rootfs.yaml --limit web -e target=30GiB\n  plimsoll plan playbooks/grow-or-repair.yaml --allow-read-only-programs --detailed-exitcode\n  plimsoll plan playbooks/grow-rootfs.yaml --output json | jq',
    )
    .action(async (playbook, options) => {
      const { result } = await runPlaybook(world, playbook, options, {
        mode: 'plan',
        exitCodeForPending: options.detailedExitcode === true ? changesPending : 0,
        confirm: neverAsked,
        saveTo: options.out,
      });
      end(result.exitCode);
    });
}
