import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { choose } from './test/rotation/choice.ts';
import { limits } from './test/support/limits.ts';
import { timesOf } from './test/support/times-table.ts';

choose('PLIMSOLL_FAULTS');

/** Injected faults against the simulated fleet: it needs Node and a Linux user land. Minutes, not seconds. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/support/build-first.ts', 'test/faults/build-runner.ts', 'test/faults/what-was-tried.ts'],
    maxWorkers: availableParallelism(),
    reporters: ['verbose', ...timesOf('faults')],
    ...limits(900_000),
  },
});
