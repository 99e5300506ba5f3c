import { appendFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import fc from 'fast-check';
import { limit } from '../../lab/pace.ts';
import { operations } from '../../src/operations/registry.ts';
import { thisTurn } from '../rotation/turn.ts';
import type { Told } from './run-scenario.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenario.ts';

/** Which scenarios are run: from this seed on so many, or as many as fit into the time. */
export interface Series {
  readonly seed: number;
  readonly count: number;
  readonly forMs: number;
}

/** Seeds of commits that follow one another are apart from each other. */
const seedsOfACommit = 10_000;
const minute = 60_000;
/** No longer than this is a failure made smaller. */
const shrinkingMs = limit(60_000);

/** As $PLIMSOLL_SCENARIOS and $PLIMSOLL_SEED say; a minute's worth that no earlier commit has had without them. */
export function seriesOf(env: NodeJS.ProcessEnv): Series {
  const { PLIMSOLL_SCENARIOS: count, PLIMSOLL_SEED: seed } = env;
  for (const given of [count, seed])
    if (given !== undefined && !/^\d{1,9}$/.test(given)) throw new Error(`no number: ${given}`);
  return {
    seed: seed === undefined ? thisTurn() * seedsOfACommit : Number(seed),
    count: count === undefined ? (seed === undefined ? seedsOfACommit : 1) : Number(count),
    forMs: count === undefined ? minute : Infinity,
  };
}

export interface Failure {
  readonly seed: number;
  readonly wrong: readonly string[];
  readonly scenario: string;
  readonly playbook: string;
}

export interface Summary {
  readonly ran: number;
  readonly seconds: number;
  readonly ended: ReadonlyMap<string, number>;
  readonly tried: ReadonlyMap<string, number>;
  readonly changed: ReadonlyMap<string, number>;
  readonly unsupported: ReadonlyMap<string, number>;
  readonly failures: readonly Failure[];
}

class Totals {
  readonly ended = new Map<string, number>();
  readonly tried = new Map<string, number>();
  readonly changed = new Map<string, number>();
  readonly unsupported = new Map<string, number>();
  readonly failures: Failure[] = [];
  ran = 0;

  add({ ended, tried, changed, unsupported }: Told): void {
    this.ran += 1;
    const count = (in_: Map<string, number>, what: string): unknown => in_.set(what, (in_.get(what) ?? 0) + 1);
    count(this.ended, ended.split(':')[0] ?? ended);
    for (const one of tried) count(this.tried, one);
    for (const one of changed) count(this.changed, one);
    for (const one of unsupported) count(this.unsupported, one);
  }
}

/** Runs them, several at once, since most of the time is that of processes; each failure is made smaller at once. */
export async function runSeries({ seed, count, forMs }: Series): Promise<Summary> {
  const began = performance.now();
  const totals = new Totals();
  let next = seed;
  const one = async (): Promise<void> => {
    while (next < seed + count && performance.now() - began < forMs) {
      const own = next;
      next += 1;
      const failure = await tryOne(own, (told) => {
        totals.add(told);
      });
      if (failure !== undefined) totals.failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, one));
  const { ran, ended, tried, changed, unsupported, failures } = totals;
  return { ran, ended, tried, changed, unsupported, failures, seconds: (performance.now() - began) / 1000 };
}

async function tryOne(seed: number, first: (told: Told) => void): Promise<Failure | undefined> {
  // Each is smaller than the one before.
  const failing: { readonly scenario: Scenario; readonly told: Told }[] = [];
  let until: number | undefined;
  let runs = 0;
  const holds = async (scenario: Scenario): Promise<boolean> => {
    if (until !== undefined && performance.now() > until) return true;
    const told = await toldOf(scenario);
    runs += 1;
    if (runs === 1) {
      first(told);
      await logged(seed, told);
    }
    if (told.wrong.length === 0) return true;
    failing.push({ scenario, told });
    until ??= performance.now() + shrinkingMs;
    return false;
  };
  await fc.check(fc.asyncProperty(scenarios, holds), { seed, numRuns: 1 });
  const smallest = failing.at(-1);
  if (smallest === undefined) return undefined;
  const {
    scenario,
    told: { wrong, playbook },
  } = smallest;
  const failure = { seed, wrong, scenario: JSON.stringify(scenario), playbook };
  await logged(seed, failure);
  return failure;
}

/** What the scenario itself breaks is a failure of it, and shrunk too. */
async function toldOf(scenario: Scenario): Promise<Told> {
  try {
    return await runScenario(scenario);
  } catch (thrown) {
    const why = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return {
      wrong: [`the scenario could not be run: ${why}`],
      ended: 'not run',
      unsupported: [],
      changed: [],
      tried: [],
      playbook: '',
    };
  }
}

/** So that a long series can be gone on with, and be looked at: $PLIMSOLL_SCENARIO_LOG names the file. */
async function logged(seed: number, what: object): Promise<void> {
  const file = process.env['PLIMSOLL_SCENARIO_LOG'];
  if (file !== undefined) await appendFile(file, `${JSON.stringify({ seed, ...what })}\n`);
}

export function sayFailure({ seed, wrong, scenario, playbook }: Failure): string {
  return [
    `seed ${String(seed)}: PLIMSOLL_SEED=${String(seed)} npx vitest run --config vitest.scenarios.config.ts`,
    ...wrong.map((line) => `  ${line}`),
    `  the smallest that fails: ${scenario}`,
    `  its playbook: ${playbook}`,
  ].join('\n');
}

export function saySummary(
  { ran, seconds, ended, tried, changed, unsupported, failures }: Summary,
  { seed }: Series,
): string {
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .toSorted(([, a], [, b]) => b - a)
      .map(([what, count]) => `${what} ${String(count)}`)
      .join(', ') || 'none';
  return [
    `${String(ran)} scenarios from seed ${String(seed)} on in ${seconds.toFixed(0)} s: ${list(ended)}.`,
    `  laws beyond those of every scenario: ${list(tried)}`,
    `  changed something: ${list(changed)}; never: ${[...operations.keys()].filter((name) => !changed.has(name)).join(', ') || 'none'}`,
    `  not known to the simulation: ${list(unsupported)}`,
    `  failures: ${String(failures.length)}`,
  ].join('\n');
}
