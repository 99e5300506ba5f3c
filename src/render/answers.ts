import type { AppError } from '../errors.ts';
import type { Answer, Reply } from '../run/asking/ask-hosts.ts';
import { lineDiff } from '../values/line-diff.ts';
import { grouped } from '../values/grouped.ts';
import { causeLines, causesOf } from './causes.ts';
import { foldNames } from './fold-names.ts';
import { type Line, line } from './line.ts';
import { columnWidths, inColumns } from './table.ts';
import { count, withoutName } from './words.ts';

/** Hosts with an equal outcome of the command. */
export interface AnswerGroup {
  readonly hosts: readonly string[];
  readonly outcome: Outcome;
}

type Outcome = Reply['outcome'];
type Replied = Answer & { readonly reply: Reply };

/** The groups of `exec`, the largest first. */
export function answerGroups(answers: readonly Answer[]): readonly AnswerGroup[] {
  const groups = grouped(replied(answers), ({ reply: { outcome } }) =>
    JSON.stringify([outcome.status, outcome.stdout, outcome.stderr, outcome.droppedBytes]),
  );
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      return first === undefined ? [] : [{ hosts: group.map(({ host }) => host), outcome: first.reply.outcome }];
    })
    .toSorted((a, b) => b.hosts.length - a.hosts.length);
}

/** What `exec` shows: each outcome once, with the hosts that had it, and after them why others have none. */
export function execLines(answers: readonly Answer[], diffFrom?: string): readonly Line[] {
  const groups = answerGroups(answers);
  const reference = diffFrom === undefined ? undefined : groups.find(({ hosts }) => hosts.includes(diffFrom));
  const shown = reference === undefined ? groups : [reference, ...groups.filter((group) => group !== reference)];
  return [
    ...shown.flatMap((group) => [
      headOf(group),
      ...(reference === undefined || group === reference || diffFrom === undefined
        ? outputOf(group.outcome)
        : differencesOf(reference.outcome, group.outcome, diffFrom)),
    ]),
    ...(diffFrom !== undefined && reference === undefined
      ? [line(`${diffFrom} has no output to compare with: all output is shown`, 'caution')]
      : []),
    ...troubles(answers),
    totals(answers),
  ];
}

/** What `ping` shows: hosts that answered alike are one line of a table, and the others stand under what hinders them. */
export function pingLines(answers: readonly Answer[]): readonly Line[] {
  const heads = ['HOSTS', 'RUNS AS', 'SERVER', 'MS', 'HOST KEY'];
  const groups = grouped(replied(answers), ({ reply: { info } }) => JSON.stringify([info.runsAs, info.server]));
  const rows = [...groups.values()].map((group) => {
    const times = group.map(({ reply }) => reply.milliseconds);
    const [least, most] = [Math.min(...times), Math.max(...times)];
    const keys = new Set(group.map(({ reply }) => reply.info.hostKey));
    const [{ runsAs, server, hostKey } = { runsAs: '', server: '', hostKey: '' }] = group.map(
      ({ reply }) => reply.info,
    );
    return [
      foldNames(group.map(({ host }) => host)),
      runsAs,
      server,
      least === most ? String(least) : `${String(least)}-${String(most)}`,
      keys.size === 1 ? hostKey : `${String(keys.size)} keys (-v names them)`,
    ];
  });
  const widths = columnWidths(heads, rows);
  return [
    ...(rows.length === 0 ? [] : [line(inColumns(heads, widths), 'strong')]),
    ...rows.map((cells) => line(inColumns(cells, widths))),
    ...warningsOf(answers),
    ...troubles(answers),
    totals(answers),
  ];
}

/** What is to be known before a host is worked on, each once. */
function warningsOf(answers: readonly Answer[]): readonly Line[] {
  const warned = replied(answers).flatMap(({ host, reply }) =>
    (reply.info.warnings ?? []).map((warning) => ({ host, warning })),
  );
  return [...grouped(warned, ({ warning }) => warning)].map(([warning, group]) =>
    line(`! ${foldNames(group.map(({ host }) => host))}: ${warning}`, 'caution'),
  );
}

/** What `ping` says of one host by itself. */
export function pingLine({ host, error, reply }: Answer): readonly Line[] {
  if (reply !== undefined) {
    const { runsAs, server, hostKey, warnings = [] } = reply.info;
    return [
      line(`${host}: ok in ${String(reply.milliseconds)} ms, runs as ${runsAs}, ${server}, ${hostKey}`),
      ...warnings.map((warning) => line(`  ! ${warning}`, 'caution')),
    ];
  }
  return error === undefined
    ? []
    : [
        line(`${host}: ${withoutName(error.message, host)}`, 'bad'),
        ...(error.hint === undefined ? [] : [line(`  → ${error.hint}`)]),
      ];
}

function replied(answers: readonly Answer[]): readonly Replied[] {
  return answers.filter((answer): answer is Replied => answer.reply !== undefined);
}

function headOf({ hosts, outcome: { status } }: AnswerGroup): Line {
  const many = hosts.length === 1 ? '' : ` (${count(hosts.length, 'host')})`;
  return line(`${foldNames(hosts)}${many}: exit ${String(status)}`, status === 0 ? 'strong' : 'bad');
}

/** Each line behind a mark, so that none can pass for one of ours: `|` standard output, `!` standard error. */
function outputOf(outcome: Outcome): readonly Line[] {
  return [
    ...linesOf(outcome.stdout).map((text) => line(`  | ${text}`)),
    ...linesOf(outcome.stderr).map((text) => line(`  ! ${text}`, 'caution')),
    ...cutOf(outcome),
  ];
}

function differencesOf(from: Outcome, to: Outcome, host: string): readonly Line[] {
  const streams = (['stdout', 'stderr'] as const).map((stream) => ({
    stream,
    hunks: lineDiff(linesOf(from[stream]), linesOf(to[stream])),
  }));
  const isSame = streams.every(({ hunks }) => hunks.length === 0);
  return [
    ...(isSame ? [line(`  the output has the same lines as that of ${host}`, 'faint')] : []),
    ...streams.flatMap(({ stream, hunks }) =>
      hunks.length === 0
        ? []
        : [
            line(`  --- ${host} (${stream})`),
            line(`  +++ here (${stream})`),
            ...hunks.map((text) => line(`  ${text}`, toneOf(text))),
          ],
    ),
    ...cutOf(to),
  ];
}

function toneOf(text: string): 'good' | 'bad' | 'plain' {
  return text.startsWith('+') ? 'good' : text.startsWith('-') ? 'bad' : 'plain';
}

function cutOf({ droppedBytes }: Outcome): readonly Line[] {
  return droppedBytes === 0
    ? []
    : [line(`  … ${count(droppedBytes, 'byte')} more are not shown: have the command print less`, 'caution')];
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function troubles(answers: readonly Answer[]): readonly Line[] {
  const causes = answers.flatMap(({ host, status, error }) =>
    error === undefined ? [] : [{ host, status, ...shownCause(host, error) }],
  );
  return causesOf(causes, false).flatMap(causeLines);
}

export function shownCause(host: string, error: AppError): { code: string; message: string; hint: string } {
  return { code: error.code, message: withoutName(error.message, host), hint: error.hint ?? '' };
}

function totals(answers: readonly Answer[]): Line {
  const statuses = grouped(answers, ({ status }) => status);
  const counts = [...statuses].map(([status, group]) => `${String(group.length)} ${status}`);
  return line(`${count(answers.length, 'host')}: ${counts.join(', ')}`, 'faint');
}
