import { defineConfig } from 'vitest/config';

/** What needs nothing but Node. What it could not run, and how to provide it, is said at its end. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/faults/**', 'test/lab/**', 'node_modules/**'],
    globalSetup: ['test/support/build-first.ts', 'test/support/what-was-not-run.ts'],
    // Most of them wait for processes of their own.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
