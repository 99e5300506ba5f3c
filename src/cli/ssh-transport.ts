import type { AskPerson } from '../transport/ssh/person.ts';
import { createSshTransport } from '../transport/ssh/ssh-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { neutralise, oneLine } from '../values/terminal.ts';
import type { World } from './world.ts';

/** How every command reaches hosts. `hold` keeps what is drawn on the screen out of the way of a warning. */
export function sshTransport(world: World, hold: () => () => void = () => () => undefined): Transport {
  const { agentSocket, err } = world;
  const askPerson: AskPerson = async (question, how) => {
    const release = hold();
    try {
      return await world.ask(neutralise(question), how);
    } finally {
      release();
    }
  };
  return createSshTransport({
    ...(world.interactive ? { askPerson } : {}),
    ...(agentSocket === undefined ? {} : { agentSocket }),
    onSilentAgent: (warning, socketPath) => {
      const release = hold();
      err.write(`warning: ${oneLine(warning)} (${oneLine(socketPath)})\n`);
      release();
    },
  });
}
