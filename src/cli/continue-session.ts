import { dirname } from 'node:path';
import type { Host, Inventory } from '../config/model/types.ts';
import { loadInventory } from '../config/inventory/inventory.ts';
import { loadAll, type Loaded, type SelectedPlay } from '../config/load.ts';
import { readLimit, selectHosts } from '../config/inventory/select.ts';
import { AppError } from '../errors.ts';
import { eraseWant } from '../operations/engine/erase.ts';
import type { Operation } from '../operations/engine/operation.ts';
import { operations } from '../operations/registry.ts';
import type { PlanFile } from '../plan/plan-file.ts';
import { parsePlanFile } from '../plan/plan-file.ts';
import { inPresentTerms, planInPresentTerms } from '../plan/present-terms.ts';
import { finalizePlay, rollbackPlay } from '../run/continuing/afterwards.ts';
import type { Basis } from '../run/journal/basis.ts';
import { finalizeOperation } from '../run/continuing/finalize.ts';
import type { History, HostHistory } from '../run/journal/history.ts';
import { basisOf, changesInEffect, historyOf, isUnfinished } from '../run/journal/history.ts';
import { openJournal } from '../run/journal/journal.ts';
import type { Link } from '../run/reach/link.ts';
import { repairJournal } from '../run/journal/read-journal.ts';
import { holdRun } from '../run/journal/run-lock.ts';
import { findRun, journalPath, openRun } from '../run/journal/run-store.ts';
import { undoOperation } from '../run/continuing/undo.ts';
import type { Confirmation } from './continue-command.ts';
import { overridesOf } from './options.ts';
import { loadSaved, sha256 } from './playbook-session.ts';
import type { SessionOptions, SessionResult, Share } from './session.ts';
import { execute } from './session.ts';
import { settleLeft } from './settle-records.ts';
import type { World } from './world.ts';
import { byHand, quote } from '../values/shell.ts';

export interface ContinueOptions extends SessionOptions {
  readonly inventory: readonly string[];
  readonly limit?: string | undefined;
  readonly knownHosts?: string | undefined;
  /** What is done about commands of which it is not known whether they came to their end. */
  readonly unfinished?: 'again' | 'done' | undefined;
  /** Of finalize: hosts that have not come to their end, too. */
  readonly partial?: true | undefined;
}

export type ContinueMode = 'resume' | 'rollback' | 'finalize';

/** What goes on: its plays, what else they need, and the hosts that are left out with the reason. */
type Continued = Pick<Share, 'plays' | 'extraVars' | 'operations' | 'basis' | 'inventory' | 'warnings' | 'afterwards'>;

interface StoredRun {
  readonly runId: string;
  readonly history: History;
  readonly plan: PlanFile;
}

