import { defineConfig } from 'vitest/config';
import { limits } from './test/support/limits.ts';

/** Random hosts and random playbooks, as many as fit into a minute; $PLIMSOLL_SCENARIOS=N makes it so many. */
export default defineConfig({
  test: {
    // What the ssh of whoever runs them is configured to do is no part of the tests.
    env: { PLIMSOLL_SSH_CONFIG: 'none' },
    include: ['test/scenarios/**/*.test.ts'],
    reporters: ['verbose'],
    ...limits(3_600_000),
  },
});
