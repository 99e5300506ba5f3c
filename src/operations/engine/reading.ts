import type { FactRequest, Known } from '../../facts/fact.ts';
import type { Refusal } from '../../values/refusal.ts';

/** What an operation reads, told once: each yield is one flight of questions, and what comes back is known. */
export type Reading<Seen> = Generator<readonly FactRequest[], Seen, Known>;

/** What a reading has seen when it has not refused. */
export type SeenBy<Read extends (...args: never[]) => Reading<unknown>> =
  ReturnType<Read> extends Reading<infer Seen> ? Exclude<Seen, Refusal> : never;

type Answers<Requests extends readonly FactRequest[]> = {
  readonly [Index in keyof Requests]: Requests[Index] extends FactRequest<infer Value> ? Value : never;
};

/** One flight, and its answers in their order. */
export function* together<const Requests extends readonly FactRequest[]>(
  ...requests: Requests
): Reading<Answers<Requests>> {
  const known = yield requests;
  return requests.map((request) => known.the(request)) as unknown as Answers<Requests>;
}

/** One flight of questions of one kind, however many. */
export function* each<Value>(requests: readonly FactRequest<Value>[]): Reading<readonly Value[]> {
  const known = yield requests;
  return requests.map((request) => known.the(request));
}

/** One flight of questions, some of which there is no way to ask: what would answer those is undefined. */
export function* whereAskable<Value>(
  requests: readonly (FactRequest<Value> | undefined)[],
): Reading<readonly (Value | undefined)[]> {
  const known = yield requests.flatMap((request) => request ?? []);
  return requests.map((request) => (request === undefined ? undefined : known.the(request)));
}

/** One question, where there is one. */
export function* perhaps<Value>(request: FactRequest<Value> | undefined): Reading<Value | undefined> {
  return request === undefined ? undefined : (yield [request]).the(request);
}

/** What somebody else has asked, without asking for it. */
export function* ifKnown<Value>(request: FactRequest<Value>): Reading<Value | undefined> {
  return (yield []).get(request);
}

/** One question whose answer is not always needed: that it could not be read is an error only where it is taken. */
export function* later<Value>(request: FactRequest<Value>): Reading<() => Value> {
  const known = yield [request];
  return () => known.the(request);
}

/** Two readings at the same time: what both ask next is one flight. Neither waits for the other with what is known already. */
export function* beside<One, Other>(one: Reading<One>, other: Reading<Other>): Reading<readonly [One, Other]> {
  let known = yield [];
  let first = one.next(known);
  let second = other.next(known);
  for (;;) {
    const asked: FactRequest[] = [];
    first = onward(one, first, known, asked);
    second = onward(other, second, known, asked);
    known = yield asked;
    if (first.done === true && second.done === true) return [first.value, second.value];
  }
}

type Step<Seen> = IteratorResult<readonly FactRequest[], Seen>;

/** As far as a reading comes with what is known; what it asks on the way, and next, is put into `asked`. */
function onward<Seen>(reading: Reading<Seen>, from: Step<Seen>, known: Known, asked: FactRequest[]): Step<Seen> {
  let step = from;
  while (step.done !== true) {
    asked.push(...step.value);
    if (!step.value.every((request) => isAsked(request, known))) return step;
    step = reading.next(known);
  }
  return step;
}

/** The same of any number of one kind. */
export function* allBeside<Seen>(readings: readonly Reading<Seen>[]): Reading<readonly Seen[]> {
  const [only, ...more] = readings;
  if (only === undefined) return [];
  if (more.length === 0) return [yield* only];
  const half = Math.floor(readings.length / 2);
  const [left, right] = yield* beside(allBeside(readings.slice(0, half)), allBeside(readings.slice(half)));
  return [...left, ...right];
}

/** The flights so far, up to the first that nobody has asked; and what was seen, when all have been. */
export function followReading<Seen>(
  reading: Reading<Seen>,
  known: Known,
): { readonly asked: readonly FactRequest[]; readonly seen?: { readonly value: Seen } } {
  const asked: FactRequest[] = [];
  let step = reading.next(known);
  while (step.done !== true) {
    asked.push(...step.value);
    if (!step.value.every((request) => isAsked(request, known))) return { asked };
    step = reading.next(known);
  }
  return { asked, seen: { value: step.value } };
}

/** Also one that could not be read: its error is thrown where the answer is taken. */
function isAsked(request: FactRequest, known: Known): boolean {
  try {
    return known.get(request) !== undefined;
  } catch {
    return true;
  }
}
