import { afterAll, describe, it } from 'vitest';
import { cases } from './cases.ts';
import { dueCases, duePoints } from './due.ts';
import type { Dump } from './dump.ts';
import { differences, lasting } from './dump.ts';
import type { FaultCase } from './fault-case.ts';
import { titleOf } from './fault-case.ts';
import { Results, expectNone, fewAtOnce } from './results.ts';
import type { Ended } from './plimsoll.ts';
import { shown } from './plimsoll.ts';
import type { Scene } from './scene.ts';
import { undisturbed, withScene } from './scene.ts';

const results = new Results('kill-points');
afterAll(() => results.print());

describe.each(dueCases(cases).map((one) => ({ title: titleOf(one), one })))(
  'the laptop vanishes during $title',
  ({ title, one }) => {
    it('at every point: the host is sound, and resume leads to the end that an undisturbed run has', async () => {
      const { start, end, points } = await undisturbed(one);
      const distinct = moments(points);
      const variants: readonly Variant[] = [
        { then: 'resume', expected: end, usually: 6 },
        ...(one.reversible ? [{ then: 'rollback', expected: start, usually: 3 } as const] : []),
        ...(one.powerSafe === true ? [{ then: 'power failure, resume', expected: end, usually: 3 } as const] : []),
      ];
      const failures: string[] = [];
      for (const { then, expected, usually } of variants) {
        const tried = duePoints(distinct, usually);
        const wrong = await fewAtOnce(tried, (point) => survives(one, point, then, expected));
        const survived = wrong.filter((each) => each.length === 0).length;
        results.add({
          operation: title,
          fault: `killed, then ${then}`,
          tried: tried.length,
          survived,
          note: `of ${String(distinct.length)} moments (${String(points.length)} points)`,
        });
        failures.push(...wrong.flat());
      }
      expectNone(failures);
    });
  },
);

/**
 * Between one point and the `before` of the next one nothing happens, and facts only are read: these
 * are the same moment. How often a host is looked at depends on the machine's speed: of many points of
 * a kind the first ones and the last are taken.
 */
function moments(points: readonly string[]): readonly string[] {
  const distinct = points.filter((point, index) => index === 0 || !/^before |^\w+ facts /.test(point));
  const kindOf = (point: string): string => point.replace(/ #\d+$/, '');
  const kinds = new Map<string, readonly string[]>();
  for (const point of distinct) kinds.set(kindOf(point), [...(kinds.get(kindOf(point)) ?? []), point]);
  const chosen = new Set(
    [...kinds.values()].flatMap((same) => (same.length <= 12 ? same : [...same.slice(0, 8), ...same.slice(-1)])),
  );
  return distinct.filter((point) => chosen.has(point));
}

/** What comes after the laptop has vanished. */
type Then = 'resume' | 'rollback' | 'power failure, resume';

interface Variant {
  readonly then: Then;
  readonly expected: Dump;
  /** How many points are tried at a turn. */
  readonly usually: number;
}

/** What is wrong after the laptop has vanished at a point and the run was taken up again. */
async function survives(one: FaultCase, point: string, then: Then, expected: Dump): Promise<readonly string[]> {
  return withScene(one, async (scene) => {
    const at = (problem: string): string => `${point}, ${then}: ${problem}`;
    const killed = await scene.apply({ killAt: point });
    if (killed.signal !== 'SIGKILL' && killed.code !== 0) return [at(`the run ended with ${shown(killed)}`)];
    if (then === 'power failure, resume') await scene.host.cyclePower();
    // Every second time at once, while what was begun on the host still runs.
    if (hashOf(point) % 2 === 0) {
      const broken = [...(await scene.settled()), ...(await scene.brokenInvariants())];
      if (broken.length > 0) return broken.map(at);
    }
    const ended = await takenUp(scene, then);
    if (ended.code !== 0) return [at(`${then} ended with ${shown(ended)}`)];
    const settled = await scene.settled();
    const dump = then === 'rollback' ? await scene.dump() : await scene.dumpWithLaptop();
    const differs =
      then === 'power failure, resume' ? differences(lasting(expected), lasting(dump)) : differences(expected, dump);
    const wrong = [
      ...settled,
      ...differs,
      ...(await scene.brokenInvariants('known state')),
      ...(then === 'rollback' ? [] : await scene.brokenAtEnd()),
    ];
    return wrong.map(at);
  });
}

/** A run whose first record is not whole is none: then nothing has been done, and the same is applied again. */
async function takenUp(scene: Scene, then: Then): Promise<Ended> {
  const run = await scene.run();
  const [first] = await scene.journal();
  if (run === undefined || first?.type !== 'run')
    return then !== 'rollback' ? scene.apply() : { code: 0, signal: null, printed: '' };
  return scene.plimsoll(then === 'rollback' ? ['rollback', run, '--yes'] : ['resume', '--yes']);
}

function hashOf(text: string): number {
  return [...text].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
}
