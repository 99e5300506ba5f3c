import { afterAll } from 'vitest';
import type { FleetOptions } from './fleet.ts';
import { Fleet } from './fleet.ts';

/** Makes fleets, and removes them when the tests of the file are over. */
export function fleets(): (hosts?: readonly string[] | FleetOptions) => Fleet {
  const made: Fleet[] = [];
  afterAll(() => {
    for (const fleet of made) fleet.remove();
  });
  return (hosts = ['h']) => {
    const fleet = new Fleet('hosts' in hosts ? hosts : { hosts });
    made.push(fleet);
    return fleet;
  };
}

/** A playbook of one play; each line of the text is one of its steps, or indented. */
export function playbook(steps: string, controls = ''): string {
  const lines = steps
    .trim()
    .split('\n')
    .map((line) => `  ${line.startsWith(' ') ? `  ${line}` : `- ${line}`}\n`);
  return `hosts: all\n${controls}steps:\n${lines.join('')}`;
}

/** What puts a text into a file of the host, as one change or as a program of its own. */
export const put = (file: string, text = file, more = ''): string =>
  `put: { path: "\${{ vars.dir }}/${file}", text: ${text}${more} }`;

/** A program that adds a line to a file of the host each time it is run. */
export const note = (line: string, more = ''): string =>
  `command: [/bin/sh, -c, 'echo "$1" >>"$2"; ${more}', sh, ${line}, "\${{ vars.dir }}/notes"]`;
