import type { Heartbeat } from '../shell/host-lock.ts';
import { type Carrier, openShellConnection } from '../shell/shell-connection.ts';
import { redacting } from '../redaction/redacting.ts';
import type { Connection, Target, Transport } from '../transport.ts';
import { Agent } from './agent.ts';
import { Bastions } from './bastions.ts';
import { type ClientParts, defaultKeepalive, endClient, type Keepalive, openClient, type SshClient } from './client.ts';
import { openExecChannel } from './exec-channel.ts';
import { KnownHostsFiles } from './host-key.ts';
import { Identities } from './identities.ts';
import { StartLimiter, type StartLimits } from './start-limiter.ts';

export interface SshTransportOptions {
  /** The socket of a running ssh-agent (`SSH_AUTH_SOCK`), for targets that may use it. */
  readonly agentSocket?: string;
  readonly startLimits?: StartLimits;
  readonly keepalive?: Keepalive;
  readonly heartbeat?: Heartbeat;
}

/** Hosts reached by SSH from this process: one connection each, and one for each bastion. */
export function createSshTransport(options: SshTransportOptions = {}): Transport {
  const parts: ClientParts = {
    knownHosts: new KnownHostsFiles(),
    identities: new Identities(),
    agent: options.agentSocket === undefined ? undefined : new Agent(options.agentSocket),
    keepalive: options.keepalive ?? defaultKeepalive,
    limiter: new StartLimiter(options.startLimits),
  };
  const bastions = new Bastions(parts);
  return redacting({
    async connect(target: Target, signal: AbortSignal): Promise<Connection> {
      const client = await openClient(target, parts, bastions.routeTo(target, signal), signal);
      return await openShellConnection(sshCarrier(client, target.name), target, signal, options.heartbeat);
    },
    close: () => bastions.close(),
  });
}

function sshCarrier(opened: SshClient, host: string): Carrier {
  const { client, hostKey, publicKey, server, closed } = opened;
  return {
    hostKey,
    publicKey,
    server,
    closed,
    openChannel: (commandLine) => openExecChannel(client, closed, commandLine, host),
    close: () => { void endClient(opened); },
  };
}
