import type { HostStatus } from '../../errors.ts';
import type { Downtime } from '../../run/report/downtime.ts';
import type { HostResult, RunMode, RunResult } from '../../run/report/recap.ts';
import { type Cause, causeLines, causesOf } from '../causes.ts';
import { foldNames } from '../fold-names.ts';
import { type Line, type Tone, line } from '../line.ts';
import { statusWord, wordsOf } from '../mode-words.ts';
import { count, duration, withoutName } from '../words.ts';
import { grouped } from '../../values/grouped.ts';
import { byHand } from '../../values/shell.ts';
import { unique } from '../../values/unique.ts';

export interface RecapOptions {
  readonly verbose: boolean;
  /** The plan view has been printed just before: what it says is not said again. */
  readonly planShown: boolean;
}

const order: readonly HostStatus[] = [
  'changed',
  'ok',
  'failed',
  'drifted',
  'locked',
  'refused',
  'unreachable',
  'interrupted',
  'not-started',
];
const namedSets = 12;

/** How a run ended: short whatever the number of hosts, because what is equal is said once. */
export function recapView(result: RunResult, options: RecapOptions): readonly Line[] {
  if (result.mode === 'plan' && options.planShown)
    return [line(`Planned in ${duration(result.seconds)}. ${nothingElse(result)}`)];
  return [
    line(`Recap of ${result.mode} ${wordsOf(result.mode).of === '' ? '' : 'of run '}${result.runId}`, 'strong'),
    ...order.flatMap((status) => outcomeLines(status, result, options)),
    ...causesOf(result.hosts.flatMap(causeOf), options.verbose).flatMap(causeLines),
    ...folded(
      result.mode === 'finalize' ? 'removed:' : 'applied:',
      pairs(result.hosts, (host) => host.applied),
      'plain',
    ),
    ...folded(
      'undone:',
      pairs(result.hosts, (host) => host.undone),
      'plain',
    ),
    ...downtimeLines(result.hosts),
    ...folded(
      'warnings:',
      pairs(result.hosts, (host) => host.warnings),
      'caution',
    ),
    ...folded(
      'still owed:',
      pairs(result.hosts, (host) => host.owed),
      'caution',
    ),
    line(closing(result), toneOf(result.status)),
    ...onwardLines(result),
  ];
}

function outcomeLines(status: HostStatus, { hosts, mode }: RunResult, options: RecapOptions): readonly Line[] {
  const names = hosts.filter((host) => host.status === status).map((host) => host.host);
  if (names.length === 0) return [];
  return [
    line(
      `  ${statusWord(status, mode).padEnd(11)} ${count(names.length, 'host')}: ${foldNames(names, options.verbose ? Infinity : namedSets)}`,
      toneOf(status),
    ),
  ];
}

function causeOf({ host, status, error, step }: HostResult): readonly Cause[] {
  const isDone = status === 'changed' || status === 'ok';
  if (error === undefined && (isDone || step === undefined)) return [];
  return [
    {
      host,
      status,
      code: error?.code ?? '',
      message: withoutName(error?.message ?? '', host),
      hint: error?.hint ?? '',
      ...(step === undefined ? {} : { step }),
    },
  ];
}

interface Pair {
  readonly host: string;
  readonly text: string;
}

function pairs(hosts: readonly HostResult[], texts: (host: HostResult) => readonly string[]): readonly Pair[] {
  return hosts.flatMap((host) => [...new Set(texts(host))].map((text) => ({ host: host.host, text })));
}

/** The same text once, with all the hosts that it is true for: never shortened, since it must be acted upon. */
function folded(title: string, all: readonly Pair[], tone: Tone): readonly Line[] {
  if (all.length === 0) return [];
  return [
    line(title, 'strong'),
    ...[...grouped(all, ({ text }) => text)].map(([text, its]) =>
      line(`  ${foldNames(its.map(({ host }) => host))}: ${text}`, tone),
    ),
  ];
}

