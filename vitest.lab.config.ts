import { defineConfig } from 'vitest/config';
import { choose } from './test/rotation/choice.ts';
import { dueLabFiles, pathOf } from './test/rotation/lab-files.ts';
import { LabOrder } from './test/rotation/lab-order.ts';
import { limits } from './test/support/limits.ts';
import { timesOf } from './test/support/times-table.ts';

/** Real sshd, real dockerd, real virtual machines: provided by `npm run lab:setup`. */
export default defineConfig({
  test: {
    // What the ssh of whoever runs them is configured to do is no part of the tests.
    env: { PLIMSOLL_SSH_CONFIG: 'none' },
    include: dueLabFiles(choose('PLIMSOLL_LAB')).files.map(pathOf),
    globalSetup: ['test/support/build-first.ts', 'test/lab/what-was-not-run.ts'],
    sequence: { sequencer: LabOrder },
    // The machines are emulated: with more of them at once than there are cores, all of them only become slower.
    maxWorkers: 2,
    reporters: ['verbose', ...timesOf('lab')],
    ...limits(1_200_000),
  },
});
