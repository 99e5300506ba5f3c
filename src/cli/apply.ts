import { AppError } from '../errors.ts';
import { playbookCommand } from './options.ts';
import { runSession } from './session.ts';
import type { World } from './world.ts';

export function applyCommand(world: World, end: (exitCode: number) => void) {
  return playbookCommand('apply')
    .description('Show the preview, ask, and carry it out on every host')
    .option('--dry-run', 'the same as plimsoll plan')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExamples:\n  plimsoll apply playbooks/grow-rootfs.yaml\n  plimsoll apply playbooks/grow-rootfs.yaml --limit web-01 --yes\n  plimsoll apply playbooks/grow-rootfs.yaml --yes --output json > run.jsonl')
    .action(async (playbook, options) => {
      const dryRun = options.dryRun === true;
      if (!dryRun && options.yes !== true && !world.interactive) {
        throw new AppError('usage', 'there is no terminal to ask at', { hint: 'look at the preview with plimsoll plan, then give --yes' });
      }
      const confirm = async (): Promise<boolean> => options.yes === true || (await asks(world));
      end(await runSession(world, playbook, options, { mode: dryRun ? 'plan' : 'apply', exitCodeForPending: 0, confirm }));
    });
}

async function asks(world: World): Promise<boolean> {
  return /^y(es)?$/i.test((await world.ask('Apply this plan? [y/N] ')).trim());
}
