import { createSshTransport } from '../transport/ssh/ssh-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { oneLine } from '../values/terminal.ts';
import type { World } from './world.ts';

/** How every command reaches hosts. `hold` keeps what is drawn on the screen out of the way of a warning. */
export function sshTransport({ agentSocket, err }: World, hold: () => () => void = () => () => undefined): Transport {
  return createSshTransport({
    ...(agentSocket === undefined ? {} : { agentSocket }),
    onSilentAgent: (warning, socketPath) => {
      const release = hold();
      err.write(`warning: ${oneLine(warning)} (${oneLine(socketPath)})\n`);
      release();
    },
  });
}
