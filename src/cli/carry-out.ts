import { confirmation, neverAsked } from './continue-command.ts';
import { continueRun } from './continue-session.ts';
import type { MadePlaybook, PlaybookOptions } from './playbook-session.ts';
import { runPlaybook } from './playbook-session.ts';
import type { World } from './world.ts';

export interface CarryOutOptions extends PlaybookOptions {
  readonly yes?: true | undefined;
  readonly dryRun?: true | undefined;
}

/** Shows the preview, asks, and carries it out; or only shows it. Resolves with the exit status. */
export async function carryOut(
  world: World,
  playbook: string | MadePlaybook,
  options: CarryOutOptions,
): Promise<number> {
  if (options.dryRun === true)
    return (await runPlaybook(world, playbook, options, { mode: 'plan', exitCodeForPending: 0, confirm: neverAsked }))
      .result.exitCode;
  const { result, chosen, runId } = await runPlaybook(world, playbook, options, {
    mode: 'apply',
    exitCodeForPending: 0,
    confirm: confirmation(world, options, 'Apply this plan?'),
  });
  if (chosen === 'rollback') {
    // The run stays interrupted, whatever becomes of its rollback.
    world.interrupts.renew();
    await continueRun(world, 'rollback', runId, options, confirmation(world, { yes: true }, ''));
  }
  return result.exitCode;
}
