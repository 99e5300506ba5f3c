import { refuseTroubled } from '../config/inventory/troubles.ts';
import { join } from 'node:path';
import type { Host, Inventory } from '../config/model/types.ts';
import type { SelectedPlay } from '../config/load.ts';
import type { ConfigIssue } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { mayChange } from '../plan/plan.ts';
import type { OutputKind } from '../render/progress/choose.ts';
import { createRenderer } from '../render/progress/choose.ts';
import { BackupVouchers } from '../records/backup-vouchers.ts';
import type { StoreSettings } from '../records/open-store.ts';
import { addressOf, openStore } from '../records/open-store.ts';
import { VersionRecords } from '../records/records.ts';
import type { Renderer } from '../render/renderer.ts';
import type { RunEvent, StampedEvent } from '../run/report/event.ts';
import { EventLog } from '../run/report/event-log.ts';
import type { Journal, JournalRecord } from '../run/journal/journal.ts';
import { laptopAt } from '../run/reach/laptop.ts';
import type { RunResult } from '../run/report/recap.ts';
import { readPrograms } from '../run/planning/read-programs.ts';
import type { RunRequest } from '../run/planning/context.ts';
import { run } from '../run/run.ts';
import { RunRecords } from '../run/journal/run-records.ts';
import { totalsAtEnd } from '../run/journal/run-totals.ts';
import { secretFiles } from '../run/reach/secret-files.ts';
import type { Target } from '../transport/transport.ts';
import type { OnInterrupt } from './interrupts.ts';
import { outputKind, withColour } from './options.ts';
import { sshTransport } from './ssh-transport.ts';
import type { ProgramConsent } from './program-consent.ts';
import { consentToPrograms } from './program-consent.ts';
import { type Naming, SecretReader, secretsOfPlays, type SecretWishes, showWarnings } from './secrets.ts';
import { askWhatNow } from './what-now.ts';
import type { World } from './world.ts';

/** What every command that works on hosts has in common. */
export interface SessionOptions extends ProgramConsent, SecretWishes {
  readonly forks: number;
  readonly output?: OutputKind | undefined;
  readonly color: boolean;
  /** Where versions are recorded. */
  readonly records?: string | undefined;
  /** Seconds. */
  readonly lockWait?: number | undefined;
  readonly onInterrupt?: OnInterrupt | undefined;
  /** Whether Ansible's own program may be run for the inventory. */
  readonly runInventory?: true | undefined;
}

/** What is to be run. */
export interface Share extends Pick<
  RunRequest,
  | 'runId'
  | 'mode'
  | 'part'
  | 'playbook'
  | 'plays'
  | 'extraVars'
  | 'operations'
  | 'basis'
  | 'exitCodeForPending'
  | 'afterwards'
> {
  readonly inventory: Inventory;
  /** What the journal says of the parts before this one. */
  readonly earlier: readonly JournalRecord[];
  /** The playbook's: what it says of files on this machine is relative to it. */
  readonly directory: string;
  readonly warnings: readonly ConfigIssue[];
  /** Opened when something is going to be recorded. `directory` is the run's place on this machine. */
  readonly openJournal: (plan: Plan) => Promise<{ readonly journal: Journal; readonly directory: string }>;
  /** Told the complete plan, once it has been shown. */
  readonly planned?: (plan: Plan) => Promise<void>;
  /** Asked after that, and only when there is something to do. */
  readonly confirm: () => Promise<boolean>;
}

/** How it ended, and what the operator chose when he interrupted it. */
export interface SessionResult {
  readonly result: RunResult;
  readonly chosen: OnInterrupt | undefined;
}

const defaultReconnectMs = 300_000;