/** Goes on with a run of this machine. Undefined: there is nothing left to do in it, and that has been said. */
export async function continueRun(
  world: World,
  mode: ContinueMode,
  wanted: string | undefined,
  options: ContinueOptions,
  confirm: Confirmation,
): Promise<SessionResult | undefined> {
  const { runId, directory } = await findRun(world.stateDirectory, wanted);
  const held = await holdRun(world.stateDirectory, runId);
  try {
    const stored = await openRun(world.stateDirectory, runId);
    const present = inPresentTerms(operations);
    const settled = await settleLeft(world, { runId, directory }, stored.records, options);
    const earlier = settled.map((record) => (record.type === 'intent' ? present(record) : record));
    const run: StoredRun = {
      runId,
      history: historyOf(earlier),
      plan: planInPresentTerms(parsePlanFile(stored.planText, `${directory}/plan.json`, sha256), operations),
    };
    const hosts = run.history.hosts.filter(
      (host) => concerns(mode, host) || (mode === 'finalize' && options.partial === true && isWholeSoFar(host)),
    );
    const waiting =
      mode === 'finalize'
        ? run.history.hosts.filter((host) => !hosts.includes(host) && isUnfinished(host) && host.changes.length > 0)
        : [];
    if (hosts.length === 0) {
      const byName = (command: string): string => byHand('plimsoll', command, runId);
      const orPartial =
        options.partial === true
          ? ''
          : waiting.every(isWholeSoFar)
            ? `; or ${byHand('plimsoll', 'finalize', '--partial', runId)}, which gives up both: what the run has changed so far stays`
            : '';
      if (waiting.length > 0)
        throw new AppError('usage', notFinalized(waiting), {
          hint: `${byName('resume')}, or ${byName('rollback')}, and then finalize${orPartial}`,
        });
      world.out.write(`${nothingLeft[mode](runId)}\n`);
      return undefined;
    }
    if (waiting.length > 0) world.err.write(`warning: ${notFinalized(waiting)}\n`);
    confirm.ready();
    const continued = await continuing[mode](world, run, hosts, options);
    return await execute(
      world,
      { ...options, records: options.records ?? run.history.recordsAt },
      {
        ...continued,
        mode,
        runId,
        earlier,
        part: run.history.parts.length,
        playbook: run.history.playbook,
        directory: dirname(run.plan.playbook.file),
        exitCodeForPending: 0,
        confirm: () => confirm.ask(),
        openJournal: async () => {
          const path = journalPath({ directory });
          await repairJournal(path);
          const journal = await openJournal(path);
          await journal.append({
            type: 'continued',
            at: new Date().toISOString(),
            by: world.who,
            mode,
            hosts: hosts.map(({ host }) => host),
          });
          return { journal, directory };
        },
      },
    );
  } finally {
    await held.release();
  }
}

const nothingLeft: Readonly<Record<ContinueMode, (runId: string) => string>> = {
  resume: (runId) => `Run ${runId} is done on every host: there is nothing to go on with.`,
  rollback: (runId) => `Run ${runId} has changed nothing that is not undone already.`,
  finalize: (runId) => `Run ${runId} has kept nothing that is not removed already: there is nothing to finalize.`,
};

function notFinalized(hosts: readonly HostHistory[]): string {
  return `not finalized, because a host must be done or rolled back first: ${hosts.map(({ host, state }) => `${host} (${state})`).join(', ')}`;
}

/** Ended before its end, with nothing that is half done: neither a change, nor a rollback. */
function isWholeSoFar(host: HostHistory): boolean {
  return (
    isUnfinished(host) &&
    (host.mode === 'apply' || host.mode === 'resume') &&
    host.changes.length > 0 &&
    host.open.length === 0 &&
    host.changes.every(isWhole)
  );
}

function isWhole({ outcome, undone, undoBegun, intent }: HostHistory['changes'][number]): boolean {
  if (undone || undoBegun) return false;
  return outcome === 'done' || (outcome === 'failed' && (intent.change.finalize ?? []).length === 0);
}

function concerns(mode: ContinueMode, host: HostHistory): boolean {
  switch (mode) {
    case 'resume':
      return isUnfinished(host);
    case 'rollback':
      return changesInEffect(host).length > 0 || host.open.length > 0;
    case 'finalize':
      return (
        (host.state === 'done' ||
          host.state === 'rolled-back' ||
          (host.mode === 'finalize' && host.state !== 'finalized')) &&
        host.changes.length > 0
      );
  }
}

const continuing: Readonly<
  Record<
    ContinueMode,
    (world: World, run: StoredRun, hosts: readonly HostHistory[], options: ContinueOptions) => Promise<Continued>
  >
