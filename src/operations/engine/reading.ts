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

/** One question, where there is one. */
export function* perhaps<Value>(request: FactRequest<Value> | undefined): Reading<Value | undefined> {
  return request === undefined ? undefined : (yield [request]).the(request);
}

/** Two readings at the same time: what both ask next is one flight. */
export function* beside<One, Other>(one: Reading<One>, other: Reading<Other>): Reading<readonly [One, Other]> {
  let first = one.next();
  let second = other.next();
  while (first.done !== true || second.done !== true) {
    const known = yield [...(first.done === true ? [] : first.value), ...(second.done === true ? [] : second.value)];
    if (first.done !== true) first = one.next(known);
    if (second.done !== true) second = other.next(known);
  }
  return [first.value, second.value];
}

/** The same of any number, of one kind. */
export function* allBeside<Seen>(readings: readonly Reading<Seen>[]): Reading<readonly Seen[]> {
  let steps = readings.map((reading) => ({ reading, at: reading.next() }));
  while (steps.some(({ at }) => at.done !== true)) {
    const known = yield steps.flatMap(({ at }) => (at.done === true ? [] : at.value));
    steps = steps.map(({ reading, at }) => ({ reading, at: at.done === true ? at : reading.next(known) }));
  }
  return steps.flatMap(({ at }) => (at.done === true ? [at.value] : []));
}

/** The flights so far, up to the first that nobody has asked; and what was seen, when all have been. */
export function follow<Seen>(
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
