import { defineConfig } from 'vitest/config';

/** Injected faults against the simulated fleet: it needs Node and a Linux user land. Minutes, not seconds. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/support/build-first.ts', 'test/faults/build-runner.ts'],
    testTimeout: 900_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['verbose'],
  },
});
