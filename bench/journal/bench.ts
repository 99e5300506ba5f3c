import type { JournalOptions } from '../options.ts';
import { surroundings, write } from '../report.ts';
import type { ApplyTrial } from './apply.ts';
import { applyOnce } from './apply.ts';
import { confirmByStrace, countOnce, hasStrace } from './count.ts';
import { startGrowingHosts } from './hosts.ts';
import { alternated, measureAppends } from './micro.ts';
import type { Side } from './places.ts';
import { describePlace, placesOf } from './places.ts';
import type { Measured } from './report.ts';
import { journalMarkdown, journalReport } from './report.ts';

/** Fewer hosts or pairs are a quick look, which is not kept. */
const leastKept = { hosts: 300, pairs: 6 };

/** Measures what the journal costs a run, and says and keeps the result. */
export async function benchJournal(
  options: JournalOptions,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const places = placesOf(options);
  const environment = {
    ...surroundings(),
    Node: process.versions.node,
    disk: describePlace(places.disk),
    memory: describePlace(places.memory),
  };
  const runs = await measureRuns(options, say, signal);
  const effects = runs.counted.disk.records.filter(({ type }) => type === 'intent' || type === 'outcome');
  const appends = await measureAppends(places, effects, signal);
  const report = journalReport({ options, environment, ...runs, appends });
  const text = journalMarkdown(report);
  say(`\n${text}`);
  const kept = options.hosts >= leastKept.hosts && options.pairs >= leastKept.pairs;
  say(kept ? `written to ${write('journal', report, text)}` : 'a quick look: not kept');
}

async function measureRuns(
  options: JournalOptions,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Pick<Measured, 'counted' | 'traced' | 'pairs'>> {
  const places = placesOf(options);
  const hosts = await startGrowingHosts(options.hosts, places.memory);
  try {
    const trial = (side: Side): ApplyTrial => ({ hosts, forks: options.forks, place: places[side], signal });
    say(`${hosts.count} simulated hosts listen; first come runs that are not timed, in which syncs are counted`);
    const counted = { disk: await countOnce(trial('disk')), memory: await countOnce(trial('memory')) };
    const traced = hasStrace() ? await confirmByStrace(trial('disk')) : undefined;
    const pairs: Record<Side, number>[] = [];
    for (let number = 0; number < options.pairs; number += 1) {
      const pair: Record<Side, number> = { disk: Number.NaN, memory: Number.NaN };
      for (const side of alternated(number)) pair[side] = (await applyOnce(trial(side), () => undefined)).seconds;
      say(
        `pair ${number + 1} of ${options.pairs}: disk ${pair.disk.toFixed(2)} s, memory ${pair.memory.toFixed(2)} s, ratio ${(pair.disk / pair.memory).toFixed(3)}`,
      );
      pairs.push(pair);
    }
    return { counted, ...(traced === undefined ? {} : { traced }), pairs };
  } finally {
    await hosts.stop();
  }
}
