import type { Figure } from '../../survey/figure.ts';
import { mountText } from '../../survey/figures.ts';
import type { ContainerSurvey, HostSurvey, VolumeSurvey } from '../../survey/host-survey.ts';
import { oneLine } from '../../values/terminal.ts';
import type { ShownSurvey } from './survey-words.ts';
import { hostText } from './survey-words.ts';

type Cell = string | number | boolean | null;

const heads = [
  'host',
  'kind',
  'name',
  'used_bytes',
  'size_bytes',
  'used_percent',
  'restart_undoes',
  'quota',
  'used_by',
  'dangling_since',
  'dangling_basis',
  'mounts',
  'growth_bytes_per_day',
  'days_to_full',
  'surveys',
  'fit',
  'remedy',
  'notes',
] as const;

type Column = (typeof heads)[number];

/** RFC 4180: a line for each host (what it is, or why it could not be surveyed), then one for each figure. */
export function surveyCsv(survey: ShownSurvey): string {
  const hosts = new Map(survey.hosts.map((host) => [host.host, host]));
  const lines = [
    ...survey.hosts.map(hostCells),
    ...survey.figures.map((figure) => figureCells(figure, hosts.get(figure.host), survey.command(figure))),
  ];
  return [heads.join(','), ...lines.map((cells) => heads.map((head) => csvCell(cells[head] ?? null)).join(','))]
    .map((text) => `${text}\r\n`)
    .join('');
}

function hostCells(host: HostSurvey): Partial<Record<Column, Cell>> {
  const notes =
    host.error === null
      ? [hostText(host), ...host.gaps.map((gap) => `not read: ${gap}`)]
      : [`${host.status}: ${host.error.message}`];
  return { host: host.host, kind: 'host', name: host.host, notes: notes.join('; ') };
}

function figureCells(
  figure: Figure,
  host: HostSurvey | undefined,
  command: string | undefined,
): Partial<Record<Column, Cell>> {
  const { kind, name, used, size, use, restartUndoes, trend, cautions, notes } = figure;
  const container: ContainerSurvey | undefined =
    kind === 'container'
      ? host?.containers.find((one) => figure.key === `container:${one.id.slice(0, 12)}`)
      : undefined;
  const volume: VolumeSurvey | undefined =
    kind === 'volume' ? host?.volumes.find((one) => one.name === name) : undefined;
  const known = trend !== null && trend.kind !== 'unknown' ? trend : undefined;
  return {
    host: figure.host,
    kind,
    name,
    used_bytes: used,
    size_bytes: size,
    used_percent: use === null ? null : Number((use * 100).toFixed(1)),
    restart_undoes: restartUndoes,
    quota: volume?.quota ?? null,
    used_by: volume?.usedBy.join(' ') ?? null,
    dangling_since: volume?.dangling?.since ?? null,
    dangling_basis: volume?.dangling?.basis ?? null,
    mounts: container?.mounts.map(mountText).join('; ') ?? null,
    growth_bytes_per_day: known === undefined ? null : Math.round(known.perDay),
    days_to_full: known?.daysToFull === null || known === undefined ? null : Number(known.daysToFull.toFixed(1)),
    surveys: trend?.points ?? null,
    fit: known === undefined ? null : Number(known.fit.toFixed(3)),
    remedy: command ?? null,
    notes: [...cautions, ...notes].join('; '),
  };
}

/**
 * Texts come from hosts. Each is in quotes, whatever is in it: where a program takes another character for the separator
 * (`;` in much of Europe), a text without quotes would be several cells. And since such a program takes a cell for a formula when
 * it begins with one of these characters, it is made to begin with an apostrophe.
 */
function csvCell(value: Cell): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = oneLine(value, 10_000);
  const harmless = /^[=+\-@|%＝＋－＠]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
