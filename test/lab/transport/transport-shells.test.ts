// lab: 30 s, src/transport/remote-shell/
import { existsSync, realpathSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createMemoryTransport } from '../../../src/transport/local/memory.ts';
import { never, testTarget } from '../../support/target.ts';
import { describeTransport } from '../../transport/conformance.ts';

/** Shells that are /bin/sh somewhere: dash on Debian, bash on Red Hat, busybox on Alpine. */
const shells = ['/bin/bash', '/bin/busybox', '/bin/dash'].filter((file) => existsSync(file));

/** Puts another shell in the place of /bin/sh, in a mount namespace that only this process tree sees. */
function withSh(file: string): readonly [string, ...string[]] {
  const script = 'mount --bind "$1" "$2" && exec /bin/sh -c "$3"';
  return ['/usr/bin/unshare', '--mount', '/bin/sh', '-c', script, 'sh', realpathSync(file), realpathSync('/bin/sh')];
}

describe('this machine', () => {
  it('has shells to test with, and lets us put them in place (it takes root)', async () => {
    expect(process.getuid?.()).toBe(0);
    expect(shells).toContain('/bin/bash');
    const transport = createMemoryTransport({ hosts: { 'web-1': { shell: withSh('/bin/bash') } } });
    const connection = await transport.connect(testTarget(), never);
    expect((await connection.run({ script: 'echo "${BASH_VERSION:+bash}"' })).stdout).toBe('bash\n');
    await connection.close();
  });
});

for (const shell of shells) {
  describeTransport(`/bin/sh being ${shell}`, () => {
    const transport = createMemoryTransport({ hosts: { 'web-1': { shell: withSh(shell) } } });
    return Promise.resolve({
      connect: (overrides) => transport.connect(testTarget(overrides), never),
      stop: () => transport.close(),
    });
  });
}
