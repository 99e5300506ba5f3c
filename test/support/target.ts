import { limit } from '../../lab/pace.ts';
import type { Target } from '../../src/transport/transport.ts';

/** A target for tests: only what a test is about has to be said. */
export function testTarget(overrides: Partial<Target> = {}): Target {
  return {
    name: 'web-1',
    address: '127.0.0.1',
    port: 22,
    user: 'root',
    identityFiles: [],
    agent: false,
    knownHostsFiles: [],
    become: 'none',
    becomeUser: 'root',
    connectTimeoutMs: limit(10_000),
    commandTimeoutMs: limit(20_000),
    stateDirectory: '/var/lib/plimsoll',
    ...overrides,
  };
}

export const never = new AbortController().signal;
