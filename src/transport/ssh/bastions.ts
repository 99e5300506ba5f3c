import type { Duplex } from 'node:stream';
import { AppError, toAppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import { interruptible } from '../shell/abort.ts';
import type { Target } from '../transport.ts';
import { type ClientParts, endClient, openClient, type Route, type SshClient } from './client.ts';

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
      return () => forward(bastion, jump, target);
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const clients = await Promise.allSettled(this.#clients.values());
    const opened = clients.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    await Promise.all(opened.map((opening) => endClient(opening)));
  }

  #client(bastion: Target): Promise<SshClient> {
    const id = JSON.stringify([bastion.name, bastion.user, bastion.address, bastion.port]);
    const known = this.#clients.get(id);
    if (known !== undefined) return known;
    const { signal } = this.#closing;
    const opening = openClient(bastion, this.#parts, this.routeTo(bastion, signal), signal);
    this.#clients.set(id, opening);
    // A bastion that is gone is connected to again by the next host that needs it.
    const forget = (): void => { this.#clients.delete(id); };
    void opening.then(({ closed }) => closed).then(forget, forget);
    return opening;
  }
}

function behind(target: Target, bastion: Target, thrown: unknown): AppError {
  const { code, message, hint } = toAppError(thrown);
  if (code === 'interrupted') return new AppError(code, `${target.name}: interrupted while connecting`, { cause: thrown });
  return new AppError(code, `${target.name} is behind ${bastion.name}: ${message}`, { cause: thrown, ...(hint === undefined ? {} : { hint }) });
}

function forward({ client }: SshClient, bastion: Target, target: Target): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, target.address, target.port, (error, channel) => {
      if (error === undefined) {
        resolve(channel);
        return;
      }
      const code = /refused/i.test(error.message) ? 'connection-refused' : 'unreachable';
      const message = `${target.name}: ${bastion.name} cannot reach ${target.address}:${String(target.port)}: ${oneLine(error.message)}`;
      reject(new AppError(code, message, { hint: `Check the address as seen from ${bastion.name}, and AllowTcpForwarding in its sshd_config.`, cause: error }));
    });
  });
}
