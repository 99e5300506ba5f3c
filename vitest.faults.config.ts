import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { choose } from './test/rotation/choice.ts';
import { limits } from './test/support/limits.ts';
import { timesOf } from './test/support/times-table.ts';

choose('PLIMSOLL_FAULTS');

/** Injected faults against the simulated fleet: it needs Node and a Linux user land. Minutes, not seconds. */
export default defineConfig({
  test: {
    // What the ssh of whoever runs them is configured to do is no part of the tests.
    env: { PLIMSOLL_SSH_CONFIG: 'none' },
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/support/build-first.ts', 'test/faults/build-runner.ts', 'test/faults/what-was-tried.ts'],
    maxWorkers: availableParallelism(),
    reporters: ['verbose', ...timesOf('faults')],
    ...limits(900_000),
  },
});
