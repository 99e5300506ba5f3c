import type { HostStatus } from '../../errors.ts';
import type { Part } from '../../run/journal/history.ts';
import type { ChangeDetails, HostDetails, RunDetails, RunSummary, ShownState } from '../../run/journal/run-summary.ts';
import type { RunPlace } from '../../run/journal/run-store.ts';
import { oneLine } from '../../values/terminal.ts';
import { type Cause, causeLines, causesOf } from '../causes.ts';
import { foldNames } from '../fold-names.ts';
import { type Line, line, type Tone } from '../line.ts';
import { columnWidths, inColumns } from '../table.ts';
import { cut } from '../width.ts';
import { count, withoutName } from '../words.ts';
import { byHand } from '../../values/shell.ts';

/** A run that cannot be shown, and why. */
export interface DamagedRun extends RunPlace {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string; readonly where?: string };
}

const order: readonly ShownState[] = [
  'done',
  'rolled-back',
  'finalized',
  'running',
  'failed',
  'drifted',
  'locked',
  'refused',
  'unreachable',
  'interrupted',
  'not-started',
];
const heads = ['RUN', 'BEGAN (UTC)', 'LAST', 'PLAYBOOK', 'BY', 'HOSTS', 'OWED', 'NEXT'];
const widestCell = 48;
const namedSets = 12;

/** A line for each run. `older`: how many more there are. */
export function runsTable(runs: readonly (RunSummary | DamagedRun)[], older = 0): readonly Line[] {
  const rows = runs.map((run) => ('error' in run ? undefined : cellsOf(run)));
  const widths = columnWidths(
    heads,
    rows.flatMap((row) => (row === undefined ? [] : [row])),
  );
  return [
    line(inColumns(heads, widths), 'strong'),
    ...runs.map((run, index) =>
      'error' in run
        ? line(`${run.runId}  cannot be read: ${whereOf(run)}${oneLine(run.error.message)}`, 'bad')
        : line(inColumns(rows[index] ?? [], widths), toneOf(run)),
    ),
    ...(older > 0 ? [line(`and ${String(older)} older: plimsoll runs --all`, 'faint')] : []),
  ];
}

function whereOf({ error }: DamagedRun): string {
  return error.where === undefined ? '' : `${oneLine(error.where)}: `;
}

function cellsOf(run: RunSummary): readonly string[] {
  const { runId, at, mode, playbook, by, owed, next, running } = run;
  const last =
    running === undefined
      ? mode
      : `${mode}, running${running.pid === undefined ? '' : ` (pid ${String(running.pid)})`}`;
  return [
    runId,
    minuteOf(at),
    last,
    cell(playbook),
    cell(by),
    statesOf(run),
    owed === 0 ? '-' : String(owed),
    next.length === 0 ? '-' : next.join(' or '),
  ];
}

function cell(text: string): string {
  return cut(oneLine(text), widestCell);
}

/** `2026-11-20 18:16`. */
function minuteOf(at: string): string {
  return oneLine(at.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*$/s, '$1 $2'), 20);
}

