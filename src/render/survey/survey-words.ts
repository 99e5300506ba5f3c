import { daysToFull } from '../../survey/choose-figures.ts';
import type { Figure } from '../../survey/figure.ts';
import { percent } from '../../survey/figures.ts';
import type { HostSurvey } from '../../survey/host-survey.ts';
import { formatBytes } from '../../values/size.ts';
import { count } from '../words.ts';

/** What a renderer shows of a survey. */
export interface ShownSurvey {
  /** ISO 8601. */
  readonly at: string;
  readonly hosts: readonly HostSurvey[];
  /** Chosen and sorted. */
  readonly figures: readonly Figure[];
  /** How many there are that were not chosen. */
  readonly leftOut: number;
  readonly trend: boolean;
  /** The command that makes a figure larger; undefined when plimsoll has none. */
  readonly command: (figure: Figure) => string | undefined;
}

/** Fuller than this wants attention. */
export const nearlyFull = 0.8;
export const unknown = '–';
/** A forecast beyond this says no more than that there is time. */
const longestDays = 3650;
const soonDays = 90;

export function bytesText(bytes: number | null): string {
  return bytes === null ? unknown : formatBytes(bytes);
}

export function useText(use: number | null): string {
  return use === null ? unknown : percent(use);
}

export function undoText(restartUndoes: boolean | null): string {
  return restartUndoes === null ? unknown : restartUndoes ? 'yes' : 'no';
}

export function growthText({ trend }: Figure): string {
  if (trend === null || trend.kind === 'unknown') return unknown;
  return `${trend.perDay > 0 ? '+' : ''}${formatBytes(Math.round(trend.perDay))}/day`;
}

/** `12 days`, `not growing`, or why nothing can be said. */
export function fullText(figure: Figure): string {
  const { trend } = figure;
  if (trend === null) return unknown;
  if (trend.kind === 'unknown') return trend.reason;
  if (trend.kind === 'not growing') return 'not growing';
  if (trend.daysToFull === null) return 'growing, no limit of its own';
  if (trend.daysToFull > longestDays) return 'more than 10 years';
  return `${daysText(trend.daysToFull)}${trend.fit < 0.5 ? ' (uneven)' : ''}`;
}

function daysText(days: number): string {
  return days < 1 ? 'less than a day' : count(Math.floor(days), 'day');
}

/** What somebody should do something about. */
export function needsAttention(figure: Figure): boolean {
  const days = daysToFull(figure);
  return (
    figure.cautions.length > 0 ||
    figure.restartUndoes === true ||
    (figure.use ?? 0) > nearlyFull ||
    (days !== null && days < soonDays)
  );
}

/** `Docker 20.10.24, devicemapper on a loop pool, live-restore on`. */
export function hostText({ docker, pool, fileSystems, containers, volumes }: HostSurvey): string {
  if (docker === null) return '';
  const on =
    pool === null
      ? ''
      : pool.kind === 'loop'
        ? ' on a loop pool'
        : pool.kind === 'lvm'
          ? ' on an LVM pool'
          : ' on a pool of its own';
  const quotas = fileSystems.find(({ holds }) => holds.includes('volumes'))?.quotas ?? null;
  const sized =
    quotas === null
      ? []
      : [quotas === 'on' ? 'volume quotas on' : quotas === 'off' ? 'volume quotas off' : 'volume quotas not possible'];
  const store = docker.imageStore ? ' (containerd image store)' : '';
  return [
    `Docker ${docker.version}`,
    `${docker.driver}${store}${on}`,
    `live-restore ${docker.liveRestore ? 'on' : 'off'}`,
    ...sized,
    ...(docker.rootless ? ['rootless'] : []),
    count(containers.length, 'container'),
    count(volumes.length, 'volume'),
  ].join(', ');
}
