import { AppError, toAppError } from '../../errors.ts';
import type { Answer, FactRequest, Known } from '../../facts/fact.ts';
import { peer } from '../../facts/peer.ts';
import { scaledSet } from '../../facts/volumes/scaled-set.ts';
import type { Connection } from '../../transport/transport.ts';
import { defaultMaxOutputBytes } from '../../transport/transport.ts';
import { giveTurn } from '../../values/turn.ts';
import type { SecretReference } from '../../values/secret-reference.ts';
import { feedOfFact } from '../work/feed.ts';
import type { Laptop } from '../reach/laptop.ts';
import type { Link } from '../reach/link.ts';
import { sayingWhatTakesLong } from '../reach/slow-facts.ts';

/** The answers that one host has given so far; made anew whenever the world may have changed. */
export class FactBase implements Known {
  readonly #answers = new Map<string, Answer>();

  get<Value>(request: FactRequest<Value>): Value | undefined {
    const answer = this.#answers.get(request.key);
    if (answer === undefined) return undefined;
    if ('error' in answer) throw answer.error;
    // The answer was made by the parser of a fact with this very key, so it has this type.
    return answer.value as Value;
  }

  the<Value>(request: FactRequest<Value>): Value {
    const value = this.get(request);
    if (value === undefined) throw new Error(`the fact ${request.key} was not asked for`);
    return value;
  }

  has(request: FactRequest): boolean {
    return this.#answers.has(request.key);
  }

  set(request: FactRequest, answer: Answer): void {
    this.#answers.set(request.key, answer);
  }
}

/** Whom facts are asked of: a host, and by way of it other hosts of the inventory. */
type Source = Pick<Connection, 'run'> &
  Partial<Pick<Link, 'peer' | 'scaledSet' | 'asked' | 'endpoint' | 'secret' | 'commandTimeoutMs' | 'stillReading'>>;

/** How often a fact may lead to another one before the operation must be considered to go in circles. */
const mostRounds = 8;

/**
 * Reads what `needs` asks for until it asks for nothing new. Everything that is asked in one round
 * travels in one flight, because it is sent in one turn of the event loop.
 * Returns the names of the facts that were read.
 */
export async function readFacts(
  source: Source,
  base: FactBase,
  needs: () => readonly FactRequest[],
  laptop: Laptop,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const names: string[] = [];
  // What this machine or another host is asked has not this host's time.
  const limitOf = ({ fact: { name, timeoutMs }, host }: FactRequest): number | undefined =>
    laptop.facts.has(name) ? undefined : (timeoutMs ?? (host === undefined ? source.commandTimeoutMs : undefined));
  for (let round = 0; round < mostRounds; round += 1) {
    const missing = new Map(
      needs()
        .filter((request) => !base.has(request))
        .map((request) => [request.key, request]),
    );
    if (missing.size === 0) return names;
    const unanswered = new Set(missing.values());
    const reading = Promise.all(
      inParts([...missing.values()], laptop).map(async (requests) => {
        const answers = await answer(source, requests, laptop, signal);
        for (const [index, request] of requests.entries()) {
          base.set(request, answers[index] ?? { error: new AppError('internal', `${request.key} has no answer`) });
          unanswered.delete(request);
          names.push(request.fact.name);
        }
      }),
    );
    await sayingWhatTakesLong(source, unanswered, reading, limitOf);
  }
  throw new Error('an operation asks for facts without end');
}

/** So many are read by one script: more would be waited for without a word, and its answer be long. */
const mostTogether = 16;

/** What one script can answer, together. */
function inParts(requests: readonly FactRequest[], { facts }: Laptop): readonly (readonly FactRequest[])[] {
  const parts: FactRequest[][] = [];
  const open = new Map<string, FactRequest[]>();
  for (const request of requests) {
    const { fact, host, feed } = request;
    const whose = `${fact.listed?.kind ?? fact.name}@${host ?? ''}`;
    const part = open.get(whose);
    if (part !== undefined && part.length < mostTogether) {
      part.push(request);
      continue;
    }
    const fresh = [request];
    parts.push(fresh);
    if ((fact.part ?? fact.listed) !== undefined && feed === undefined && !facts.has(fact.name)) open.set(whose, fresh);
  }
  return parts;
}

function secretFrom(source: Source, reference: SecretReference): string {
  if (source.secret === undefined) throw new AppError('internal', 'a secret is asked for where there is none');
  return source.secret(reference);
}

/** The answers to requests of one fact, in their order: to several of them where its script answers them together. */
async function answer(
  source: Source,
  requests: readonly FactRequest[],
  laptop: Laptop,
  signal: AbortSignal,
): Promise<readonly Answer[]> {
  const [request] = requests;
  if (request === undefined) return [];
  try {
    const own = laptop.facts.get(request.fact.name);
    if (own !== undefined) return [{ value: await own(request.args) }];
    if (request.host !== undefined && source.peer === undefined)
      throw new AppError('internal', `${request.host} cannot be asked from here`);
    if (request.fact.name === scaledSet.name && source.scaledSet !== undefined)
      return [{ value: await source.scaledSet(request.args) }];
    const other = request.host === undefined ? undefined : await source.peer?.(request.host);
    const whom = other ?? source;
    if (request.fact.name === peer.name && whom.endpoint !== undefined) return [{ value: await whom.endpoint() }];
    if (request.fact.runsPrograms === true && source.asked === undefined)
      throw new AppError('internal', `${request.fact.name} is asked where programs of a playbook have no place`);
    for (const one of requests) source.asked?.(one);
    const { timeoutMs, mostBytes, givesText = false } = request.fact;
    const listed = requests.flatMap(({ fact }) => fact.listed ?? []);
    const joint = listed.length > 1 ? listed[0] : undefined;
    const script = joint?.script(listed.map(({ format }) => format)) ?? request.fact.script;
    const stdin =
      request.feed === undefined ? undefined : feedOfFact(request.feed, (reference) => secretFrom(source, reference));
    const outcome = await whom.run(
      {
        script,
        args: requests.flatMap(({ args }) => args),
        repeatable: true,
        prints: givesText ? 'text' : 'data',
        ...(stdin === undefined ? {} : { stdin }),
        ...(timeoutMs === undefined ? {} : { timeoutMs: timeoutMs * requests.length }),
        ...(mostBytes === undefined ? {} : { maxOutputBytes: mostBytes }),
        ...(joint === undefined ? {} : { maxOutputBytes: defaultMaxOutputBytes * listed.length }),
      },
      { signal },
    );
    if (outcome.droppedBytes > 0)
      throw new AppError('output-limit', `the fact ${request.fact.name} is larger than plimsoll reads`, {
        hint: 'is something on the host printing without end?',
      });
    // One host's long answers keep no other host from its turn.
    await giveTurn(signal);
    return requests.map(({ fact, args }, index) => {
      const own =
        joint === undefined ? (fact.part?.(outcome, args) ?? outcome) : joint.own(outcome, index, listed.length);
      return attempt(() => fact.parse(own, args));
    });
  } catch (thrown) {
    const error = ofTheFact(thrown);
    return requests.map(() => ({ error }));
  }
}

function attempt(parse: () => unknown): Answer {
  try {
    return { value: parse() };
  } catch (thrown) {
    return { error: ofTheFact(thrown) };
  }
}

/** Others are about the run or the connection, and not about the fact: these are thrown. */
function ofTheFact(thrown: unknown): AppError {
  const error = toAppError(thrown);
  if (error.code === 'interrupted' || error.code === 'connection-lost' || error.code === 'internal') throw error;
  return error;
}
