import { defineConfig } from 'vitest/config';
import { limits } from './test/support/limits.ts';

/** Injected faults against the simulated fleet: it needs Node and a Linux user land. Minutes, not seconds. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/support/build-first.ts', 'test/faults/build-runner.ts'],
    ...limits(900_000),
    maxWorkers: 2,
    reporters: ['verbose'],
  },
});
