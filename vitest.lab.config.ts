import { defineConfig } from 'vitest/config';

/** Real sshd, real dockerd, real virtual machines: provided by `npm run lab:setup`. */
export default defineConfig({
  test: {
    include: ['test/lab/**/*.test.ts'],
    globalSetup: ['test/support/build-first.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    // The machines are emulated: two files at once take longer than one after the other.
    fileParallelism: false,
    reporters: ['verbose'],
  },
});