/** Wires everything, runs, shows the recap, and resolves with how it ended. */
export async function execute(world: World, options: SessionOptions, request: Share): Promise<SessionResult> {
  showWarnings(world, request.warnings);
  const secrets = new SecretReader(world, options);
  // What is consented to may hold the address that ssh knows.
  const share = { ...request, plays: await reachable(secrets, request) };
  const mayRead = readPrograms(share.plays, share);
  await consentToPrograms(world, mayRead, options);
  const records = recordsOf(world, options, share);
  secrets.name(secretFiles(share.plays, share).map((one): Naming => ({ type: 'host.reads', ...one })));
  const plays = await withSecrets(secrets, share);
  const screen = withColour(world.out, options.color);
  const renderer = createRenderer(outputKind(options.output, screen), screen, { verbose: options.verbose === true });
  const made = sshTransport(world, () => renderer.hold());
  const transport = world.wrapTransport?.(made) ?? made;
  const events = new Events(renderer);
  const { interrupts } = world;
  const now = askWhatNow(world, options, renderer);
  let directory: string | undefined;
  try {
    const result = await run({
      ...share,
      plays,
      records,
      transport,
      targetOf: (name) => targetOf(secrets, share, name),
      laptop: laptopAt(share.directory, vouchersOf(world, options)),
      lock: {
        holder: {
          run: share.runId,
          by: world.who,
          reason: `${share.mode} ${share.playbook}`,
          since: new Date().toISOString(),
        },
        waitMs: (options.lockWait ?? 0) * 1000,
      },
      reconnectMs: world.reconnectMs ?? defaultReconnectMs,
      forks: options.forks,
      mayRead,
      signal: interrupts.stop,
      detach: interrupts.detach,
      emit: (event) => {
        events.emit(event);
        if (event.type === 'run.started')
          secrets.tell({
            emit: (naming) => {
              events.emit(naming);
            },
            hold: () => renderer.hold(),
          });
      },
      openJournal: async (plan) => {
        const opened = await share.openJournal(plan);
        directory = opened.directory;
        events.log.keepIn(directory);
        now.begin();
        return world.wrapJournal?.(opened.journal) ?? opened.journal;
      },
      review: async (plan) => {
        renderer.plan(plan);
        await share.planned?.(plan);
        return hasChanges(plan) ? asked(renderer, share) : true;
      },
    });
    const ended = directory === undefined ? result : { ...result, journal: directory };
    renderer.recap(ended);
    return { result: ended, chosen: now.chosen };
  } finally {
    now.end();
    renderer.close();
    await events.log.close();
    await transport.close();
    if (directory !== undefined) await totalsAtEnd({ runId: share.runId, directory });
  }
}

/** What a run, or one part of it, tells the records. */
export function recordsOf(
  world: World,
  { records }: Pick<SessionOptions, 'records'>,
  { runId, mode, earlier }: Pick<Share, 'runId' | 'mode' | 'earlier'>,
): RunRecords {
  return new RunRecords({
    records: versionRecords(world, records),
    runId,
    who: world.who,
    mode,
    earlier,
    signal: world.interrupts.detach,
  });
}

/** Who vouches for backups on this machine. */
function vouchersOf(world: World, { records }: Pick<SessionOptions, 'records'>): BackupVouchers {
  return new BackupVouchers({
    store: openStore(storeSettings(world, records)),
    keyFile: join(world.stateDirectory, 'seal.key'),
    who: world.who,
    signal: world.interrupts.detach,
  });
}

/** Where the records are, as it is written down in a run's journal. */
export function recordsAddress(world: World, { records }: Pick<SessionOptions, 'records'>): string {
  return addressOf(storeSettings(world, records));
}

/** Where the versions are recorded; `given` is what --records says. */
export function versionRecords(world: World, given: string | undefined): VersionRecords {
  return new VersionRecords(openStore(storeSettings(world, given)));
}

export function storeSettings({ io, stateDirectory }: World, records: string | undefined): StoreSettings {
  return { records, env: io.env, stateDirectory };
}

async function withSecrets(
  secrets: SecretReader,
  { inventory, plays, extraVars, directory }: Share,
): Promise<readonly SelectedPlay[]> {
  const variables = { of: secretsOfPlays(plays, extraVars), directory };
  return withHosts(plays, await secrets.read(inventory, hostsOf(plays), variables));
}

async function reachable(secrets: SecretReader, { inventory, plays }: Share): Promise<readonly SelectedPlay[]> {
  return withHosts(plays, await secrets.reach(inventory, hostsOf(plays)));
}

function hostsOf(plays: readonly SelectedPlay[]): readonly Host[] {
  return [...new Map(plays.flatMap(({ hosts }) => hosts).map((host) => [host.name, host])).values()];
}

function withHosts(plays: readonly SelectedPlay[], complete: readonly Host[]): readonly SelectedPlay[] {
  const byName = new Map(complete.map((host) => [host.name, host]));
  return plays.map(({ play, hosts }) => ({ play, hosts: hosts.map((host) => byName.get(host.name) ?? host) }));
}

async function targetOf(secrets: SecretReader, { inventory }: Share, name: string): Promise<Target | undefined> {
  const host = inventory.hosts.get(name);
  if (host === undefined) return undefined;
  return (await secrets.complete(inventory, refuseTroubled([host])))[0]?.target;
}

/** Nothing is drawn over the question. */
async function asked(renderer: Renderer, { confirm }: Share): Promise<boolean> {
  const release = renderer.hold();
  try {
    return await confirm();
  } finally {
    release();
  }
}

function hasChanges(plan: Plan): boolean {
  return plan.hosts.some(({ steps, error }) => error === undefined && steps.some(mayChange));
}

/** Numbers what happens; shows it, and keeps it beside the journal once there is one. */
class Events {
  readonly log = new EventLog();
  readonly #renderer: Renderer;
  #seq = 0;

  constructor(renderer: Renderer) {
    this.#renderer = renderer;
  }

  emit(event: RunEvent): void {
    this.#seq += 1;
    const stamped: StampedEvent = { v: 1, seq: this.#seq, at: new Date().toISOString(), ...event };
    this.#renderer.event(stamped);
    this.log.add(stamped);
  }
}
