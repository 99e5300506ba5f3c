import type { AskPerson } from '../transport/ssh/person.ts';
import { createKeyScanner, type KeyScanner } from '../transport/ssh/key-scan.ts';
import { createSshTransport, type SshTransportOptions } from '../transport/ssh/ssh-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { neutralise, oneLine } from '../values/terminal.ts';
import type { World } from './world.ts';

/** How every command reaches hosts. `hold` keeps what is drawn on the screen out of the way of a warning. */
export function sshTransport(world: World, hold?: Hold): Transport {
  return createSshTransport(optionsOf(world, hold));
}

/** The same way, as far as the hosts' keys. */
export function keyScanner(world: World): KeyScanner {
  return createKeyScanner(optionsOf(world));
}

type Hold = () => () => void;

function optionsOf(world: World, hold: Hold = () => () => undefined): SshTransportOptions {
  const { agentSocket, err } = world;
  const askPerson: AskPerson = async (question, how) => {
    const release = hold();
    try {
      return await world.ask(neutralise(question), how);
    } finally {
      release();
    }
  };
  return {
    ...(world.interactive ? { askPerson } : {}),
    ...(agentSocket === undefined ? {} : { agentSocket }),
    onSilentAgent: (warning, socketPath) => {
      const release = hold();
      err.write(`warning: ${oneLine(warning)} (${oneLine(socketPath)})\n`);
      release();
    },
  };
}
