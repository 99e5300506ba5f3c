import { expect, it } from 'vitest';
import type { Fact, FactRequest } from '../../../src/facts/fact.ts';
import { ask } from '../../../src/facts/fact.ts';
import type { Reading } from '../../../src/operations/engine/reading.ts';
import { beside, followReading, together, whereAskable } from '../../../src/operations/engine/reading.ts';
import { Answers } from '../known.ts';

const text: Fact<string> = { name: 'text', script: 'true', parse: ({ stdout }) => stdout };

/** Reads one after the other, each when it knows the one before. */
function* inTurn(...names: readonly string[]): Reading<string> {
  let all = '';
  for (const name of names) {
    const [answer] = yield* together(ask(text, name));
    all += answer;
  }
  return all;
}

/** What is newly asked, flight by flight, and what is seen at the end. */
function flights<Seen>(reading: () => Reading<Seen>, known: Answers): readonly unknown[] {
  const isNew = (request: FactRequest): boolean => !known.has(request);
  const { asked, seen } = followReading(reading(), known);
  if (seen !== undefined) return [seen.value];
  const fresh = asked.filter(isNew);
  for (const request of fresh) known.put(request, request.args[0]);
  return [fresh.map(({ args }) => args[0]), ...flights(reading, known)];
}

it('two readings beside one another share their flights, and the shorter one is done', () => {
  expect(flights(() => beside(inTurn('a', 'b'), inTurn('c')), new Answers())).toEqual([['a', 'c'], ['b'], ['ab', 'c']]);
});

it('neither waits for the other with what is known already', () => {
  const known = new Answers().set(ask(text, 'a'), 'a');
  expect(flights(() => beside(inTurn('a', 'b'), inTurn('c', 'd')), known)).toEqual([['b', 'c'], ['d'], ['ab', 'cd']]);
});

it('what cannot be asked has no answer, in its place', () => {
  expect(flights(() => whereAskable([undefined, ask(text, 'a'), undefined]), new Answers())).toEqual([
    ['a'],
    [undefined, 'a', undefined],
  ]);
});
