import { createSshTransport } from '../../src/transport/ssh/ssh-transport.ts';
import { startTestSshServer } from '../support/ssh-server.ts';
import { never, testTarget } from '../support/target.ts';
import { describeLostConnection, describeTransport, type Subject } from './conformance.ts';

async function start(): Promise<Subject & { readonly cut: () => void }> {
  const server = await startTestSshServer();
  const transport = createSshTransport();
  const { address, port, identityFile, knownHostsFile } = server;
  return {
    connect: (overrides) =>
      transport.connect(
        testTarget({ address, port, identityFiles: [identityFile], knownHostsFiles: [knownHostsFile], ...overrides }),
        never,
      ),
    cut: () => {
      server.cut();
    },
    stop: async () => {
      await transport.close();
      await server.stop();
    },
  };
}

describeTransport('the ssh transport', start);
describeLostConnection('the ssh transport', start);
