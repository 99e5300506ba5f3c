import { Command, Option } from '@commander-js/extra-typings';
import { prettyJson } from '../../plan/json-text.ts';
import { paint } from '../../render/line.ts';
import type { DamagedRun } from '../../render/recap/runs-view.ts';
import { runsTable, runView } from '../../render/recap/runs-view.ts';
import { historyOf } from '../../run/journal/history.ts';
import { readJournal } from '../../run/journal/read-journal.ts';
import { holderOf } from '../../run/journal/run-lock.ts';
import type { ListedRun } from '../../run/journal/run-store.ts';
import { findRun, journalPath, listRuns, tryReadRun } from '../../run/journal/run-store.ts';
import type { RunSummary } from '../../run/journal/run-summary.ts';
import { detailsOf, summaryOf } from '../../run/journal/run-summary.ts';
import { neutralise } from '../../values/terminal.ts';
import { withColour } from '../options.ts';
import type { World } from '../world.ts';

/** How many runs are listed unless all of them are asked for. */
const newest = 20;

export function runsCommand(world: World, end: (exitCode: number) => void) {
  return new Command('runs')
    .argument('[run]', 'the run’s id, or the beginning of it')
    .option('-a, --all', `list all runs, not only the newest ${String(newest)}`)
    .option('--json', 'one JSON object (of all runs)')
    .addOption(
      new Option('--output <kind>', 'plain: for people; json: one JSON object')
        .choices(['plain', 'json'] as const)
        .default('plain' as const),
    )
    .option('--no-color', 'no colours')
    .option('-v, --verbose', 'every host’s own message, and the commands of a rollback')
    .addHelpText(
      'after',
      '\nExamples:\n  plimsoll runs\n  plimsoll runs 20261120-181612-9f3a1c\n  plimsoll runs 20261120-18 -v\n  plimsoll runs --json',
    )
    .action(async (wanted, { all, json, output, color, verbose }) => {
      const asJson = json === true || output === 'json';
      const { colour } = withColour(world.out, color);
      if (wanted === undefined) world.out.write(await list(world, { asJson, all: all === true || asJson, colour }));
      else world.out.write(await show(world, wanted, { asJson, verbose: verbose === true, colour }));
      end(0);
    });
}

async function list(
  { stateDirectory, interrupts: { stop } }: World,
  { asJson, all, colour }: { readonly asJson: boolean; readonly all: boolean; readonly colour: boolean },
): Promise<string> {
  const places = await listRuns(stateDirectory);
  const shown = all ? places : places.slice(0, newest);
  const runs: (RunSummary | DamagedRun)[] = [];
  // One after the other: a journal may be large, and of each only its totals are kept.
  for (const place of shown) {
    stop.throwIfAborted();
    runs.push(await summarise(stateDirectory, await tryReadRun(place)));
  }
  if (asJson) return jsonText({ v: 1, runs });
  return runs.length === 0
    ? neutralise(`There are no runs in ${stateDirectory}/runs.\n`)
    : paint(runsTable(runs, places.length - shown.length), colour);
}

async function summarise(stateDirectory: string, run: ListedRun): Promise<RunSummary | DamagedRun> {
  const { runId, directory } = run;
  if ('journal' in run)
    return summaryOf({ runId, directory }, historyOf(run.journal.records), await holderOf(stateDirectory, runId));
  const { code, message, hint = '', where } = run.error;
  return { runId, directory, error: { code, message, hint, ...(where === undefined ? {} : { where }) } };
}

async function show(
  { stateDirectory }: World,
  wanted: string,
  { asJson, verbose, colour }: { readonly asJson: boolean; readonly verbose: boolean; readonly colour: boolean },
): Promise<string> {
  const place = await findRun(stateDirectory, wanted);
  const { records } = await readJournal(journalPath(place));
  const details = detailsOf(place, historyOf(records), await holderOf(stateDirectory, place.runId));
  return asJson ? jsonText({ v: 1, ...details }) : paint(runView(details, { verbose }), colour);
}

function jsonText(value: object): string {
  return `${prettyJson(value)}\n`;
}
