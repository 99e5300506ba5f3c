import type { Host } from '../../config/model/types.ts';
import type { Route, ShownStop } from '../../config/ssh/route.ts';
import type { ConfigIssue } from '../../errors.ts';
import { neutralise } from '../../values/terminal.ts';

type Routes = ReadonlyMap<string, Route>;

/** The way to a host for people: it, and what it is behind, each value with where it comes from. */
export function wayText({ name, groups, troubles = [] }: Host, { stops }: Route): string {
  const lines = stops.flatMap((stop, index) => [
    index === 0 ? name : `\n${name} is behind ${stop.name}`,
    ...linesOf(stop),
    ...(index > 0
      ? []
      : [
          ...(groups.length > 0 ? [`  groups            ${groups.join(', ')}`] : []),
          ...troubles.map((trouble) => `  cannot be worked on: ${said(trouble)}`),
        ]),
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
export function wayJson(host: Host, route: Route): string {
  const way = route.stops.map(({ name: stop, rows, unserved: why }) => ({
    name: stop,
    values: Object.fromEntries(rows.map(({ key, value, from }) => [key, { value, from }])),
    ...(why === undefined ? {} : { unserved: why }),
  }));
  return `${JSON.stringify({ [host.name]: { ...entryOf(host, route), way } }, null, 2)}\n`;
}

export function listJson(hosts: readonly Host[], routes: Routes): string {
  const entries = hosts.map((host) => [host.name, entryOf(host, routes.get(host.name))]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

function entryOf({ target: written, groups, vars, troubles = [] }: Host, route: Route | undefined): object {
  const { address, port, user, become } = route?.target ?? written;
  const unserved = whyUnserved(route);
  return {
    address,
    port,
    user,
    become,
    groups,
    vars,
    ...(troubles.length === 0 ? {} : { troubles: troubles.map(said) }),
    ...(unserved === undefined ? {} : { unserved }),
  };
}

export function listText(hosts: readonly Host[], routes: Routes): string {
  const width = hosts.reduce((widest, { name }) => Math.max(widest, name.length), 0);
  const lines = hosts.flatMap(({ name, target: written, groups, troubles = [] }) => {
    const route = routes.get(name);
    const { user, address, port } = route?.target ?? written;
    const unserved = whyUnserved(route);
    const hindrances = [...troubles.map(said), ...(unserved === undefined ? [] : [unserved])];
    return [
      `${name.padEnd(width)}  ${user}@${address}:${String(port)}  ${groups.join(', ')}`,
      ...hindrances.map((why) => `${' '.repeat(width)}  cannot be worked on: ${why}`),
    ];
  });
  return neutralise(lines.map((line) => `${line}\n`).join(''));
}

/** Of itself, or of a host that it is behind. */
function whyUnserved(route: Route | undefined): string | undefined {
  const stop = route?.stops.find(({ unserved }) => unserved !== undefined);
  if (stop?.unserved === undefined) return undefined;
  return stop === route?.stops[0] ? stop.unserved : `it is behind ${stop.name}: ${stop.unserved}`;
}

function said({ file, line, message }: ConfigIssue): string {
  return `${file}${line === undefined ? '' : `:${String(line)}`}: ${message}`;
}
