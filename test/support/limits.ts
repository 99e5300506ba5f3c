import { limit } from '../../lab/pace.ts';

/** Every time limit of a part of the tests: each is only there to end what hangs, so none stands in a test itself. */
export function limits(milliseconds: number): {
  readonly testTimeout: number;
  readonly hookTimeout: number;
  readonly teardownTimeout: number;
  readonly expect: { readonly poll: { readonly timeout: number } };
} {
  const most = limit(milliseconds);
  return { testTimeout: most, hookTimeout: most, teardownTimeout: most, expect: { poll: { timeout: most / 2 } } };
}
