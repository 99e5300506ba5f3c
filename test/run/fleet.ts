import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { z } from 'zod';
import { loadAll, type Loaded } from '../../src/config/load.ts';
import type { Fact } from '../../src/facts/fact.ts';
import { ask } from '../../src/facts/fact.ts';
import type { Action, Change, ExecAction } from '../../src/operations/engine/change.ts';
import { eraseWant } from '../../src/operations/engine/erase.ts';
import type { Operation } from '../../src/operations/engine/operation.ts';
import { defineOperation } from '../../src/operations/engine/operation.ts';
import type { Reading } from '../../src/operations/engine/reading.ts';
import { each, together } from '../../src/operations/engine/reading.ts';
import { refuse } from '../../src/values/refusal.ts';
import { operations as real } from '../../src/operations/registry.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { finalizePlay, rollbackPlay } from '../../src/run/continuing/afterwards.ts';
import { createFileStore } from '../../src/records/file-store.ts';
import { VersionRecords } from '../../src/records/records.ts';
import { nothingBefore } from '../../src/run/journal/basis.ts';
import type { RunEvent } from '../../src/run/report/event.ts';
import { finalizeOperation } from '../../src/run/continuing/finalize.ts';
import type { History, PartMode } from '../../src/run/journal/history.ts';
import { basisOf, historyOf, isUnfinished } from '../../src/run/journal/history.ts';
import type { Journal, JournalRecord } from '../../src/run/journal/journal.ts';
import { laptopAt } from '../../src/run/reach/laptop.ts';
import type { RunResult } from '../../src/run/report/recap.ts';
import type { Records } from '../../src/run/journal/records.ts';
import type { RunRequest } from '../../src/run/planning/context.ts';
import { run } from '../../src/run/run.ts';
import { RunRecords } from '../../src/run/journal/run-records.ts';
import { readPrograms } from '../../src/run/planning/read-programs.ts';
import { undoOperation } from '../../src/run/continuing/undo.ts';
import { createMemoryTransport } from '../../src/transport/local/memory.ts';
import type { Command } from '../../src/transport/transport.ts';
import { laptop as configLaptop } from '../config/io.ts';
import { holder } from './links.ts';
import { Wire } from './wire.ts';
import { worksIn } from './work/records.ts';

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

const write = (path: string, content: string): ExecAction => ({
  kind: 'exec',
  argv: ['/bin/sh', '-c', 'printf %s "$2" > "$1"', 'sh', path, content],
});

function change(
  { path, text: wanted }: Put,
  before: string | null,
  action: Partial<ExecAction> = {},
  more: Partial<Change> = {},
): Change {
  return {
    summary: `${path.split('/').at(-1) ?? ''}: ${before ?? 'nothing'} → ${wanted}`,
    before: { text: before },
    after: { text: wanted },
    actions: [{ ...write(path, wanted), ...action }],
    undo: [before === null ? { kind: 'exec', argv: ['rm', '-f', path] } : write(path, before)],
    atomic: true,
    bindings: {},
    ...more,
  };
}

function* readText({ path }: { readonly path: string }): Reading<string | null> {
  const [is] = yield* together(ask(text, path));
  return is;
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
    irreversible: z.boolean().default(false),
    /** Ends its undo, and nothing that is read of it tells whether it was run. */
    undoEndsWith: z.array(z.string()).optional(),
    times: z.number().default(1),
    /** Makes a version of a container of that name. */
    makes: z.string().optional(),
    version: z.number().optional(),
  }),
  readOnly: false,
  repeats: false,
  read: readText,
  plan(want, is) {
    if (is === 'locked') return refuse(`${want.path} is locked`, 'unlock it');
    if (is === want.text)
      return {
        outcome: 'noop',
        reason: 'it holds that already',
        ...(is === 'owing' ? { owed: ['read it again'] } : {}),
      };
    const action = want.lies === true ? { argv: ['true'] } : want.argv === undefined ? {} : { argv: want.argv };
    const owed = want.text === 'owing' ? { owed: ['restart it'] } : {};
    const { undo } = change(want, is);
    const more: Partial<Change> = {
      atomic: want.atomic,
      ...(want.undoEndsWith === undefined || undo === 'irreversible'
        ? {}
        : { undo: [...undo, { kind: 'exec', argv: want.undoEndsWith }] }),
      ...(want.irreversible ? { undo: 'irreversible' } : {}),
      ...(want.makes === undefined
        ? {}
        : {
            records: [
              {
                kind: 'container',
                name: want.makes,
                spec: { text: want.text },
                ...(want.version === undefined ? {} : { version: want.version }),
              },
            ],
          }),
    };
    return {
      outcome: 'change',
      changes: Array.from({ length: want.times }, () => change(want, is, action, more)),
      ...owed,
    };
  },
  touches: ({ path }) => ({ reads: [`path:${path}`], changes: [`path:${path}`] }),
  result: (_want, is) => is,
});

