import type { MaxUnavailable } from '../../operations/engine/max-unavailable.ts';
import { AppError } from '../../errors.ts';

/** A host's leave to make a member of a service unavailable. */
export interface Leave {
  /** A change was begun and has failed: the member may be down, and counts as that for the rest of the run. */
  failed(): void;
  /** Once it is over, however; after `failed` the next host has no more room than before. */
  end(): void;
}

interface Service {
  /** Hosts in the middle of a step. */
  readonly busy: Set<string>;
  readonly down: Set<string>;
  readonly waiting: Set<() => void>;
}

/** What the members of services, across hosts, are allowed: never more than so many of one are unavailable at once. */
export class Members {
  readonly #services = new Map<string, Service>();

  /**
   * Waits until the host may go on. Rejects with `not-started` when that cannot come any more: all that are
   * unavailable have failed. `onWaiting` is told why it waits, whenever that changes.
   */
  async enter(
    { members, service }: MaxUnavailable,
    host: string,
    signal: AbortSignal,
    onWaiting: (reason: string) => void,
  ): Promise<Leave> {
    const state = this.#of(service);
    const { busy, down, waiting } = state;
    while (!down.has(host) && busy.size + down.size >= members) {
      signal.throwIfAborted();
      if (busy.size === 0) {
        throw new AppError(
          'not-started',
          `its turn at ${service} did not come: ${[...down].toSorted().join(', ')} failed there and may be down (max_unavailable: ${String(members)})`,
          { hint: 'put that right, then plimsoll resume goes on with it' },
        );
      }
      onWaiting(
        `${service}: ${[...busy, ...down].toSorted().join(', ')} is unavailable, and max_unavailable is ${String(members)}`,
      );
      await changed(waiting, signal);
    }
    signal.throwIfAborted();
    busy.add(host);
    return {
      failed: () => {
        down.add(host);
      },
      end: () => {
        busy.delete(host);
        for (const wake of [...waiting]) wake();
      },
    };
  }

  #of(name: string): Service {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const service = { busy: new Set<string>(), down: new Set<string>(), waiting: new Set<() => void>() };
    this.#services.set(name, service);
    return service;
  }
}

function changed(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      waiting.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    waiting.add(wake);
    signal.addEventListener('abort', wake);
  });
}
