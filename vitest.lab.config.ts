import { defineConfig } from 'vitest/config';
import { limits } from './test/support/limits.ts';

/** More than an hour together: PLIMSOLL_LAB=all runs them too. What is left out is said at the end. */
const long = ['scale-volume', 'move-bind-to-volume', 'recreate', 'recreate-faults', 'grow-pool-offline', 'durable-grow'].map((name) => `test/lab/${name}.test.ts`);
const all = process.env['PLIMSOLL_LAB'] === 'all';

/** Real sshd, real dockerd, real virtual machines: provided by `npm run lab:setup`. */
export default defineConfig({
  test: {
    include: ['test/lab/**/*.test.ts'],
    exclude: all ? [] : long,
    globalSetup: ['test/support/build-first.ts', ...(all ? [] : ['test/support/long-tests-not-run.ts'])],
    ...limits(1_200_000),
    // The machines are emulated: with more of them at once than there are cores, all of them only become slower.
    maxWorkers: 2,
    reporters: ['verbose'],
  },
});
