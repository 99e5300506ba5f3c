import * as z from 'zod';
import { isObject } from '../values/json.ts';
import type { Figure } from './figure.ts';
import { figuresOf } from './figures.ts';
import type { HostSurvey } from './host-survey.ts';
import type { LastUsed } from './make-survey.ts';
import type { Point } from './trend.ts';
import { trendOf } from './trend.ts';

/** What is kept of a survey for those that come after it: figures, and when volumes were in use. */
export interface KeptSurvey {
  readonly v: 1;
  /** ISO 8601. */
  readonly at: string;
  readonly hosts: Readonly<Record<string, KeptHost>>;
}

interface KeptHost {
  /** Used and size, by the key of the figure. */
  readonly figures: Readonly<Record<string, readonly [number, number | null]>>;
  /** When each volume was last seen in use; null when never. */
  readonly volumes: Readonly<Record<string, string | null>>;
}

const time = z.iso.datetime();
/** Times that have been found to be such: the volumes of a fleet were last seen in use at few of them. */
const times = new Set<string>();

/**
 * The survey; undefined when the value is not one, or of a version that is not known. There may be hundreds of them,
 * each of a whole fleet, so each figure is looked at by hand.
 */
export function parseKept(value: unknown): KeptSurvey | undefined {
  return isKept(value) ? value : undefined;
}

function isKept(value: unknown): value is KeptSurvey {
  return (
    isObject(value) &&
    value['v'] === 1 &&
    isTime(value['at']) &&
    isObject(value['hosts']) &&
    every(value['hosts'], isHost)
  );
}

function isHost(value: unknown): boolean {
  return (
    isObject(value) &&
    isObject(value['figures']) &&
    every(value['figures'], isFigure) &&
    isObject(value['volumes']) &&
    every(value['volumes'], (seen) => seen === null || isTime(seen))
  );
}

function isFigure(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && isAmount(value[0]) && (value[1] === null || isAmount(value[1]));
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isTime(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (times.has(value)) return true;
  const is = time.safeParse(value).success;
  if (is && times.size < mostTimes) times.add(value);
  return is;
}

const mostTimes = 100_000;

function every(values: Record<string, unknown>, is: (value: unknown) => boolean): boolean {
  for (const key in values) if (!is(values[key])) return false;
  return true;
}

/** Only of hosts that gave an answer: the others have no figures, which is not the same as having nothing. */
export function keep(at: string, surveys: readonly HostSurvey[], lastUsed: (host: string) => LastUsed): KeptSurvey {
  const hosts = surveys
    .filter(({ docker }) => docker !== null)
    .map((survey): [string, KeptSurvey['hosts'][string]] => {
      const before = lastUsed(survey.host);
      const volumes = survey.volumes.map(({ name, dangling }): [string, string | null] => [
        name,
        dangling === null ? at : Object.hasOwn(before, name) ? (before[name] ?? null) : null,
      ]);
      const figures = figuresOf(survey).flatMap(({ key, used, size }): [string, [number, number | null]][] =>
        used === null ? [] : [[key, [used, size]]],
      );
      return [survey.host, { figures: ownProperties(figures), volumes: ownProperties(volumes) }];
    });
  return { v: 1, at, hosts: ownProperties(hosts) };
}

/** A name such as `__proto__` is a key like any other. */
function ownProperties<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  return Object.fromEntries(entries);
}

/** What the newest survey that knows a host says of its volumes. `surveys`: the newest first. */
export function lastUsedOf(surveys: readonly KeptSurvey[], host: string): LastUsed {
  const newest = surveys.find(({ hosts }) => Object.hasOwn(hosts, host));
  return newest?.hosts[host]?.volumes ?? {};
}

/** The figures with how they have changed until now. */
export function withTrends(figures: readonly Figure[], earlier: readonly KeptSurvey[], at: string): readonly Figure[] {
  const moments = earlier.map((survey) => ({ at: Date.parse(survey.at), hosts: survey.hosts }));
  const now = Date.parse(at);
  return figures.map((figure) => {
    if (figure.used === null) return figure;
    const points: Point[] = [];
    for (const moment of moments) {
      const used = own(own(moment.hosts, figure.host)?.figures, figure.key)?.[0];
      if (used !== undefined) points.push({ at: moment.at, used });
    }
    return { ...figure, trend: trendOf([...points, { at: now, used: figure.used }], figure.fullAt) };
  });
}

function own<Value>(of: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined {
  return of !== undefined && Object.hasOwn(of, key) ? of[key] : undefined;
}
