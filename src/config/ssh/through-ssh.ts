import { join } from 'node:path';
import { AppError } from '../../errors.ts';
import type { ConfigIo } from '../model/io.ts';
import type { Host, Inventory, Way } from '../model/types.ts';
import { type Knowledge, nothingKnown, type Route, routeTo } from './route.ts';
import { SshConfig } from './ssh-config.ts';
import type { SshQuestion, SshReply } from './ssh-question.ts';
import type { Laptop } from './target-of-way.ts';

/** A program that ssh ran to tell what its configuration has for some hosts (`Match exec`). */
export interface RanBySsh {
  readonly command: string;
  readonly hosts: readonly string[];
}

/** How hosts are reached: what the inventory says of it, with what the operator's ssh knows beneath. */
export class Ways {
  readonly #io: ConfigIo;
  readonly #config: SshConfig;
  readonly #replies = new Map<string, SshReply>();

  constructor(io: ConfigIo) {
    this.#io = io;
    this.#config = new SshConfig(io);
  }

  /** Asks ssh for these hosts and all that they are behind. `ran` is told what it ran for that. */
  async routes(
    inventory: Inventory,
    hosts: readonly Host[],
    ran: (programs: readonly RanBySsh[]) => void = () => undefined,
  ): Promise<ReadonlyMap<string, Route>> {
    const ways = new Map([...inventory.hosts.values()].map(({ name, way }): [string, Way] => [name, way]));
    const laptop = await readLaptop(this.#io);
    const programs = new Map<string, Set<string>>();
    for (;;) {
      const missing = new Map<string, SshQuestion>();
      const known = await this.#knowledge(missing);
      // Of whom something is not understood ssh is not asked: that could be what it would be given.
      const routes = new Map(
        hosts.map(({ name, way, troubles }) => [
          name,
          routeTo(name, way, { ways, laptop, known: troubles === undefined ? known : nothingKnown }),
        ]),
      );
      if (missing.size === 0) {
        if (programs.size > 0)
          ran([...programs].map(([command, names]) => ({ command, hosts: [...names].toSorted() })));
        return routes;
      }
      await this.#learn(missing, programs);
    }
  }

  /** The hosts with their targets complete, but for secrets. */
  async through(
    inventory: Inventory,
    hosts: readonly Host[],
    ran?: (programs: readonly RanBySsh[]) => void,
  ): Promise<readonly Host[]> {
    const routes = await this.routes(inventory, hosts, ran);
    refuseBrokenConfig([...this.#replies.values()]);
    return hosts.map((host) => ({ ...host, target: routes.get(host.name)?.target ?? host.target }));
  }

  async #knowledge(missing: Map<string, SshQuestion>): Promise<Knowledge> {
    return {
      reply: (question) => {
        const id = JSON.stringify(question);
        const reply = this.#replies.get(id);
        if (reply === undefined) missing.set(id, question);
        return reply;
      },
      defaults: this.#replies.size === 0 ? undefined : await this.#config.defaults(),
    };
  }

  async #learn(questions: ReadonlyMap<string, SshQuestion>, programs: Map<string, Set<string>>): Promise<void> {
    await this.#config.askAll([...questions.values()]);
    for (const [id, question] of questions) {
      const reply = await this.#config.ask(question);
      this.#replies.set(id, reply);
      for (const command of reply.ran) programs.set(command, (programs.get(command) ?? new Set()).add(question.name));
    }
  }
}

/** Where ssh has no answer for anybody, and one reason for all, it is said once. */
function refuseBrokenConfig([first, ...others]: readonly SshReply[]): void {
  if (first?.failed === undefined || !others.every(({ failed }) => failed === first.failed)) return;
  throw new AppError('config', first.failed, first.hint === undefined ? {} : { hint: first.hint });
}

export async function readLaptop(io: ConfigIo): Promise<Laptop> {
  const files = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(io.homeDir, '.ssh', name));
  const there = await Promise.all(files.map((file) => io.fileExists(file)));
  return { io, keys: files.filter((_, index) => there[index]) };
}
