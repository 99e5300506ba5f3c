import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { loadAll } from '../../src/config/load.ts';
import type { Fact } from '../../src/facts/fact.ts';
import { ask } from '../../src/facts/fact.ts';
import type { Change, ExecAction } from '../../src/operations/change.ts';
import { eraseWant } from '../../src/operations/erase.ts';
import type { Operation } from '../../src/operations/operation.ts';
import { defineOperation } from '../../src/operations/operation.ts';
import { operations as real } from '../../src/operations/registry.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { RunEvent } from '../../src/run/event.ts';
import type { Journal, JournalRecord } from '../../src/run/journal.ts';
import { laptop } from '../../src/run/laptop.ts';
import type { RunResult } from '../../src/run/recap.ts';
import type { RunContext } from '../../src/run/run.ts';
import { run } from '../../src/run/run.ts';
import { createMemoryTransport } from '../../src/transport/memory.ts';
import type { Command, Connection, Outcome, RunOptions, Transport } from '../../src/transport/transport.ts';
import { laptop as configLaptop } from '../config/io.ts';

/** A file's text, `null` when there is none; whatever else is there is an error. */
const text: Fact<string | null> = {
  name: 'text',
  script: 'if [ -e "$1" ]; then cat -- "$1"; else exit 44; fi',
  parse: ({ status, stdout }) => (status === 44 ? null : stdout),
};

interface Put {
  readonly path: string;
  readonly text: string;
}

function change({ path, text: wanted }: Put, before: string | null, action: Partial<ExecAction> = {}, atomic = true): Change {
  return {
    summary: `${path.split('/').at(-1) ?? ''}: ${before ?? 'nothing'} → ${wanted}`,
    before: { text: before },
    after: { text: wanted },
    actions: [{ kind: 'exec', argv: ['/bin/sh', '-c', 'printf %s "$2" > "$1"', 'sh', path, wanted], ...action }],
    undo: 'irreversible',
    atomic,
    bindings: {},
  };
}

const put = defineOperation({
  name: 'put',
  summary: 'Put a text into a file',
  schema: z.strictObject({
    path: z.string(),
    text: z.string(),
    /** Does nothing and says that it did. */
    lies: z.boolean().optional(),
    argv: z.array(z.string()).optional(),
    atomic: z.boolean().default(true),
    times: z.number().default(1),
  }),
  readOnly: false,
  repeats: false,
  needs: ({ path }) => [ask(text, path)],
  plan(want, known) {
    const is = known.the(ask(text, want.path));
    if (is === 'locked') return { outcome: 'refused', reason: `${want.path} is locked`, remedy: 'unlock it' };
    if (is === want.text) return { outcome: 'noop', reason: 'it holds that already', ...(is === 'owing' ? { owed: ['read it again'] } : {}) };
    const action = want.lies === true ? { argv: ['true'] } : want.argv === undefined ? {} : { argv: want.argv };
    const owed = want.text === 'owing' ? { owed: ['restart it'] } : {};
    return { outcome: 'change', changes: Array.from({ length: want.times }, () => change(want, is, action, want.atomic)), ...owed };
  },
  touches: ({ path }) => ({ reads: [`path:${path}`], changes: [`path:${path}`] }),
  result: (want, known) => known.the(ask(text, want.path)),
});

/** Grows a number in a file by so much, once: relative to what it was when the plan was made. */
const add = defineOperation({
  name: 'add',
  summary: 'Add to the number in a file',
  schema: z.strictObject({ path: z.string(), by: z.number(), to: z.number().optional(), argv: z.array(z.string()).optional() }),
  readOnly: false,
  repeats: false,
  needs: ({ path }) => [ask(text, path)],
  pin: (want, known) => (want.to === undefined ? { ...want, to: Number(known.the(ask(text, want.path))) + want.by } : want),
  plan(want, known) {
    const is = known.the(ask(text, want.path));
    const wanted = String(want.to ?? Number(is) + want.by);
    return is === wanted ? { outcome: 'noop', reason: 'so much already' } : { outcome: 'change', changes: [change({ path: want.path, text: wanted }, is, want.argv === undefined ? {} : { argv: want.argv })] };
  },
  touches: ({ path }) => ({ reads: [`path:${path}`], changes: [`path:${path}`] }),
});

const look = defineOperation({
  name: 'look',
  summary: 'Read a file into a register',
  schema: z.strictObject({ path: z.string() }),
  readOnly: true,
  repeats: false,
  needs: ({ path }) => [ask(text, path)],
  plan: () => ({ outcome: 'noop', reason: 'read' }),
  touches: ({ path }) => ({ reads: [`path:${path}`], changes: [] }),
  result: ({ path }, known) => known.the(ask(text, path)),
});

