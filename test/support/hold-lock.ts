import { createMemoryTransport } from '../../src/transport/local/memory.ts';
import { createSshTransport } from '../../src/transport/ssh/ssh-transport.ts';
import type { Target } from '../../src/transport/transport.ts';
import { never, testTarget } from './target.ts';

/**
 * A laptop that takes the lock, starts a command and then only keeps the connection. Arguments: `ssh` or
 * `memory`, what the target differs in, as JSON, and the command's script and arguments.
 */
const [kind, overrides = '', script = '', ...args] = process.argv.slice(2);
const heartbeat = { intervalMs: 300, patienceMs: 2000 };
const transport =
  kind === 'ssh'
    ? createSshTransport({ heartbeat })
    : createMemoryTransport({ hosts: { 'web-1': { shell: ['/bin/sh', '-c'], heartbeat } } });
const connection = await transport.connect(testTarget(JSON.parse(overrides) as Partial<Target>), never);
const answer = await connection.lock({
  run: 'elsewhere',
  by: 'eve@laptop',
  reason: 'apply',
  since: '2026-01-01T10:00:00Z',
});
if (!answer.held) throw new Error('somebody else has the lock');
await connection.run(
  { script: `echo started; ${script}`, args },
  {
    onOutput: (_stream, text) => {
      process.stdout.write(text);
    },
  },
);
await connection.closed;
