import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Members } from '../../../src/run/applying/members.ts';
import type { Fleet } from '../fleet.ts';
import { fleets } from '../fleets.ts';

const fleet = fleets();
const never = new AbortController().signal;
const quiet = (): void => undefined;

/** Puts a text there, and writes down in a file of all hosts when that begins and when it ends. */
const slowly = (one: Fleet, controls: string, fails = false): string => {
  const script = `echo + >>"$1"; sleep 0.2; ${fails ? 'exit 1' : 'printf done >"$2"; echo - >>"$1"'}`;
  return `{ name: put, put: { path: "\${{ vars.dir }}/file", text: done, argv: [/bin/sh, -c, '${script}', sh, ${join(one.root, 'all')}, "\${{ vars.dir }}/file"] }${controls} }`;
};

/** How many were at work at once, at most. */
function mostAtOnce(one: Fleet, file = 'all'): number {
  let now = 0;
  return Math.max(
    ...readFileSync(join(one.root, file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (now += line === '+' ? 1 : -1)),
  );
}

const statuses = (result: {
  readonly hosts: readonly { readonly host: string; readonly status: string }[];
}): Record<string, string> => Object.fromEntries(result.hosts.map(({ host, status }) => [host, status]));

describe.concurrent('max_unavailable', () => {
  it('bounds on how many hosts a step changes something at once; all come to their turn', async () => {
    const one = fleet(['a', 'b', 'c', 'd', 'e']);
    const result = await one.run(`hosts: all\nsteps:\n  - ${slowly(one, ', max_unavailable: 2')}\n`);
    expect(result).toMatchObject({ status: 'changed', exitCode: 0 });
    expect(mostAtOnce(one)).toBe(2);
    expect(one.event('host.waiting').map(({ reason }) => reason)).toContainEqual(
      expect.stringMatching(/"put" \(line \d+\): \w, \w is unavailable, and max_unavailable is 2/),
    );
  });

  it('counts hosts where it has failed: the others are not touched', async () => {
    const one = fleet(['a', 'b', 'c']);
    const result = await one.run(
      `hosts: all\nmax_failures: 100%\nsteps:\n  - ${slowly(one, ', max_unavailable: { members: 1, service: web }', true)}\n`,
    );
    // Whose turn comes first is of no account.
    expect(result.hosts.map(({ status }) => status).toSorted()).toEqual(['failed', 'not-started', 'not-started']);
    const failed = result.hosts.find(({ status }) => status === 'failed')?.host ?? '';
    expect(result.hosts.find(({ status }) => status === 'not-started')?.error?.message).toBe(
      `its turn at web did not come: ${failed} failed there and may be down (max_unavailable: 1)`,
    );
    expect(readFileSync(join(one.root, 'all'), 'utf8')).toBe('+\n');
  });

  it('does not count what was refused or has nothing to do', async () => {
    const one = fleet(['a', 'b', 'c']);
    one.write('a', 'file', 'locked');
    one.write('b', 'file', 'done');
    const result = await one.run(
      `hosts: all\nmax_failures: 100%\nsteps:\n  - ${slowly(one, ', max_unavailable: 1')}\n`,
    );
    expect(statuses(result)).toEqual({ a: 'refused', b: 'ok', c: 'changed' });
  });

  it('is one limit for all steps of a service, and for taking them back', async () => {
    const one = fleet(['a', 'b', 'c']);
    const service = ', max_unavailable: { members: 1, service: web }';
    const playbook = `- hosts: a:b\n  steps:\n    - ${slowly(one, service)}\n- hosts: c\n  steps:\n    - ${slowly(one, service)}\n`;
    expect(await one.run(playbook)).toMatchObject({ status: 'changed', exitCode: 0 });
    expect(mostAtOnce(one)).toBe(1);
    one.events.length = 0;
    expect(await one.goOn('rollback', playbook)).toMatchObject({ exitCode: 0 });
    expect(one.event('host.waiting').length).toBeGreaterThan(0);
    expect([one.read('a', 'file'), one.read('c', 'file')]).toEqual([undefined, undefined]);
  });

  it('lets a host that has failed there go on there: it is down already', async () => {
    const members = new Members();
    const limit = { members: 1, service: 'web' };
    const first = await members.enter(limit, 'a', never, quiet);
    first.failed();
    first.end();
    await expect(members.enter(limit, 'b', never, quiet)).rejects.toMatchObject({ code: 'not-started' });
    const again = await members.enter(limit, 'a', never, quiet);
    again.end();
    await expect(members.enter(limit, 'b', never, quiet)).rejects.toMatchObject({ code: 'not-started' });
    (await members.enter({ members: 1, service: 'other' }, 'b', never, quiet)).end();
  });

  it('ends its waiting when the run is interrupted', async () => {
    const members = new Members();
    const limit = { members: 1, service: 'web' };
    await members.enter(limit, 'a', never, quiet);
    const stop = new AbortController();
    const waiting = members.enter(limit, 'b', stop.signal, quiet);
    stop.abort();
    await expect(waiting).rejects.toThrow();
  });
});
