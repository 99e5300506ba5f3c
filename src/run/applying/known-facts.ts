import type { Step } from '../../config/model/types.ts';
import { askAhead, beforeAnyChange } from '../planning/ask-ahead.ts';
import { FactBase } from '../planning/fact-reader.ts';
import type { HostPlay } from '../planning/plan-step.ts';
import type { Link } from '../reach/link.ts';

/** What is known of a host, by the way it was asked, since it was last changed. */
export class KnownFacts {
  #bases = new Map<Link, { readonly generation: number; readonly base: FactBase }>();

  of(link: Link): FactBase {
    const known = this.#bases.get(link);
    // Over another connection it may be another world: the host may have restarted.
    const base = known?.generation === link.generation ? known.base : new FactBase();
    this.keep(link, base);
    return base;
  }

  async ahead(host: HostPlay, steps: readonly Step[], signal: AbortSignal): Promise<void> {
    if (this.#bases.get(host.link)?.generation === host.link.generation) return;
    await askAhead(host, beforeAnyChange(host, steps), this.of(host.link), signal);
  }

  forget(): void {
    this.#bases = new Map();
  }

  keep(link: Link, base: FactBase): void {
    this.#bases.set(link, { generation: link.generation, base });
  }
}
