import { randomBytes } from 'node:crypto';
import type { StepOutput } from '../../operations/engine/operation.ts';
import { compileSeries } from './compile.ts';
import type { Ending, Following } from './follow.ts';
import { asking, carryOutWork, takeUp } from './follow.ts';
import type { Program } from './interpreter.ts';
import { SeriesOutput } from './series-output.ts';
import { endsOf, readEnds, startWork } from './work.ts';
import type { InSeries } from '../journal/journal.ts';

/**
 * Several effects of one host that nothing has to be known between, as one piece of work: each is a script of its own, begun
 * when the one before it has succeeded, and has an intent, an output and an end of its own. On the host they share all that
 * a piece of work costs; on the way there, one round trip.
 */
export interface Series {
  /** The work's name. */
  readonly name: string;
  /** What stands between the outputs of two; nothing that they print looks like it. */
  readonly mark: string;
}

export function newSeries(name: string): Series {
  return { name, mark: `plimsoll-${randomBytes(12).toString('hex')}` };
}

/** One of a series, as whoever carries it out has it. */
export interface One {
  readonly following: Following;
  /** It is its turn. */
  readonly begins: () => void;
  /** Resolves once all that follows from it is done. */
  readonly ended: (ending: Ending) => Promise<void>;
}

/** Begins a series and follows it to its end; each is told its own. Errors: as `carryOutWork`, about those not told yet. */
export async function carryOutSeries(
  { mark }: Series,
  all: readonly (One & { readonly program: Program })[],
): Promise<void> {
  const intents = all.map(({ program }) => program.intent).join('\n');
  const script = compileSeries(
    all.map(({ program }) => program),
    mark,
  );
  await follow(mark, all, async (following, output) => {
    const ending = await carryOutWork(following, startWork(following.work, intents, script));
    // Each but the last has its mark, unless one has failed, or more was printed than is kept.
    return { ending, before: output.ended === all.length - 1 ? [] : await endsOn(following) };
  });
}

/** Follows to its end a series that an earlier part of the run has begun, and says how one of it has ended. */
export async function takeUpOneOf({ nth, mark }: InSeries, following: Following): Promise<Ending> {
  let its: Ending = { kind: 'none' };
  const silent: One = {
    following: { ...following, onOutput: () => undefined },
    begins: () => undefined,
    ended: () => Promise.resolve(),
  };
  const one: One = {
    ...silent,
    following,
    ended: (ending) => {
      its = ending;
      return Promise.resolve();
    },
  };
  await follow(mark, [...Array.from({ length: nth }, () => silent), one], async (whole) => ({
    ending: await takeUp(whole),
    before: await endsOn(whole),
  }));
  return its;
}

interface SeriesEnd {
  /** Of the work, and so of the last that was begun. */
  readonly ending: Ending;
  /** How those before it have ended, as the host has written it down. */
  readonly before: readonly number[];
}

async function follow(
  mark: string,
  all: readonly One[],
  toTheEnd: (following: Following, output: SeriesOutput) => Promise<SeriesEnd>,
): Promise<void> {
  const [first] = all;
  if (first === undefined) return;
  const began = performance.now();
  let since = 0;
  let told = 0;
  const tell = async (ending: Ending): Promise<void> => {
    const one = all[told];
    told += 1;
    await one?.ended(ending);
  };
  let inOrder = Promise.resolve();
  const output = new SeriesOutput(mark, {
    onOutput: (stream, text) => {
      (all[told] ?? first).following.onOutput(stream, text);
    },
    onEnd: (printed) => {
      since = performance.now() - began;
      inOrder = inOrder.then(async () => {
        await tell({ kind: 'ended', output: printed });
        all[told]?.begins();
        output.goOn();
      });
    },
  });
  first.begins();
  const { ending, before } = await toTheEnd(
    {
      ...first.following,
      onOutput: (stream, text) => {
        output.add(stream, text);
      },
      // What copies reads facts, and so is none of a series.
      onProgress: () => undefined,
      kept: () => ({ stdout: '', stderr: '' }),
      get timeoutMs() {
        return since + (all[output.ended] ?? first).following.timeoutMs;
      },
    },
    output,
  );
  output.end();
  for (let last; last !== inOrder;) {
    last = inOrder;
    await last;
  }
  const printed = (): Omit<StepOutput, 'status'> => output.printed(told);
  if (ending.kind !== 'none')
    for (const status of before.slice(told)) await tell({ kind: 'ended', output: { status, ...printed() } });
  await tell(ending.kind === 'ended' ? { ...ending, output: { ...ending.output, ...printed() } } : ending);
  while (told < all.length) await tell({ kind: 'none' });
}

async function endsOn({ link, work, detach }: Following): Promise<readonly number[]> {
  return endsOf(await asking(link.run(readEnds(work), { signal: detach })));
}
