import { Command } from '@commander-js/extra-typings';
import { AppError } from '../../errors.ts';
import type { VersionRecord } from '../../records/version-record.ts';
import { count } from '../../render/words.ts';
import { historyOf } from '../../run/journal/history.ts';
import type { Claim } from '../../run/journal/records.ts';
import { holderOf, holdRun } from '../../run/journal/run-lock.ts';
import { findRun, listRuns, openRun } from '../../run/journal/run-store.ts';
import { neutralise, oneLine } from '../../values/terminal.ts';
import { confirmation } from '../continue-command.ts';
import { recordsOption } from '../options.ts';
import { rebuildCommand } from './rebuild-records.ts';
import { versionRecords } from '../session.ts';
import { settleRecords } from '../settle-records.ts';
import type { World } from '../world.ts';
import { byHand } from '../../values/shell.ts';

export function recordsCommand(world: World, end: (exitCode: number) => void) {
  return new Command('records')
    .addCommand(settleCommand(world, end))
    .addCommand(abandonCommand(world, end))
    .addCommand(rebuildCommand(world, end));
}

function settleCommand(world: World, end: (exitCode: number) => void) {
  return new Command('settle')
    .description('Tell the records what a run of this machine has done while they were away; connects to no host')
    .argument('[run]', 'the run, or the beginning of its id; the newest one when absent')
    .addOption(recordsOption())
    .action(async (wanted, { records }) => {
      const place = await findRun(world.stateDirectory, wanted);
      const held = await holdRun(world.stateDirectory, place.runId);
      try {
        const { records: journal } = await openRun(world.stateDirectory, place.runId);
        const {
          records: now,
          owed,
          errors: [error],
        } = await settleRecords(world, place, journal, { records });
        const lines = [
          `Run ${place.runId}: ${count(now.length - journal.length, 'version')} settled, ${count(owed.length, 'version')} still owed.`,
          ...owed.map(({ host, text }) => `${host}: ${text}`),
        ];
        world.out.write(neutralise(`${lines.join('\n')}\n`));
        if (error !== undefined) throw error;
        const orphans = await abandonUnknown(world, place.runId, now, records);
        if (orphans > 0)
          world.out.write(
            `${count(orphans, 'version')} had been claimed and not begun, and ${orphans === 1 ? 'is' : 'are'} given up.\n`,
          );
        end(0);
      } finally {
        await held.release();
      }
    });
}

/** What the run has claimed and then never begun: it was cut in between. Resolves with how many of these there were. */
async function abandonUnknown(
  world: World,
  runId: string,
  journal: Parameters<typeof historyOf>[0],
  given: string | undefined,
): Promise<number> {
  const { hosts, recordsAt } = historyOf(journal);
  const kept = versionRecords(world, given ?? recordsAt);
  const known = new Set(
    hosts.flatMap(({ host, versions }) =>
      versions.map(({ note, version }) => `${host} ${note.kind} ${note.name} ${String(version)}`),
    ),
  );
  const isKnown = ({ host, kind, name, version }: VersionRecord | (Claim & { readonly host: string })): boolean =>
    known.has(`${host} ${kind} ${name} ${String(version)}`);
  const { stop } = world.interrupts;
  const orphans = await kept.abandon(
    runId,
    hosts.map(({ host }) => host),
    isKnown,
    stop,
  );
  const instances = await kept.scaledVolumes.giveUp(runId, isKnown, stop);
  return orphans.length + instances;
}

function abandonCommand(world: World, end: (exitCode: number) => void) {
  return new Command('abandon')
    .description(
      'Give up the versions that a run has claimed and not made, when the machine that has its journal is gone; connects to no host',
    )
    .argument('<run>', 'the run’s whole id')
    .option('-y, --yes', 'do not ask')
    .addOption(recordsOption())
    .action(async (run, options) => {
      const { stop } = world.interrupts;
      const here = (await listRuns(world.stateDirectory)).some(({ runId }) => runId === run);
      if (here || (await holderOf(world.stateDirectory, run)) !== undefined)
        throw new AppError(
          'refused',
          `run ${run} is on this machine, and its journal says what became of its versions`,
          {
            hint: `${byHand('plimsoll', 'resume', run)} (or rollback), then ${byHand('plimsoll', 'records', 'settle', run)}`,
          },
        );
      const confirm = confirmation(world, options, `Give ${oneLine(run, 80)}’s claims up? It must not go on anywhere.`);
      confirm.ready();
      const kept = versionRecords(world, options.records);
      const claimed = (await kept.all(undefined, stop))
        .filter((one) => one.run === run && one.state === 'pending')
        .map(lineOf);
      world.out.write(neutralise(claimed.join('')));
      if (claimed.length > 0 && !(await confirm.ask())) throw new AppError('interrupted', 'nothing was written');
      // What was shown, and nothing that has been claimed since.
      const given = await kept.abandon(run, undefined, (one) => !claimed.includes(lineOf(one)), stop);
      world.out.write(neutralise(`${count(given.length, 'version')} of run ${run} given up.\n`));
      end(0);
    });
}

function lineOf({ host, kind, name, version }: Pick<VersionRecord, 'host' | 'kind' | 'name' | 'version'>): string {
  return `${host}: version ${String(version)} of ${kind} ${name}\n`;
}