const registry: ReadonlyMap<string, Operation> = new Map([...real, ...[eraseWant(put), eraseWant(add), eraseWant(look)].map((operation): [string, Operation] => [operation.name, operation])]);

/** What happened, in order: commands with the first words of what they run, and records of the journal. */
export type Log = string[];

export interface FleetOptions {
  readonly hosts: readonly string[];
  /** Called before each command of a host; may throw, wait, or change the host behind our back. */
  readonly before?: (host: string, command: Command, fleet: Fleet) => void | Promise<void>;
  readonly unreachable?: readonly string[];
}

/** Hosts that are directories of this machine, whose commands really run in /bin/sh. */
export class Fleet {
  readonly root = mkdtempSync(join(tmpdir(), 'plimsoll-run-'));
  readonly log: Log = [];
  readonly records: JournalRecord[] = [];
  readonly events: RunEvent[] = [];
  readonly controller = new AbortController();
  plan: Plan | undefined;
  journalsOpened = 0;
  journalFails: ((record: JournalRecord) => boolean) | undefined;
  busy = 0;
  busiest = 0;
  readonly #options: FleetOptions;

  constructor(options: FleetOptions) {
    this.#options = options;
    for (const host of options.hosts) mkdirSync(join(this.root, host));
  }

  write(host: string, name: string, content: string): void {
    writeFileSync(join(this.root, host, name), content);
  }

  read(host: string, name: string): string | undefined {
    try {
      return readFileSync(join(this.root, host, name), 'utf8');
    } catch {
      return undefined;
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  async run(playbook: string, more: Partial<RunContext> = {}): Promise<RunResult> {
    const { hosts } = this.#options;
    const inventory = `hosts:\n${hosts.map((host) => `  ${host}: { user: root, become: false, vars: { dir: ${join(this.root, host)} } }\n`).join('')}`;
    const loaded = await loadAll({ inventoryFiles: ['i'], playbookFile: 'p', registry }, configLaptop({ files: { i: inventory, p: playbook } }));
    return run({
      runId: 'test',
      mode: 'apply',
      playbook: 'p',
      plays: loaded.plays,
      extraVars: {},
      operations: registry,
      transport: this.#transport(),
      laptop,
      forks: 50,
      signal: this.controller.signal,
      emit: (event) => this.events.push(event),
      openJournal: () => Promise.resolve(this.#journal()),
      review: (plan) => {
        this.plan = plan;
        return Promise.resolve(true);
      },
      exitCodeForPending: 10,
      ...more,
    });
  }

  /** Types of the events of one host, or those about the run as a whole. */
  eventTypes(host?: string): readonly string[] {
    return this.events.filter((event) => (host === undefined ? !('host' in event) : 'host' in event && event.host === host)).map(({ type }) => type);
  }

  event<Type extends RunEvent['type']>(type: Type): readonly Extract<RunEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);
  }

  #journal(): Journal {
    this.journalsOpened += 1;
    return {
      append: (record) => {
        if (this.journalFails?.(record) === true) return Promise.reject(new Error('ENOSPC'));
        this.records.push(record);
        this.log.push(`journal ${record.type}${record.type === 'outcome' && record.error !== undefined ? ' error' : ''}`);
        return Promise.resolve();
      },
      close: () => {
        this.log.push('journal closed');
        return Promise.resolve();
      },
    };
  }

  #transport(): Transport {
    const { unreachable = [], hosts } = this.#options;
    const inner = createMemoryTransport({ hosts: Object.fromEntries(hosts.filter((host) => !unreachable.includes(host)).map((host) => [host, { shell: ['/bin/sh', '-c'] as const }])) });
    return {
      connect: async (target, signal) => this.#watched(target.name, await inner.connect(target, signal)),
      close: () => inner.close(),
    };
  }

  #watched(host: string, connection: Connection): Connection {
    const run = async (command: Command, options?: RunOptions): Promise<Outcome> => {
      this.busy += 1;
      this.busiest = Math.max(this.busiest, this.busy);
      try {
        this.log.push(kindOf(command));
        await this.#options.before?.(host, command, this);
        return await connection.run(command, options);
      } finally {
        this.busy -= 1;
      }
    };
    return { info: connection.info, closed: connection.closed, run, stream: (command, io, options) => connection.stream(command, io, options), close: () => connection.close() };
  }
}

export function isEffect({ script }: Command): boolean {
  return script.includes('plimsoll-failed');
}

function kindOf(command: Command): string {
  return isEffect(command) ? 'effect' : 'read';
}
