import * as z from 'zod';
import type { Figure } from './figure.ts';
import { figuresOf } from './figures.ts';
import type { HostSurvey } from './host-survey.ts';
import type { LastUsed } from './make-survey.ts';
import type { Point } from './trend.ts';
import { trendOf } from './trend.ts';

/** What is kept of a survey for those that come after it: figures, and when volumes were in use. */
const kept = z.object({
  v: z.literal(1),
  /** ISO 8601. */
  at: z.iso.datetime(),
  hosts: z.record(
    z.string(),
    z.object({
      /** Used and size, by the key of the figure. */
      figures: z.record(z.string(), z.tuple([z.number().nonnegative(), z.number().nonnegative().nullable()])),
      /** When each volume was last seen in use; null when never. */
      volumes: z.record(z.string(), z.iso.datetime().nullable()),
    }),
  ),
});

export type KeptSurvey = z.infer<typeof kept>;

/** The survey; undefined when the value is not one, or of a version that is not known. */
export function parseKept(value: unknown): KeptSurvey | undefined {
  const parsed = kept.safeParse(value);
  return parsed.success ? parsed.data : undefined;
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
  const series = new Map<string, Point[]>();
  for (const survey of earlier) {
    for (const [host, { figures: its }] of Object.entries(survey.hosts)) {
      for (const [key, [used]] of Object.entries(its)) {
        const id = JSON.stringify([host, key]);
        const points = series.get(id) ?? [];
        points.push({ at: Date.parse(survey.at), used });
        series.set(id, points);
      }
    }
  }
  return figures.map((figure) => {
    if (figure.used === null) return figure;
    const points = series.get(JSON.stringify([figure.host, figure.key])) ?? [];
    return { ...figure, trend: trendOf([...points, { at: Date.parse(at), used: figure.used }], figure.fullAt) };
  });
}
