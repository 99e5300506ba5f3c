import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { whyUnreadable } from '../../config/model/io.ts';
import { AppError } from '../../errors.ts';
import { prettyJson } from '../../plan/json-text.ts';
import { paint } from '../../render/line.ts';
import { surveyCsv } from '../../render/survey/survey-csv.ts';
import { surveyHtml } from '../../render/survey/survey-html.ts';
import { surveyTable } from '../../render/survey/survey-table.ts';
import type { ShownSurvey } from '../../render/survey/survey-words.ts';
import { replaceFile } from '../../run/reach/beside.ts';
import { exitCodeOf, worst } from '../../run/report/exit-status.ts';
import { surveyHosts } from '../../run/surveying/survey-hosts.ts';
import { keepSurvey, readSurveys } from '../../run/surveying/survey-store.ts';
import { chooseFigures, orders } from '../../survey/choose-figures.ts';
import { figuresOf } from '../../survey/figures.ts';
import { keep, lastUsedOf, withTrends } from '../../survey/kept-survey.ts';
import { remedyCommand } from '../../survey/remedy.ts';
import { commandLine } from '../../values/shell.ts';
import { oneLine } from '../../values/terminal.ts';
import { progressOn } from '../asking/host-progress.ts';
import { selected } from '../asking/select.ts';
import { count, inventoryOptions, seconds, withColour } from '../options.ts';
import { sshTransport } from '../ssh-transport.ts';
import type { World } from '../world.ts';

const defaultUsageSeconds = 60;

const examples = `
Examples:
  plimsoll survey
  plimsoll survey 'web:&production' --over 80%
  plimsoll survey --trend --sort full
  plimsoll survey --usage 2m -l db-1
  plimsoll survey --html storage.html --output csv > storage.csv
  plimsoll survey --output json | jq '.figures[] | select(.use > 0.9)'

The figures are kept in $XDG_STATE_HOME/plimsoll/surveys, so that --trend can tell how things have grown.`;

export function surveyCommand(world: World, end: (exitCode: number) => void) {
  return inventoryOptions(new Command('survey'))
    .argument('[pattern]', 'only these hosts', 'all')
    .option('-f, --forks <n>', 'hosts to connect to at once', count, 50)
    .addOption(new Option('--sort <by>', 'the order of the figures').choices(orders).default('use' as const))
    .option('--over <percentage>', 'only what is fuller than this: 80%', share)
    .option('--trend', 'how things have grown over the surveys that were kept, and when they will be full')
    .option(
      '--usage [duration]',
      'walk over volumes and layers that have no quota to tell what is used, for so long on a host at most (1m when not said)',
      usage,
    )
    .addOption(
      new Option('--output <kind>', 'table: for people; json: one JSON object; csv: a line for each figure')
        .choices(['table', 'json', 'csv'] as const)
        .default('table' as const),
    )
    .option('--html <file>', 'also write one page for a browser, which needs nothing but itself')
    .option('--no-keep', 'do not keep the figures')
    .addHelpText('after', examples)
    .action(async (pattern, options) => {
      const hosts = await selected(world, options, pattern);
      const { surveys: earlier, unreadable } = await readSurveys(world.stateDirectory, options.trend === true);
      for (const path of unreadable)
        world.err.write(`warning: ${oneLine(path)} is not a survey that this version reads\n`);
      const lastUsed = (host: string) => lastUsedOf(earlier, host);
      const usageSeconds =
        options.usage === undefined ? undefined : options.usage === true ? defaultUsageSeconds : options.usage;

      const transport = sshTransport(world);
      const progress = progressOn(world, hosts.length, 'surveyed');
      const surveys = await surveyHosts({
        hosts,
        transport,
        forks: options.forks,
        want: { usageSeconds },
        lastUsed,
        signal: world.interrupts.stop,
        surveyed: progress.one,
      }).finally(async () => {
        progress.end();
        await transport.close();
      });

      const at = new Date().toISOString();
      const all = surveys.flatMap(figuresOf);
      const figures = chooseFigures(
        options.trend === true ? withTrends(all, earlier, at) : all,
        options.sort,
        options.over,
      );
      const shown: ShownSurvey = {
        at,
        hosts: surveys,
        figures,
        leftOut: all.length - figures.length,
        trend: options.trend === true,
        command: ({ remedy, host }) =>
          remedy === null ? undefined : commandLine(remedyCommand(remedy, host, options.inventory)),
      };
      const exitCode = exitCodeOf(worst(surveys.map(({ status }) => status)));
      if (options.html !== undefined) await writePage(options.html, surveyHtml(shown));
      world.out.write(
        textOf(shown, options.output, world, { verbose: options.verbose === true, color: options.color, exitCode }),
      );
      end(exitCode);
      // Last, so that a full disk here does not hide what has been found.
      if (options.keep && surveys.some(({ docker }) => docker !== null))
        await keepSurvey(world.stateDirectory, keep(at, surveys, lastUsed));
    });
}

function textOf(
  shown: ShownSurvey,
  output: 'table' | 'json' | 'csv',
  { out }: World,
  { verbose, color, exitCode }: { readonly verbose: boolean; readonly color: boolean; readonly exitCode: number },
): string {
  if (output === 'csv') return surveyCsv(shown);
  if (output === 'json') {
    const figures = shown.figures.map((figure) => ({ ...figure, command: shown.command(figure) ?? null }));
    return `${prettyJson({ v: 1, at: shown.at, hosts: shown.hosts, figures, leftOut: shown.leftOut, exitCode })}\n`;
  }
  return paint(
    surveyTable(shown, { verbose, columns: out.isTerminal ? out.columns : 200 }),
    withColour(out, color).colour,
  );
}

async function writePage(path: string, text: string): Promise<void> {
  try {
    await replaceFile(path, text);
  } catch (thrown) {
    throw new AppError('usage', `${path} cannot be written: ${whyUnreadable(thrown)}`, { cause: thrown });
  }
}

function share(text: string): number {
  const number = /^(\d{1,3}(?:\.\d+)?)%?$/.exec(text)?.[1];
  if (number === undefined || Number(number) > 100)
    throw new InvalidArgumentError('a percentage from 0% to 100% is needed');
  return Number(number) / 100;
}

function usage(text: string): number {
  return seconds(text);
}
