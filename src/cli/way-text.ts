import type { Host } from '../config/model/types.ts';
import type { Route, ShownStop } from '../config/ssh/route.ts';
import { neutralise } from '../values/terminal.ts';

/** The way to a host for people: it, and what it is behind, each value with where it comes from. */
export function wayText({ name, groups }: Host, { stops }: Route): string {
  const lines = stops.flatMap((stop, index) => [
    index === 0 ? name : `\n${name} is behind ${stop.name}`,
    ...linesOf(stop),
    ...(index === 0 && groups.length > 0 ? [`  groups            ${groups.join(', ')}`] : []),
  ]);
  return neutralise(`${lines.join('\n')}\n`);
}

function linesOf({ rows, applied, unserved }: ShownStop): readonly string[] {
  const width = (values: readonly string[]): number => Math.max(0, ...values.map(({ length }) => length));
  const keys = Math.max(16, width(rows.map(({ key }) => key)));
  const values = Math.min(48, width(rows.map(({ value }) => value)));
  return [
    ...rows.map(({ key, value, from }) => `  ${key.padEnd(keys)}  ${value.padEnd(values)}  (${from})`),
    ...applied.map((line) => `  ssh config: ${line}`),
    ...(unserved === undefined ? [] : [`  not connected to: ${unserved}`]),
  ];
}

/** The same for programs. */
export function wayJson({ name, groups, vars }: Host, { target, stops }: Route): string {
  const { address, port, user, become, unserved } = target;
  const way = stops.map(({ name: stop, rows, unserved: why }) => ({
    name: stop,
    values: Object.fromEntries(rows.map(({ key, value, from }) => [key, { value, from }])),
    ...(why === undefined ? {} : { unserved: why }),
  }));
  const shown = { address, port, user, become, groups, vars, way, ...(unserved === undefined ? {} : { unserved }) };
  return `${JSON.stringify({ [name]: shown }, null, 2)}\n`;
}