> = {
  async resume(world, { history, plan }, hosts, options) {
    const names = new Set(hosts.map(({ host }) => host));
    const unfinished: PlanFile = { ...plan, hosts: plan.hosts.filter(({ host }) => names.has(host)) };
    const loaded: Loaded = await loadAll(
      { ...loadSaved(unfinished, options), registry: operations, overrides: overridesOf(options) },
      world.io,
    );
    const { plays, extraVars, inventory, warnings } = loaded;
    return {
      plays,
      extraVars,
      inventory,
      warnings,
      operations,
      basis: deciding(basisOf(history, plan), options.unfinished),
    };
  },

  rollback: (world, { runId, history, plan }, hosts, options) =>
    afterwards(world, history, plan, hosts, options, eraseWant(undoOperation(operations)), (host, its) => {
      if (its.changes.some(({ finalized }) => finalized))
        throw new AppError(
          'usage',
          `run ${runId} has been finalized on ${host.name}: what its rollback needs is gone`,
          { hint: `leave it out: --limit ${quote(`!${host.name}`)}` },
        );
      return rollbackPlay(host, its, plan);
    }),

  async finalize(world, { runId, history, plan }, hosts, options) {
    return {
      ...(await afterwards(world, history, plan, hosts, options, eraseWant(finalizeOperation()), (host, its) =>
        finalizePlay(host, its, plan),
      )),
      afterwards: (link) => removeRun(link, runId),
    };
  },
};

type PlayFor = (host: Host, history: HostHistory) => SelectedPlay;

/** Each host has steps of its own, which its history gives. */
async function afterwards(
  world: World,
  history: History,
  plan: PlanFile,
  hosts: readonly HostHistory[],
  options: ContinueOptions,
  operation: Operation,
  playFor: PlayFor,
): Promise<Continued> {
  const inventory = await loadInventory(
    options.inventory.length > 0 ? options.inventory : plan.inputs.inventory,
    world.io,
    overridesOf(options),
  );
  return {
    plays: await playsOf(world, inventory, hosts, options, playFor),
    extraVars: {},
    inventory,
    warnings: inventory.warnings,
    operations: new Map([[operation.name, operation]]),
    basis: basisOf(history, plan),
  };
}

async function playsOf(
  world: World,
  inventory: Inventory,
  hosts: readonly HostHistory[],
  { limit }: ContinueOptions,
  playFor: PlayFor,
): Promise<readonly SelectedPlay[]> {
  const limited =
    limit === undefined
      ? undefined
      : new Set(selectHosts(inventory, await readLimit(limit, world.io)).map(({ name }) => name));
  const chosen = hosts.filter(({ host }) => limited?.has(host) ?? true);
  const gone = chosen.filter(({ host }) => !inventory.hosts.has(host)).map(({ host }) => host);
  if (gone.length > 0)
    throw new AppError('usage', `not in the inventory any more: ${gone.join(', ')}`, {
      hint: 'put them back, or leave them out with --limit',
    });
  if (chosen.length === 0)
    throw new AppError('usage', `the limit leaves none of the hosts of this run`, {
      hint: 'plimsoll runs RUN lists them',
    });
  return chosen.flatMap((history) => {
    const host = inventory.hosts.get(history.host);
    return host === undefined ? [] : [playFor(host, history)];
  });
}

/** The operator knows what became of commands that were begun and of which nobody else does. */
function deciding(basis: Basis, unfinished: ContinueOptions['unfinished']): Basis {
  if (unfinished === undefined) return basis;
  return {
    ...basis,
    past: (host, step) => {
      const past = basis.past(host, step);
      if (past?.kind !== 'unknown') return past;
      return unfinished === 'done' ? { kind: 'done', output: undefined } : undefined;
    },
    knowing: (outcomes) => deciding(basis.knowing(outcomes), unfinished),
  };
}

/** What the run has recorded on the host. */
async function removeRun(link: Link, runId: string): Promise<void> {
  const { status, stderr } = await link.run({
    script: 'rm -rf -- "$PLIMSOLL_STATE/runs/$1"',
    args: [runId],
    repeatable: true,
  });
  if (status !== 0)
    throw new AppError('action-failed', `the record of the run could not be removed from the host: ${stderr.trim()}`);
}
