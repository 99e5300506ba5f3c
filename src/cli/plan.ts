import { changesPending } from '../run/exit-status.ts';
import { playbookCommand } from './options.ts';
import { runSession } from './session.ts';
import type { World } from './world.ts';

export function planCommand(world: World, end: (exitCode: number) => void) {
  return playbookCommand('plan')
    .description('Show what a playbook would do, from the live state of every host; changes nothing')
    .option('--detailed-exitcode', `exit ${String(changesPending)} when there is something to do`)
    .addHelpText('after', '\nExamples:\n  plimsoll plan playbooks/grow-rootfs.yaml\n  plimsoll plan playbooks/grow-rootfs.yaml --limit web -e target=30GiB\n  plimsoll plan playbooks/grow-rootfs.yaml --output json | jq')
    .action(async (playbook, options) => {
      end(await runSession(world, playbook, options, { mode: 'plan', exitCodeForPending: options.detailedExitcode === true ? changesPending : 0, confirm: () => Promise.resolve(false) }));
    });
}
