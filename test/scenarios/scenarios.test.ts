import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { operations } from '../../src/operations/registry.ts';
import { build, scenarios } from './scenario.ts';
import { runSeries, sayFailure, saySummary, seriesOf } from './series.ts';
import { stopEngine } from './simulated.ts';

afterAll(stopEngine);

it('steps of every operation occur', () => {
  const occurring = new Set(
    fc.sample(scenarios, { seed: 1, numRuns: 500 }).flatMap(({ steps }) => steps.map(({ operation }) => operation)),
  );
  expect([...occurring].toSorted()).toEqual([...operations.keys()].toSorted());
});

it('the same seed gives the same scenario', () => {
  const places = { files: '/files', laptop: '/laptop' };
  const built = (): string =>
    JSON.stringify(fc.sample(scenarios, { seed: 7, numRuns: 50 }).map((scenario) => build(scenario, places)));
  expect(built()).toBe(built());
});

it('what is called is what the preview printed as certain, or the host stopped with drift and nothing was called', async () => {
  const series = seriesOf(process.env);
  const summary = await runSeries(series);
  process.stdout.write(`\n${saySummary(summary, series)}\n`);
  expect(summary.ran).toBeGreaterThan(0);
  expect(summary.failures.map(sayFailure).join('\n\n')).toBe('');
});
