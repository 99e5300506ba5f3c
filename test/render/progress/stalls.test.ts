import { expect, it } from 'vitest';
import { Stalls } from '../../../src/render/progress/stalls.ts';
import { hostNames } from '../events.ts';

const [one = '', two = '', three = ''] = hostNames(3);

it('are grouped by what is not only one host’s own, and go with their last host', () => {
  const stalls = new Stalls();
  for (const host of [one, two]) stalls.set(host, `somebody has ${host}`);
  stalls.set(three, 'the connection is made again');
  expect(stalls.size).toBe(3);
  expect(stalls.groups.map(({ names, reason, size }) => [names, reason, size])).toEqual([
    ['web-[001-002]', 'somebody has <host>', 2],
    ['web-003', 'the connection is made again', 1],
  ]);
  stalls.delete(one);
  stalls.delete(one);
  expect(stalls.groups.map(({ names, reason }) => [names, reason])).toEqual([
    ['web-002', 'somebody has web-002'],
    ['web-003', 'the connection is made again'],
  ]);
  // Another reason is another group.
  stalls.set(two, 'the connection is made again');
  expect(stalls.groups.map(({ names }) => names)).toEqual(['web-[002-003]']);
  expect(stalls.reasonOf(two)).toBe('the connection is made again');
  stalls.delete(two);
  stalls.delete(three);
  expect([stalls.size, stalls.groups, stalls.has(two), stalls.reasonOf(two)]).toEqual([0, [], false, undefined]);
});

it('are named up to a thousand, and counted beyond', () => {
  const stalls = new Stalls();
  const hosts = hostNames(1001);
  for (const host of hosts.slice(0, 1000)) stalls.set(host, 'locked');
  const [group] = stalls.groups;
  expect(group?.names).toBe('web-[001-1000]');
  stalls.set(hosts[1000] ?? '', 'locked');
  expect([group?.names, group?.size, group?.reason]).toEqual([undefined, 1001, 'locked']);
});
