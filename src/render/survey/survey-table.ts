import { daysToFull, growthOf } from '../../survey/choose-figures.ts';
import type { Figure } from '../../survey/figure.ts';
import type { HostSurvey } from '../../survey/host-survey.ts';
import { grouped } from '../../values/grouped.ts';
import { oneLine } from '../../values/terminal.ts';
import { causeLines, causesOf } from '../causes.ts';
import { foldNames } from '../fold-names.ts';
import { type Line, line } from '../line.ts';
import type { ShownSurvey } from './survey-words.ts';
import {
  bytesText,
  fullText,
  growthText,
  hostText,
  nearlyFull,
  needsAttention,
  undoText,
  unknown,
  useText,
} from './survey-words.ts';
import { columnWidths } from '../table.ts';
import { cut, textWidth } from '../width.ts';
import { count } from '../words.ts';

export interface TableOptions {
  /** Each host's own line, and nothing cut off. */
  readonly verbose: boolean;
  readonly columns: number;
}

const namedSets = 4;
const shownRemedies = 10;
const widestName = 32;
const leastNotes = 24;

/** A survey for people: what the hosts are, what is how full, and what to do about it. */
export function surveyTable(survey: ShownSurvey, options: TableOptions): readonly Line[] {
  return [...hostLines(survey.hosts, options), ...figureLines(survey, options), ...remedyLines(survey, options)];
}

function hostLines(hosts: readonly HostSurvey[], { verbose }: TableOptions): readonly Line[] {
  const ok = hosts.filter(({ docker }) => docker !== null);
  const groups = grouped(ok, hostText);
  const causes = causesOf(
    hosts.flatMap(({ host, status, error }) => (error === null ? [] : [{ host, status, ...error }])),
    verbose,
  );
  const gaps = grouped(
    ok.flatMap(({ host, gaps: its }) => its.map((gap) => ({ host, gap }))),
    ({ gap }) => gap,
  );
  return [
    line(
      `${count(ok.length, 'host')} surveyed${ok.length === hosts.length ? '' : ` of ${String(hosts.length)}`}`,
      'strong',
    ),
    ...[...groups].map(([text, its]) =>
      line(
        `  ${foldNames(
          its.map(({ host }) => host),
          verbose ? Infinity : namedSets,
        )}: ${oneLine(text)}`,
      ),
    ),
    ...causes.flatMap(causeLines),
    ...[...gaps].map(([gap, its]) =>
      line(`! not read on ${foldNames(its.map(({ host }) => host))}: ${oneLine(gap)}`, 'caution'),
    ),
  ];
}

/** Figures that are one line of the table. */
interface Row {
  readonly figures: readonly Figure[];
  readonly cells: readonly string[];
  readonly notes: string;
}

function figureLines(survey: ShownSurvey, { verbose, columns }: TableOptions): readonly Line[] {
  const { figures, leftOut, trend } = survey;
  const hidden = leftOut === 0 ? [] : [line(`${count(leftOut, 'figure')} not shown (--over)`, 'faint')];
  if (figures.length === 0)
    return [line(leftOut === 0 ? 'nothing is there that could become full' : 'nothing is that full'), ...hidden];
  const heads = ['HOST', 'WHAT', 'NAME', 'USED', 'SIZE', 'USE', 'UNDONE', ...(trend ? ['GROWTH', 'FULL IN'] : [])];
  const rows = rowsOf(figures, trend, verbose);
  const widths = columnWidths(
    heads,
    rows.map(({ cells }) => cells),
  );
  const text = (cells: readonly string[]): string =>
    cells.map((cell, column) => pad(cell, widths[column] ?? 0, numeric.has(heads[column] ?? ''))).join('  ');
  const room = Math.max(leastNotes, columns - widths.reduce((sum, width) => sum + width + 2, 0));
  const undone = figures.some(({ restartUndoes }) => restartUndoes === true)
    ? [line('UNDONE: a restart would undo it', 'faint')]
    : [];
  return [
    line(`${text(heads)}  NOTES`, 'strong'),
    ...rows.map((row) =>
      line(`${text(row.cells)}  ${verbose ? row.notes : cut(row.notes, room)}`.trimEnd(), toneOf(row)),
    ),
    ...hidden,
    ...undone,
  ];
}

const numeric: ReadonlySet<string> = new Set(['USED', 'SIZE', 'USE', 'GROWTH']);

function pad(text: string, width: number, left: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - textWidth(text)));
  return left ? blanks + text : text + blanks;
}

