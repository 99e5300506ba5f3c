import type { Duplex } from 'node:stream';
import { AppError, toAppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import { interruptedConnecting, interruptible } from '../remote-shell/abort.ts';
import { Deadline, moreTime } from '../remote-shell/deadline.ts';
import type { Target } from '../transport.ts';
import { endClient, type SshClient } from './client.ts';
import { type ClientParts, openClient, type Route } from './open-client.ts';

/** Connections that other connections go through: one for each bastion, however many hosts are behind it. */
export class Bastions {
  readonly #parts: ClientParts;
  readonly #clients = new Map<string, Promise<SshClient>>();
  /** A bastion serves many hosts, so the signal of none of them may end it. */
  readonly #closing = new AbortController();

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** The way to a target that has a bastion; undefined when it is reached directly. */
  routeTo(target: Target, signal: AbortSignal): Route | undefined {
    const { jump } = target;
    if (jump === undefined) return undefined;
    return async () => {
      const bastion = await interruptible(this.#client(jump), signal, target.name).catch((error: unknown) => {
        throw behind(target, jump, error);
      });
      return (deadline) => forward(bastion, { bastion: jump, target, deadline, signal });
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const clients = await Promise.allSettled(this.#clients.values());
    const opened = clients.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    await Promise.all(opened.map((opening) => endClient(opening)));
  }

  #client(bastion: Target): Promise<SshClient> {
    const id = idOf(bastion);
    const known = this.#clients.get(id);
    if (known !== undefined) return known;
    const { signal } = this.#closing;
    const deadline = new Deadline(bastion.name, bastion.connectTimeoutMs);
    const opening = openClient(bastion, this.#parts, this.routeTo(bastion, signal), deadline, signal);
    this.#clients.set(id, opening);
    // A bastion that is gone is connected to again by the next host that needs it.
    const forget = (): void => {
      this.#clients.delete(id);
    };
    void opening.then(({ closed }) => closed).then(forget, forget);
    return opening;
  }
}

/** Whoever is to be trusted otherwise, or logged in to by other keys, is another bastion. */
function idOf({ name, user, address, port, ...how }: Target): string {
  const { identityFiles, agent, agentSocket, identitiesOnly, knownHostsFiles, hostKeyAlias, jump } = how;
  const keys = [identityFiles, agent, agentSocket, identitiesOnly, knownHostsFiles, hostKeyAlias];
  return JSON.stringify([name, user, address, port, ...keys, jump === undefined ? null : idOf(jump)]);
}

function behind(target: Target, bastion: Target, thrown: unknown): AppError {
  const { code, message, hint } = toAppError(thrown);
  if (code === 'interrupted') return interruptedConnecting(target.name, thrown);
  return new AppError(code, `${target.name} is behind ${bastion.name}: ${message}`, {
    cause: thrown,
    ...(hint === undefined ? {} : { hint }),
  });
}

interface Forward {
  readonly bastion: Target;
  readonly target: Target;
  readonly deadline: Deadline;
  readonly signal: AbortSignal;
}

/** A bastion says nothing for as long as it tries itself: towards an address that drops packets, for minutes. */
function forward({ client, closed }: SshClient, { bastion, target, deadline, signal }: Forward): Promise<Duplex> {
  const place = `${target.address}:${String(target.port)}`;
  const hint = `Check the address as seen from ${bastion.name}, and AllowTcpForwarding in its sshd_config`;
  const unreachable = (error: Error | undefined): AppError => {
    const code = error !== undefined && /refused/i.test(error.message) ? 'connection-refused' : 'unreachable';
    const why = error === undefined ? 'its connection was closed' : oneLine(error.message);
    return new AppError(code, `${target.name}: ${bastion.name} cannot reach ${place}: ${why}`, {
      hint: `${hint}.`,
      cause: error,
    });
  };
  const opening = new Promise<Duplex>((resolve, reject) => {
    // A connection that breaks before the bastion answers may never call back.
    void closed.then((error) => {
      reject(unreachable(error));
    });
    try {
      client.forwardOut('127.0.0.1', 0, target.address, target.port, (error, channel) => {
        if (error === undefined) resolve(channel);
        else reject(unreachable(error));
      });
    } catch (error) {
      reject(unreachable(error instanceof Error ? error : undefined));
    }
  });
  const stage = { failed: () => `${bastion.name} could not reach ${place}`, hint: () => moreTime(hint) };
  return deadline.wait(stage, opening, signal, (late) => late.destroy());
}
