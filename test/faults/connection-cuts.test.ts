import { afterAll, describe, it } from 'vitest';
import type { Direction } from '../../lab/sim/wire.ts';
import { cases } from './cases.ts';
import { dueCases, duePoints } from './due.ts';
import type { Dump } from './dump.ts';
import { differences } from './dump.ts';
import type { FaultCase } from './fault-case.ts';
import { titleOf } from './fault-case.ts';
import { shown } from './plimsoll.ts';
import { Results, expectNone, fewAtOnce } from './results.ts';
import { undisturbed, withScene } from './scene.ts';

interface Cut {
  readonly direction: Direction;
  /** Of the chunks after the login, from 1. */
  readonly chunk: number;
}

const results = new Results('connection-cuts');
afterAll(() => results.print());

describe.each(dueCases(cases).map((one) => ({ title: titleOf(one), one })))(
  'the connection is cut during $title',
  ({ title, one }) => {
    it('at any chunk in either direction: once something has been begun the run goes on by itself to the same end', async () => {
      const { start, end } = await undisturbed(one);
      const all = await chunksOf(one);
      const chosen = duePoints(all, 4);
      const outcomes = await fewAtOnce(chosen, (cut) => survives(one, cut, start, end));
      const early = outcomes.filter(({ reading }) => reading).length;
      results.add({
        operation: title,
        fault: 'connection cut',
        tried: chosen.length,
        survived: outcomes.filter(({ wrong }) => wrong.length === 0).length,
        note: [
          ...(chosen.length < all.length ? [`of ${String(all.length)} chunks`] : []),
          ...(early > 0 ? [`${String(early)} while only reading`] : []),
        ].join('; '),
      });
      expectNone(outcomes.flatMap(({ wrong }) => wrong));
    });
  },
);

/** Every chunk of a run that is not disturbed; how they are cut by the network differs a little from run to run. */
async function chunksOf(one: FaultCase): Promise<readonly Cut[]> {
  return withScene(
    one,
    async (scene) => {
      const { host } = scene;
      const ended = await scene.apply();
      if (ended.code !== 0 || host.wire === undefined)
        throw new Error(`over a wire the run ended with ${shown(ended)}`);
      const { wire } = host;
      const of = (direction: Direction): readonly Cut[] =>
        Array.from({ length: wire.passed(direction) }, (_, index) => ({ direction, chunk: index + 1 }));
      return [...of('to-host'), ...of('to-client')];
    },
    { wire: true },
  );
}

interface Outcome {
  /** It was cut before anything had been begun: the host is given up as unreachable, and the same again succeeds. */
  readonly reading: boolean;
  readonly wrong: readonly string[];
}

const exitUnreachable = 3;

async function survives(one: FaultCase, { direction, chunk }: Cut, start: Dump, end: Dump): Promise<Outcome> {
  return withScene(
    one,
    async (scene) => {
      const at = (problem: string): string => `cut at chunk ${String(chunk)} ${direction}: ${problem}`;
      scene.host.wire?.cutAt(direction, chunk);
      const first = await scene.apply();
      const reading = first.code === exitUnreachable && (await scene.run()) === undefined;
      const wrong: string[] = [...(await scene.settled())];
      if (reading) wrong.push(...differences(start, await scene.dump()));
      const last = reading ? await scene.apply() : first;
      if (last.code !== 0) wrong.push(`the run ended with ${shown(last)}`);
      wrong.push(
        ...(await scene.settled()),
        ...(await scene.brokenInvariants('known state')),
        ...(await scene.brokenAtEnd()),
        ...differences(end, await scene.dumpWithLaptop()),
      );
      return { reading, wrong: wrong.map(at) };
    },
    { wire: true },
  );
}