function toneOf({ figures }: Row): Line['tone'] {
  const [first] = figures;
  if (first === undefined || !needsAttention(first)) return 'plain';
  return first.restartUndoes === true || (first.use ?? 0) > 0.95 ? 'bad' : 'caution';
}

/** What is as it should be, and the same on many hosts, is one line with the range; what wants attention stands by itself, unless it says the very same. */
function rowsOf(figures: readonly Figure[], trend: boolean, verbose: boolean): readonly Row[] {
  const exact = (figure: Figure): string => JSON.stringify([cellsOf([figure], trend).slice(1), notesOf([figure])]);
  const key = (figure: Figure): string => {
    if (verbose) return JSON.stringify([figure.host, figure.key]);
    if (needsAttention(figure)) return exact(figure);
    return JSON.stringify([
      figure.kind,
      figure.kind.startsWith('pool') ? '' : figure.name,
      bytesText(figure.size),
      figure.used === null,
      figure.restartUndoes,
    ]);
  };
  return [...grouped(figures, key).values()].map((its) => ({
    figures: its,
    cells: cellsOf(its, trend),
    notes: notesOf(its),
  }));
}

function cellsOf(figures: readonly Figure[], trend: boolean): readonly string[] {
  const [first] = figures;
  if (first === undefined) return [];
  const names = [...new Set(figures.map(({ name }) => name))];
  return [
    oneLine(
      foldNames(
        figures.map(({ host }) => host),
        namedSets,
      ),
      60,
    ),
    first.kind,
    names.length === 1 ? cut(oneLine(shortName(first.name), 200), widestName) : '(various)',
    range(figures, ({ used }) => used, bytesText),
    bytesText(first.size),
    range(figures, ({ use }) => use, useText),
    undoText(first.restartUndoes),
    ...(trend
      ? [forecast(figures, growthOf, growthText, 'up to ', 1), forecast(figures, daysToFull, fullText, 'soonest ', -1)]
      : []),
  ];
}

/** Of several that differ, the one that matters most. */
function forecast(
  figures: readonly Figure[],
  value: (figure: Figure) => number | null,
  text: (figure: Figure) => string,
  words: string,
  direction: 1 | -1,
): string {
  const [first, ...others] = figures.toSorted(
    (a, b) => ((value(b) ?? -Infinity * direction) - (value(a) ?? -Infinity * direction)) * direction,
  );
  if (first === undefined) return unknown;
  return others.every((figure) => text(figure) === text(first)) ? text(first) : `${words}${text(first)}`;
}

function shortName(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name;
}

function range(
  figures: readonly Figure[],
  of: (figure: Figure) => number | null,
  text: (value: number | null) => string,
): string {
  const values = figures.flatMap((figure) => of(figure) ?? []);
  if (values.length === 0) return unknown;
  const [least, most] = [text(values.reduce((a, b) => Math.min(a, b))), text(values.reduce((a, b) => Math.max(a, b)))];
  return least === most ? least : `${least}–${most}`;
}

/** What is true of all of them. */
function notesOf(figures: readonly Figure[]): string {
  const [first, ...others] = figures.map(({ cautions, notes }) => [...cautions, ...notes]);
  return (first ?? [])
    .filter((note) => others.every((notes) => notes.includes(note)))
    .map((note) => oneLine(note))
    .join('; ');
}

function remedyLines({ figures, command }: ShownSurvey, { verbose }: TableOptions): readonly Line[] {
  const wanting = figures.filter((figure) => needsAttention(figure) && command(figure) !== undefined);
  if (wanting.length === 0) return [];
  const shown = verbose ? wanting : wanting.slice(0, shownRemedies);
  return [
    line('What would help', 'strong'),
    ...shown.flatMap((figure) => [
      line(`  ${oneLine(figure.host)}: ${figure.kind} ${oneLine(shortName(figure.name))}: ${why(figure)}`),
      line(`    $ ${oneLine(command(figure) ?? '', 1000)}`, 'faint'),
    ]),
    ...(shown.length < wanting.length
      ? [line(`  and ${String(wanting.length - shown.length)} more: -v shows them`, 'faint')]
      : []),
  ];
}

function why(figure: Figure): string {
  const [caution] = figure.cautions;
  if (caution !== undefined) return oneLine(caution);
  const full = figure.trend?.kind === 'growing' ? `, full in ${fullText(figure)}` : '';
  return `${useText(figure.use)} used${figure.use !== null && figure.use <= nearlyFull && full === '' ? '' : full}`;
}
