import { Command, Option } from '@commander-js/extra-typings';
import pLimit from 'p-limit';
import { toAppError } from '../../errors.ts';
import { prettyJson } from '../../plan/json-text.ts';
import { paint } from '../../render/line.ts';
import type { DamagedRun } from '../../render/recap/runs-view.ts';
import { runsTable, runView } from '../../render/recap/runs-view.ts';
import { historyOf } from '../../run/journal/history.ts';
import { readJournal } from '../../run/journal/read-journal.ts';
import { holderOf } from '../../run/journal/run-lock.ts';
import type { RunPlace } from '../../run/journal/run-store.ts';
import { findRun, journalPath, listRuns } from '../../run/journal/run-store.ts';
import type { RunSummary, RunTotals } from '../../run/journal/run-summary.ts';
import { detailsOf, summaryOf } from '../../run/journal/run-summary.ts';
import { keptTotals, makeTotals } from '../../run/journal/run-totals.ts';
import { neutralise } from '../../values/terminal.ts';
import { withColour } from '../options.ts';
import type { World } from '../world.ts';

/** How many runs are listed unless all of them are asked for. */
const newest = 20;
/** How many runs are looked at side by side. */
const atOnce = 16;

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
  const several = pLimit(atOnce);
  // One after the other: a journal may be large, and of each only its totals are wanted.
  const alone = pLimit(1);
  const runs = await Promise.all(
    shown.map((place) =>
      several(async () => {
        stop.throwIfAborted();
        return await summarise(stateDirectory, place, (read) => alone(read));
      }),
    ),
  );
  if (asJson) return jsonText({ v: 1, runs });
  return runs.length === 0
    ? neutralise(`There are no runs in ${stateDirectory}/runs.\n`)
    : paint(runsTable(runs, places.length - shown.length), colour);
}

/** A run that is damaged does not stand in the way of the others. */
async function summarise(
  stateDirectory: string,
  place: RunPlace,
  alone: (read: () => Promise<RunTotals>) => Promise<RunTotals>,
): Promise<RunSummary | DamagedRun> {
  const holder = holderOf(stateDirectory, place.runId);
  try {
    const totals = (await keptTotals(place)) ?? (await alone(() => makeTotals(place)));
    return summaryOf(place, totals, await holder);
  } catch (thrown) {
    const { code, message, hint = '', where } = toAppError(thrown);
    return { ...place, error: { code, message, hint, ...(where === undefined ? {} : { where }) } };
  }
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
