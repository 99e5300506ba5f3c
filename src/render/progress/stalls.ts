import { foldNames } from '../fold-names.ts';
import { impersonal } from '../impersonal.ts';

/** Beyond, hosts are counted: to fold their names would take longer than a frame may. */
const mostNamed = 1000;

/** Hosts on which nothing happens for the same reason. */
export class StallGroup {
  /** By host, why. */
  readonly #reasons = new Map<string, string>();
  readonly #shared: string;
  #names: string | undefined;

  /** @param shared the reason without what is only one host's own */
  constructor(shared: string) {
    this.#shared = shared;
  }

  get size(): number {
    return this.#reasons.size;
  }

  /** Undefined: they are too many. Folded when somebody looks, and again only when they are others. */
  get names(): string | undefined {
    if (this.size > mostNamed) return undefined;
    this.#names ??= foldNames([...this.#reasons.keys()]);
    return this.#names;
  }

  get reason(): string {
    const [first = this.#shared] = this.#reasons.values();
    for (const reason of this.#reasons.values()) if (reason !== first) return this.#shared;
    return first;
  }

  set(host: string, reason: string): void {
    if (!this.#reasons.has(host)) this.#names = undefined;
    this.#reasons.set(host, reason);
  }

  delete(host: string): void {
    this.#reasons.delete(host);
    this.#names = undefined;
  }
}

/** Why nothing happens on hosts for the moment, until the next that is heard of each. */
export class Stalls {
  readonly #hosts = new Map<string, { readonly reason: string; readonly shared: string }>();
  readonly #groups = new Map<string, StallGroup>();

  get size(): number {
    return this.#hosts.size;
  }

  get groups(): readonly StallGroup[] {
    return [...this.#groups.values()];
  }

  hosts(): Iterable<string> {
    return this.#hosts.keys();
  }

  has(host: string): boolean {
    return this.#hosts.has(host);
  }

  reasonOf(host: string): string | undefined {
    return this.#hosts.get(host)?.reason;
  }

  set(host: string, reason: string): void {
    const shared = impersonal(reason, host);
    if (this.#hosts.get(host)?.shared !== shared) this.delete(host);
    this.#hosts.set(host, { reason, shared });
    const group = this.#groups.get(shared) ?? new StallGroup(shared);
    this.#groups.set(shared, group);
    group.set(host, reason);
  }

  delete(host: string): void {
    const shared = this.#hosts.get(host)?.shared;
    if (shared === undefined) return;
    this.#hosts.delete(host);
    const group = this.#groups.get(shared);
    group?.delete(host);
    if (group?.size === 0) this.#groups.delete(shared);
  }
}
