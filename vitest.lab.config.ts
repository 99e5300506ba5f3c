import { defineConfig } from 'vitest/config';

/** Real sshd, real dockerd, real virtual machines: provided by `npm run lab:setup`. */
export default defineConfig({
  test: {
    include: ['test/lab/**/*.test.ts'],
    globalSetup: ['test/support/build-first.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    // The machines are emulated: with more of them at once than there are cores, all of them only become slower.
    maxWorkers: 2,
    reporters: ['verbose'],
  },
});