/** One change for each file, all of them alike; what was there is kept until it is given up. */
const fill = defineOperation({
  name: 'fill',
  summary: 'Put a text into files',
  schema: z.strictObject({ paths: z.array(z.string()), text: z.string() }),
  readOnly: false,
  repeats: false,
  read: ({ paths }) => each(paths.map((path) => ask(text, path))),
  plan(want, texts) {
    const files = want.paths
      .map((path, index) => ({ path, is: texts[index] ?? null }))
      .filter(({ is }) => is !== want.text);
    if (files.length === 0) return { outcome: 'noop', reason: 'they hold that already' };
    const keep = (path: string): Action => ({
      kind: 'exec',
      argv: ['/bin/sh', '-c', 'if [ -e "$1" ]; then cp "$1" "$1.kept"; fi', 'sh', path],
    });
    const changes = files.map(({ path, is }) =>
      change(
        { path, text: want.text },
        is,
        {},
        {
          summary: 'fill',
          subject: `path:${path}`,
          actions: [keep(path), write(path, want.text)],
          finalize: [{ kind: 'exec', argv: ['rm', '-f', `${path}.kept`] }],
        },
      ),
    );
    return { outcome: 'change', changes };
  },
  touches: ({ paths }) => ({
    reads: paths.map((path) => `path:${path}`),
    changes: paths.map((path) => `path:${path}`),
  }),
});

/** Grows a number in a file by so much, once: relative to what it was when the plan was made. */
const add = defineOperation({
  name: 'add',
  summary: 'Add to the number in a file',
  schema: z.strictObject({
    path: z.string(),
    by: z.number(),
    to: z.number().optional(),
    argv: z.array(z.string()).optional(),
  }),
  readOnly: false,
  repeats: false,
  read: readText,
  pin: (want, is) => (want.to === undefined ? { ...want, to: Number(is) + want.by } : want),
  repin: (want, fresh, saved) => (want.to === undefined && saved.to !== undefined ? { ...fresh, to: saved.to } : fresh),
  plan(want, is) {
    const wanted = String(want.to ?? Number(is) + want.by);
    return is === wanted
      ? { outcome: 'noop', reason: 'so much already' }
      : {
          outcome: 'change',
          changes: [change({ path: want.path, text: wanted }, is, want.argv === undefined ? {} : { argv: want.argv })],
        };
  },
  touches: ({ path }) => ({ reads: [`path:${path}`], changes: [`path:${path}`] }),
});

const look = defineOperation({
  name: 'look',
  summary: 'Read a file into a register',
  schema: z.strictObject({ path: z.string() }),
  readOnly: true,
  repeats: false,
  read: readText,
  plan: () => ({ outcome: 'noop', reason: 'read' }),
  touches: ({ path }) => ({ reads: [`path:${path}`], changes: [] }),
  result: (_want, is) => is,
});

const registry: ReadonlyMap<string, Operation> = new Map([
  ...real,
  ...[eraseWant(put), eraseWant(fill), eraseWant(add), eraseWant(look)].map((operation): [string, Operation] => [
    operation.name,
    operation,
  ]),
]);

/** What happened, in order: commands with the first words of what they run, and records of the journal. */
export type Log = string[];

export interface FleetOptions {
  readonly hosts: readonly string[];
  /** Called before each command of a host; may throw, wait, or change the host behind our back. */
  readonly before?: (host: string, command: Command, fleet: Fleet) => void | Promise<void>;
  /** The same once it has been answered, and before the answer is known. */
  readonly after?: (host: string, command: Command, fleet: Fleet) => void | Promise<void>;
  /** Called for each record that is in the journal. */
  readonly recorded?: (record: JournalRecord, fleet: Fleet) => void;
  readonly unreachable?: readonly string[];
}

