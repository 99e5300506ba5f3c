import { expect, it } from 'vitest';
import type { Measured, Progress } from '../../../src/run/report/progress.ts';
import { Pace } from '../../../src/run/work/pace.ts';

const total = 1000;
const copied = (bytes: number): Measured => ({ what: 'copied', bytes, total });

function paceOf(measures: readonly (readonly [Measured | undefined, number])[]): readonly Progress[] {
  const said: Progress[] = [];
  const pace = new Pace((progress) => said.push(progress));
  for (const [measured, seconds] of measures) pace.add(measured, seconds * 1000);
  return said;
}

it('no time is left until there is a rate, which is that of the last ten seconds', () => {
  expect(
    paceOf([
      [copied(0), 5],
      [copied(100), 6],
      [copied(150), 16],
      [copied(150), 17],
      [copied(150), 28],
    ]),
  ).toEqual([
    { ...copied(0) },
    { ...copied(100), rate: 100, left: 9 },
    { ...copied(150), rate: 5, left: 170 },
    { ...copied(150), rate: 5, left: 170 },
    { ...copied(150), rate: 0 },
  ]);
});

it('what is measured anew begins anew; what is not measured any more has ended, once', () => {
  const compared: Measured = { what: 'compared', bytes: 10, total };
  expect(
    paceOf([
      [undefined, 0],
      [copied(100), 1],
      [compared, 2],
      [{ ...compared, bytes: 5 }, 3],
      [undefined, 4],
      [undefined, 5],
    ]),
  ).toEqual([
    copied(100),
    { ...copied(100), ended: true },
    compared,
    { ...compared, ended: true },
    { ...compared, bytes: 5 },
    { ...compared, bytes: 5, ended: true },
  ]);
});

it('what is asked more often than it is worth saying is left out, but for its end', () => {
  expect(
    paceOf([
      [copied(0), 0],
      [copied(10), 0.1],
      [copied(20), 0.4],
      [copied(60), 0.6],
      [undefined, 0.7],
    ]),
  ).toEqual([copied(0), { ...copied(60), rate: 100, left: 10 }, { ...copied(60), rate: 100, left: 10, ended: true }]);
});
