import type { HostStatus } from '../errors.ts';
import { oneLine } from '../values/terminal.ts';
import type { Activity, Failure, Fleet } from './fleet.ts';
import { type Line, line } from './line.ts';
import { cut } from './width.ts';
import { count, duration, withoutName } from './words.ts';

export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

const endings: readonly HostStatus[] = ['failed', 'drifted', 'locked', 'refused', 'unreachable', 'interrupted', 'not-started'];
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
  const head = [line(`${fleet.mode} ${oneLine(fleet.playbook)} on ${count(fleet.total, 'host')}, ${duration(Math.floor(seconds))}`, 'strong'), line(counters(fleet))].slice(0, room);
  const failures = failureLines(fleet, Math.min(shownFailures, Math.floor((room - head.length) / 3)));
  const hosts = activityLines(fleet, room - head.length - failures.length);
  return [...head, ...failures, ...hosts].map(({ text, tone }) => line(cut(text, columns), tone));
}

function counters(fleet: Fleet): string {
  const finished = fleet.finished;
  const done = (finished.get('ok') ?? 0) + (finished.get('changed') ?? 0);
  return [
    `connected ${String(fleet.connected)}`,
    `planned ${String(fleet.planned)}`,
    `running ${String(fleet.running)}`,
    `done ${String(done)}`,
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
  const all = fleet.active;
  const shown = all + Math.min(1, fleet.waiting) <= room ? all : room - 1;
  const hosts: Activity[] = [];
  for (const activity of fleet.activities()) {
    if (hosts.length === shown) break;
    hosts.push(activity);
  }
  const width = Math.min(widestName, Math.max(0, ...hosts.map(({ host }) => host.length)));
  const lines = hosts.map(({ host, doing, output }) => line(`${oneLine(host).padEnd(width)} | ${oneLine(doing)}${output === undefined ? '' : ` | ${oneLine(output)}`}`));
  const rest = [...(all > shown ? [`${String(all - shown)} more`] : []), ...(fleet.waiting > 0 ? [`${String(fleet.waiting)} that wait for their turn`] : [])];
  return rest.length > 0 ? [...lines, line(`… and ${rest.join(', ')}`, 'faint')] : lines;
}
