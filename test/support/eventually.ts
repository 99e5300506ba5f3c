import { vi } from 'vitest';
import { limit } from '../../lab/pace.ts';

/** As `expect.poll`, which beside concurrent tests does not always know the test that it is in. */
export async function eventually(holds: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(holds, { timeout: limit(30_000), interval: 50 });
}