/** What was expected of the same container on many hosts once, with the shortest and the longest that it came to. */
function downtimeLines(hosts: readonly HostResult[]): readonly Line[] {
  const groups = new Map<string, (Downtime & { readonly host: string })[]>();
  for (const { host, downtimes = [] } of hosts)
    for (const downtime of downtimes) {
      const key = `${downtime.container}: ${downtime.expected}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [{ host, ...downtime }]);
      else group.push({ host, ...downtime });
    }
  if (groups.size === 0) return [];
  return [
    line('downtime:', 'strong'),
    ...[...groups.values()].flatMap((group) =>
      group
        .slice(0, 1)
        .map(({ container, expected }) =>
          line(
            `  ${foldNames(unique(group.map(({ host }) => host)))}: ${container}: ${range(group.map(({ seconds }) => seconds))}, of which ${range(group.map(({ ending }) => ending))} until it had ended; expected: ${expected}`,
          ),
        ),
    ),
  ];
}

function range(seconds: readonly number[]): string {
  const [least, most] = [Math.min(...seconds), Math.max(...seconds)];
  return least === most ? `${least.toFixed(2)} s` : `${least.toFixed(2)}–${most.toFixed(2)} s`;
}

/** `40 hosts: 38 changed, 2 unreachable, in 42 s.` */
function closing(result: RunResult): string {
  const parts = order.flatMap((status) => {
    const number = result.hosts.filter((host) => host.status === status).length;
    return number === 0 ? [] : [`${String(number)} ${statusWord(status, result.mode)}`];
  });
  return `${[count(result.hosts.length, 'host'), parts.join(', ')].filter((part) => part !== '').join(': ')}, in ${duration(result.seconds)}.${result.mode === 'plan' ? ` ${nothingElse(result)}` : ''}`;
}

/** What a preview has done. Of a program of the playbook nobody knows what that was. */
function nothingElse({ programs: { programs, hosts } }: RunResult): string {
  if (programs === 0) return 'Nothing has been changed.';
  return `${count(programs, 'program')} of the playbook ${programs === 1 ? 'has' : 'have'} been run on ${count(hosts, 'host')}; nothing else has been done.`;
}

/** What a later part of the run can put right; a refusal needs something else first. */
const left: ReadonlySet<HostStatus> = new Set([
  'failed',
  'interrupted',
  'unreachable',
  'not-started',
  'drifted',
  'locked',
]);

/** Where the run is recorded, and the commands that go on from there. */
function onwardLines({ mode, runId, hosts, journal }: RunResult): readonly Line[] {
  if (journal === undefined) return [];
  const remaining = hosts.filter(({ status }) => left.has(status)).length;
  return [line(`Recorded in ${journal}`, 'faint'), ...(remaining === 0 ? [] : commands(mode, runId, remaining, hosts))];
}

function commands(mode: RunMode, runId: string, remaining: number, hosts: readonly HostResult[]): readonly Line[] {
  const those = `the ${count(remaining, 'host')} that ${remaining === 1 ? 'is' : 'are'} left`;
  if (mode === 'rollback' || mode === 'finalize')
    return [line(`To try ${those} again: ${byHand('plimsoll', mode, runId)}`, 'strong')];
  // What a resumed run applied earlier is not in its own result.
  const hasApplied = mode === 'resume' || hosts.some(({ applied }) => applied.length > 0);
  return [
    line(`To go on with ${those}: ${byHand('plimsoll', 'resume', runId)}`, 'strong'),
    ...(hasApplied ? [line(`To undo what has been applied: ${byHand('plimsoll', 'rollback', runId)}`, 'strong')] : []),
  ];
}

function toneOf(status: HostStatus): Tone {
  if (status === 'changed') return 'good';
  if (status === 'ok') return 'plain';
  return status === 'not-started' || status === 'interrupted' ? 'caution' : 'bad';
}
