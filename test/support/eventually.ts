import { vi } from 'vitest';

/** As `expect.poll`, which beside concurrent tests does not always know the test that it is in. */
export async function eventually(holds: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(holds, { timeout: 20_000, interval: 50 });
}