/** One plimsoll. */
interface Life {
  readonly wire: Wire;
  readonly end: () => void;
}

const now = '2026-11-20T00:00:00.000Z';
const nothing = new Promise<never>(() => undefined);

/** Hosts that are directories of this machine, whose commands really run in /bin/sh. */
export class Fleet {
  readonly root = mkdtempSync(join(tmpdir(), 'plimsoll-run-'));
  readonly log: Log = [];
  readonly records: JournalRecord[] = [];
  readonly events: RunEvent[] = [];
  readonly controller = new AbortController();
  readonly detach = new AbortController();
  plan: Plan | undefined;
  /** Where versions are recorded. */
  versions: Records = new VersionRecords(createFileStore(join(this.root, 'versions')));
  journalsOpened = 0;
  /** Hosts that cannot be reached for the time being. */
  readonly away = new Set<string>();
  journalFails: ((record: JournalRecord) => boolean) | undefined;
  busy = 0;
  busiest = 0;
  #life: Life | undefined;
  #mortal = false;
  #saved: Plan | undefined;
  #earlier: readonly JournalRecord[] = [];
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

  /** How many connections the last plimsoll has made. */
  get connected(): number {
    return this.#life?.wire.connected ?? 0;
  }

  /** What of this run has been begun on the host, by its names there. */
  works(host: string): readonly string[] {
    const runs = join(this.stateOf(host), 'runs', 'test');
    return existsSync(runs) ? worksIn(runs) : [];
  }

  stateOf(host: string): string {
    return join(this.root, `${host}.state`);
  }

  /** Its connections are lost; what runs on it goes on. */
  cut(host: string): void {
    this.#life?.wire.cut(host);
  }

  /** As SIGKILL, or a battery that is empty: ends what `untilKilled` waits for. */
  kill(): void {
    if (!this.#mortal) return;
    this.#life?.wire.die();
    this.#life?.end();
  }

  /** Runs until it is killed. */
  async untilKilled(work: () => Promise<RunResult>): Promise<void> {
    this.#mortal = true;
    await expect(work()).rejects.toThrow('killed');
    this.#mortal = false;
  }

  async run(playbook: string, more: Partial<RunRequest> = {}): Promise<RunResult> {
    const { plays } = await this.#load(playbook);
    return this.#run({ plays, ...more });
  }

  history(): History {
    return historyOf([
      {
        type: 'run',
        version: 1,
        runId: 'test',
        at: now,
        by: 'ann@laptop',
        playbook: 'p',
        digest: 'd',
        hosts: this.#options.hosts,
      },
      ...this.records,
    ]);
  }

  /** Another plimsoll goes on with what the journal says, on the hosts that have something left to be done. */
  async goOn(mode: Exclude<PartMode, 'apply'>, playbook: string, more: Partial<RunRequest> = {}): Promise<RunResult> {
    const history = this.history();
    const plan = {
      playbook: { file: 'p', sha256: '', text: playbook },
      inputs: { inventory: [], tags: [], skipTags: [], vars: {} },
      hosts: this.#saved?.hosts ?? [],
    };
    const { plays, inventory } = await this.#load(playbook);
    const part = history.parts.length;
    this.#earlier = [...this.records];
    this.records.push({ type: 'continued', at: now, by: 'bob@laptop', mode, hosts: this.#options.hosts });
    const request = { mode, part, basis: basisOf(history, plan), ...more };
    if (mode === 'resume') {
      const unfinished = new Set(history.hosts.filter(isUnfinished).map(({ host }) => host));
      return this.#run({
        plays: plays.map(({ play, hosts }) => ({ play, hosts: hosts.filter(({ name }) => unfinished.has(name)) })),
        ...request,
      });
    }
    const play = mode === 'rollback' ? rollbackPlay : finalizePlay;
    const operation = mode === 'rollback' ? eraseWant(undoOperation(registry)) : eraseWant(finalizeOperation());
    const hosts = history.hosts.flatMap((one) => {
      const host = inventory.hosts.get(one.host);
      return host === undefined ? [] : [play(host, one, plan)];
    });
    return this.#run({ plays: hosts, operations: new Map([[operation.name, operation]]), ...request });
  }

  #load(playbook: string): Promise<Loaded> {
    const { hosts } = this.#options;
    const inventory = `hosts:\n${hosts.map((host) => `  ${host}: { user: root, become: false, state_directory: ${this.stateOf(host)}, vars: { dir: ${join(this.root, host)} } }\n`).join('')}`;
    return loadAll(
      { inventoryFiles: ['i'], playbookFile: 'p', registry },
      configLaptop({ files: { i: inventory, p: playbook } }),
    );
  }

