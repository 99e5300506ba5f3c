import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { limits } from './test/support/limits.ts';
import { needsAsTags } from './test/support/needs.ts';
import { timesOf } from './test/support/times-table.ts';

/** What needs nothing but Node. What it could not run, and how to provide it, is said at its end. */
export default defineConfig({
  test: {
    // What the ssh of whoever runs them is configured to do is no part of the tests.
    env: { PLIMSOLL_SSH_CONFIG: 'none' },
    include: ['test/**/*.test.ts'],
    exclude: ['test/faults/**', 'test/lab/**', 'test/scenarios/**', 'node_modules/**'],
    globalSetup: ['test/support/build-first.ts', 'test/support/what-was-not-run.ts'],
    tags: needsAsTags(),
    // What they import would be evaluated anew for each file, which cost a quarter of the processor's time.
    isolate: false,
    // Most of them wait for processes of their own, half of the time.
    maxWorkers: 2 * availableParallelism(),
    reporters: ['default', ...timesOf('unit')],
    ...limits(60_000),
  },
});
