import { Deadline } from '../remote-shell/deadline.ts';
import type { Heartbeat } from '../remote-shell/host-lock.ts';
import { type Carrier, openShellConnection } from '../remote-shell/shell-connection.ts';
import { redacting } from '../redaction/redacting.ts';
import type { Connection, Keepalive, Target, Transport } from '../transport.ts';
import { Agents, type OnSilentAgent } from './agent.ts';
import { Bastions } from './bastions.ts';
import { defaultKeepalive, endClient, type SshClient } from './client.ts';
import { type ClientParts, openClient } from './open-client.ts';
import { openExecChannel } from './exec-channel.ts';
import { KnownHostsFiles } from './host-keys/host-key.ts';
import { Identities } from './identities.ts';
import { type AskPerson, Person } from './person.ts';
import { StartLimiter, type StartLimits } from './start-limiter.ts';

export interface SshTransportOptions {
  /** The socket of a running ssh-agent (`SSH_AUTH_SOCK`), for targets that may use it. */
  readonly agentSocket?: string;
  /** Told when the agent does not answer and is gone on without. */
  readonly onSilentAgent?: OnSilentAgent;
  /** Asks a person for one-time codes; absent where there is no terminal. */
  readonly askPerson?: AskPerson;
  readonly startLimits?: StartLimits;
  readonly keepalive?: Keepalive;
  readonly heartbeat?: Heartbeat;
}

/** Hosts reached by SSH from this process: one connection each, and one for each bastion. */
export function createSshTransport(options: SshTransportOptions = {}): Transport {
  const parts = clientParts(options);
  const bastions = new Bastions(parts);
  return redacting({
    async connect(target: Target, signal: AbortSignal): Promise<Connection> {
      const deadline = new Deadline(target.name, target.connectTimeoutMs);
      const client = await openClient(target, parts, bastions.routeTo(target, signal), deadline, signal);
      return await openShellConnection(sshCarrier(client, target.name), target, deadline, signal, options.heartbeat);
    },
    async close() {
      parts.agents.close();
      await bastions.close();
    },
  });
}

/** What all connections of one transport share. */
export function clientParts(options: SshTransportOptions): ClientParts {
  return {
    knownHosts: new KnownHostsFiles(),
    identities: new Identities(),
    agents: new Agents(options.agentSocket, options.onSilentAgent ?? (() => undefined)),
    keepalive: options.keepalive ?? defaultKeepalive,
    limiter: new StartLimiter(options.startLimits),
    person: options.askPerson === undefined ? undefined : new Person(options.askPerson),
  };
}

function sshCarrier(opened: SshClient, host: string): Carrier {
  const { hostKey, publicKey, server, closed } = opened;
  return {
    hostKey,
    publicKey,
    server,
    closed,
    openChannel: (commandLine, deadline, signal) => openExecChannel(opened, commandLine, host, deadline, signal),
    close: () => {
      void endClient(opened);
    },
  };
}
