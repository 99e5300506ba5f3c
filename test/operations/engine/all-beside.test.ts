import { expect, it } from 'vitest';
import type { Fact } from '../../../src/facts/fact.ts';
import { ask } from '../../../src/facts/fact.ts';
import type { Reading } from '../../../src/operations/engine/reading.ts';
import { allBeside, beside, followReading, perhaps, together } from '../../../src/operations/engine/reading.ts';
import { Answers } from '../known.ts';

const text: Fact<string> = { name: 'text', script: 'true', parse: ({ stdout }) => stdout };

function* inTurn(...names: readonly string[]): Reading<string> {
  let all = '';
  for (const name of names) all += (yield* together(ask(text, name)))[0];
  return all;
}

/** What is newly asked, flight by flight, and what is seen at the end. */
function flights<Seen>(reading: () => Reading<Seen>, known = new Answers()): readonly unknown[] {
  const { asked, seen } = followReading(reading(), known);
  if (seen !== undefined) return [seen.value];
  const fresh = asked.filter((request) => !known.has(request));
  for (const request of fresh) known.put(request, request.args[0]);
  return [fresh.map(({ args }) => args[0]), ...flights(reading, known)];
}

it('any number of readings share their flights, and what each has seen is in its place', () => {
  expect(flights(() => allBeside([inTurn('a', 'b'), inTurn(), inTurn('c', 'd', 'e'), inTurn('f')]))).toEqual([
    ['a', 'c', 'f'],
    ['b', 'd'],
    ['e'],
    ['ab', '', 'cde', 'f'],
  ]);
  expect(flights(() => allBeside([]))).toEqual([[]]);
});

it('a question that there is not is no flight', () => {
  expect(flights(() => beside(perhaps(undefined), perhaps(ask(text, 'a'))))).toEqual([['a'], [undefined, 'a']]);
  expect(flights(() => perhaps(undefined))).toEqual([undefined]);
});