/** `38 done, 2 failed`. */
function statesOf({ states }: RunSummary): string {
  const parts = order.flatMap((state) =>
    states[state] === undefined ? [] : [`${String(states[state])} ${wordsOf(state)}`],
  );
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function wordsOf(state: ShownState): string {
  return state.replace('-', ' ');
}

function toneOf({ next, running, states }: RunSummary): Tone {
  if (running !== undefined) return 'change';
  if (states.failed !== undefined) return 'bad';
  return next.some((command) => !command.startsWith('plimsoll finalize')) ? 'caution' : 'plain';
}

/** Everything about one run: equal hosts once. */
export function runView(run: RunDetails, options: { readonly verbose: boolean }): readonly Line[] {
  const { hosts } = run;
  return [
    line(`Run ${run.runId} of ${oneLine(run.playbook)}`, 'strong'),
    ...run.parts.map((part, index) => line(`  ${partText(part, index === run.parts.length - 1 ? run : undefined)}`)),
    line(`  kept in ${oneLine(run.directory)}`, 'faint'),
    line(`hosts: ${statesOf(run)}`, 'strong'),
    ...order.flatMap((state) => stateLines(state, hosts, options.verbose)),
    ...causesOf(hosts.flatMap(causeOf), options.verbose).flatMap(causeLines),
    // Once a host is done it has been verified, whatever became of its changes on the way.
    ...folded(
      'not known whether done:',
      hosts.filter(({ state }) => !isEnd(state) && state !== 'running'),
      ({ outcome, rollback }) => outcome === 'unknown' && rollback !== 'done',
      'caution',
    ),
    ...folded('can be rolled back:', hosts, ({ rollback }) => rollback === 'possible', 'plain', options.verbose),
    ...folded('cannot be rolled back:', hosts, ({ rollback }) => rollback === 'impossible', 'caution'),
    ...folded('has been rolled back:', hosts, ({ rollback }) => rollback === 'done', 'plain'),
    ...foldedTexts(
      'still owed:',
      hosts.flatMap(({ host, owed }) => owed.map((text) => ({ host, text }))),
      'caution',
    ),
    ...nextLines(run),
  ];
}

/** `2026-11-20 18:16 UTC  resume by me@laptop: failed`. */
function partText({ at, mode, by, status }: Part, run: RunDetails | undefined): string {
  const pid = run?.running?.pid;
  const ended =
    status ??
    (run?.running === undefined ? 'cut before its end' : `running${pid === undefined ? '' : ` (pid ${String(pid)})`}`);
  return `${minuteOf(at)} UTC  ${mode} by ${oneLine(by)}: ${ended}`;
}

function stateLines(state: ShownState, hosts: readonly HostDetails[], verbose: boolean): readonly Line[] {
  const names = hosts.filter((host) => host.state === state).map(({ host }) => host);
  if (names.length === 0) return [];
  const tone = isEnd(state)
    ? 'good'
    : state === 'running'
      ? 'change'
      : state === 'interrupted' || state === 'not-started'
        ? 'caution'
        : 'bad';
  return [
    line(
      `  ${wordsOf(state).padEnd(11)} ${count(names.length, 'host')}: ${foldNames(names, verbose ? Infinity : namedSets)}`,
      tone,
    ),
  ];
}

function isEnd(state: ShownState): state is 'done' | 'rolled-back' | 'finalized' {
  return state === 'done' || state === 'rolled-back' || state === 'finalized';
}

function causeOf({ host, state, mode, step, error }: HostDetails): readonly Cause[] {
  if (isEnd(state) || state === 'running') return [];
  if (error === undefined && state !== 'interrupted') return [];
  const during = mode === 'rollback' || mode === 'finalize' ? `${mode}: ` : '';
  const message =
    error === undefined
      ? 'it was cut: the host is asked what became of it before anything else is done'
      : withoutName(error.message, host);
  return [
    {
      host,
      status: state satisfies HostStatus,
      code: error?.code ?? 'interrupted',
      message: during + message,
      hint: '',
      ...(step === undefined ? {} : { step }),
    },
  ];
}

function folded(
  title: string,
  hosts: readonly HostDetails[],
  which: (change: ChangeDetails) => boolean,
  tone: Tone,
  withUndo = false,
): readonly Line[] {
  const all = hosts.flatMap(({ host, changes }) =>
    changes.filter(which).map(({ summary, name, undo }) => ({
      host,
      text: `${name}: ${summary}`,
      commands: withUndo && undo !== 'irreversible' ? undo : [],
    })),
  );
  return foldedTexts(title, all, tone);
}

interface Said {
  readonly host: string;
  readonly text: string;
  readonly commands?: readonly string[];
}

/** The same text once, with all the hosts that it is true for: never shortened, since it may have to be acted upon. */
function foldedTexts(title: string, all: readonly Said[], tone: Tone): readonly Line[] {
  const groups = new Map<string, { readonly hosts: string[]; readonly said: Said }>();
  for (const said of all) {
    const key = JSON.stringify([said.text, said.commands]);
    const group = groups.get(key) ?? { hosts: [], said };
    groups.set(key, group);
    group.hosts.push(said.host);
  }
  if (groups.size === 0) return [];
  return [
    line(title, 'strong'),
    ...[...groups.values()].flatMap(({ hosts, said: { text, commands = [] } }) => [
      line(`  ${foldNames(hosts)}: ${text}`, tone),
      ...commands.map((command) => line(`      $ ${command}`, 'faint')),
    ]),
  ];
}

function nextLines({ runId, next, hosts, running }: RunDetails): readonly Line[] {
  if (running !== undefined) return [];
  const back = hosts.some(({ changes }) => changes.some(({ rollback }) => rollback === 'possible'))
    ? byHand('plimsoll', 'rollback', runId)
    : undefined;
  return [
    ...next.map((command) => line(`→ ${command}`)),
    ...(back === undefined || next.includes(back) ? [] : [line(`→ ${back} takes back what can be rolled back`)]),
  ];
}