  async #run(more: Pick<RunRequest, 'plays'> & Partial<RunRequest>): Promise<RunResult> {
    let end: () => void = () => undefined;
    const killed = new Promise<never>((_resolve, reject) => {
      end = () => {
        reject(new Error('killed'));
      };
    });
    const life: Life = { wire: this.#wire(), end };
    this.#life = life;
    const running = run({
      runId: 'test',
      mode: 'apply',
      playbook: 'p',
      extraVars: {},
      operations: registry,
      transport: life.wire,
      laptop: laptopAt(this.root),
      forks: 50,
      mayRead: readPrograms(more.plays, { extraVars: {}, operations: registry, basis: nothingBefore, ...more }),
      part: 0,
      basis: nothingBefore,
      records: new RunRecords({
        records: this.versions,
        runId: 'test',
        who: 'ann@laptop',
        mode: more.mode ?? 'apply',
        earlier: this.#earlier,
        signal: this.detach.signal,
      }),
      lock: { holder, waitMs: 0 },
      reconnectMs: 20_000,
      signal: this.controller.signal,
      detach: this.detach.signal,
      emit: (event) => this.events.push(event),
      openJournal: (plan) => {
        // As plan.json: written when the run begins, and kept.
        this.#saved ??= plan;
        return Promise.resolve(this.#journal(life));
      },
      review: (plan) => {
        this.plan = plan;
        return Promise.resolve(true);
      },
      exitCodeForPending: 10,
      ...more,
    });
    return Promise.race([running, killed]);
  }

  /** Types of the events of one host, or those about the run as a whole. */
  eventTypes(host?: string): readonly string[] {
    return this.events
      .filter((event) => (host === undefined ? !('host' in event) : 'host' in event && event.host === host))
      .map(({ type }) => type);
  }

  event<Type extends RunEvent['type']>(type: Type): readonly Extract<RunEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);
  }

  #journal({ wire }: Life): Journal {
    this.journalsOpened += 1;
    return {
      append: (record) => {
        if (wire.isDead()) return nothing;
        if (this.journalFails?.(record) === true) return Promise.reject(new Error('ENOSPC'));
        this.records.push(record);
        this.log.push(
          `journal ${record.type}${record.type === 'outcome' && record.error !== undefined ? ' error' : ''}`,
        );
        this.#options.recorded?.(record, this);
        return wire.isDead() ? nothing : Promise.resolve();
      },
      close: () => {
        this.log.push('journal closed');
        return Promise.resolve();
      },
    };
  }

  #wire(): Wire {
    const { unreachable = [], hosts } = this.#options;
    const inner = createMemoryTransport({
      hosts: Object.fromEntries(
        hosts
          .filter((host) => !unreachable.includes(host))
          .map((host) => [host, { shell: ['/bin/sh', '-c'] as const }]),
      ),
    });
    const before = async (host: string, command: Command): Promise<void> => {
      this.busy += 1;
      this.busiest = Math.max(this.busiest, this.busy);
      this.log.push(kindOf(command));
      await this.#options.before?.(host, command, this);
    };
    const after = async (host: string, command: Command): Promise<void> => {
      await this.#options.after?.(host, command, this);
    };
    const answered = (): void => {
      this.busy -= 1;
    };
    return new Wire(inner, { before, after, answered }, this.away);
  }
}

export function isEffect({ script }: Command): boolean {
  // An effect arrives as work; what looks at it afterwards only reads.
  return script.includes('setsid');
}

function kindOf(command: Command): string {
  return isEffect(command) ? 'effect' : 'read';
}
