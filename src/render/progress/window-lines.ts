import type { HostStatus } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Activity, Failure, Fleet } from './fleet.ts';
import { type Line, line, type Tone } from '../line.ts';
import { runPhrase, wordsOf } from '../mode-words.ts';
import type { StallGroup } from './stalls.ts';
import { cut } from '../width.ts';
import { count, duration, withoutName } from '../words.ts';

export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

const endings: readonly HostStatus[] = [
  'failed',
  'drifted',
  'locked',
  'refused',
  'unreachable',
  'interrupted',
  'not-started',
];
// More is not read, and what a smaller terminal would wrap out of sight cannot be cleared.
const tallest = 24;
const shownFailures = 5;
const widestName = 24;

/**
 * A run on one screen: where it stands, what went wrong last, and what the first of the busy hosts do.
 * Never more lines than `rows - 1` (the cursor stands on the last row), never wider than `columns - 1`
 * (the last column is where terminals disagree about wrapping).
 */
export function windowLines(fleet: Fleet, seconds: number, size: WindowSize): readonly Line[] {
  const columns = size.columns - 1;
  const room = Math.min(tallest, Math.max(0, size.rows - 1));
  const head = [line(title(fleet, seconds), 'strong'), line(counters(fleet))].slice(0, room);
  const failures = failureLines(fleet, Math.min(shownFailures, Math.floor((room - head.length) / 3)));
  const hosts = activityLines(fleet, room - head.length - failures.length);
  return [...head, ...failures, ...hosts].map(({ text, tone }) => line(cut(text, columns), tone));
}

function title(fleet: Fleet, seconds: number): string {
  const earlier = wordsOf(fleet.mode).of === '' ? '' : ` (${runPhrase(fleet.mode, oneLine(fleet.runId))})`;
  return `${fleet.mode} ${oneLine(fleet.playbook)} on ${count(fleet.total, 'host')}${earlier}, ${duration(Math.floor(seconds))}`;
}

function counters(fleet: Fleet): string {
  const finished = fleet.finished;
  const done = (finished.get('ok') ?? 0) + (finished.get('changed') ?? 0);
  return [
    `connected ${String(fleet.connected)}`,
    `planned ${String(fleet.planned)}`,
    `running ${String(fleet.running)}`,
    `done ${String(done)}`,
    ...(fleet.stalls.size === 0 ? [] : [`waiting ${String(fleet.stalls.size)}`]),
    ...endings.flatMap((status) => {
      const number = finished.get(status) ?? 0;
      return number === 0 ? [] : [`${status} ${String(number)}`];
    }),
  ].join(', ');
}

function failureLines(fleet: Fleet, room: number): readonly Line[] {
  if (room <= 0) return [];
  return fleet.failures.slice(-room).map((failure) => line(failureText(failure), 'bad'));
}

function failureText({ host, status, step, error }: Failure): string {
  const at = step === undefined ? '' : ` at "${step}"`;
  return oneLine(`! ${host}: ${status}${at}${error === undefined ? '' : `: ${withoutName(error.message, host)}`}`);
}

function activityLines(fleet: Fleet, room: number): readonly Line[] {
  if (room <= 0) return [];
  const active = fleet.active;
  const stalled = fleet.stalls.groups;
  const all = active + stalled.length;
  const rows = all + Math.min(1, fleet.waiting) <= room ? all : room - 1;
  // Some of the rows are for what stands still, however much is at work.
  const stalledShown = Math.min(stalled.length, Math.max(rows - active, Math.floor(rows / 4)));
  const hosts: Row[] = [];
  for (const activity of fleet.activities()) {
    if (hosts.length === rows - stalledShown) break;
    hosts.push(rowOf(activity));
  }
  const shown = [...hosts, ...stalled.slice(0, stalledShown).map(rowOfStalled)];
  const width = Math.min(widestName, Math.max(0, ...shown.map(({ name }) => name.length)));
  const lines = shown.map(({ name, text, tone }) => line(`${name.padEnd(width)} | ${text}`, tone));
  const stillWaiting = stalled.slice(stalledShown).reduce((sum, { size }) => sum + size, 0);
  const rest = [
    ...(active > hosts.length ? [`${String(active - hosts.length)} more`] : []),
    ...(stillWaiting > 0 ? [`${String(stillWaiting)} more that stand still`] : []),
    ...(fleet.waiting > 0 ? [`${String(fleet.waiting)} that wait for their turn`] : []),
  ];
  return rest.length > 0 ? [...lines, line(`… and ${rest.join(', ')}`, 'faint')] : lines;
}

interface Row {
  readonly name: string;
  readonly text: string;
  readonly tone: Tone;
}

/** What moves comes first, since a long row is cut. */
function rowOf({ host, doing, output, progress }: Activity): Row {
  // The columns of a progress line are padded for a line of their own.
  const printed = output === undefined ? '' : ` | ${oneLine(output.replaceAll(/\s+/g, ' '))}`;
  const far = progress === undefined ? '' : `${progress} | `;
  return { name: oneLine(host), text: `${far}${oneLine(doing)}${printed}`, tone: 'plain' };
}

/** Hosts that wait for the same share a row: their names when these are short, otherwise their number. */
function rowOfStalled(group: StallGroup): Row {
  const names = oneLine(group.names ?? '');
  return {
    name: names !== '' && (group.size === 1 || names.length <= widestName) ? names : count(group.size, 'host'),
    text: oneLine(group.reason),
    tone: 'idle',
  };
}
