import { dirname } from 'node:path';
import type { Host, Inventory } from '../config/model/types.ts';
import { loadInventory } from '../config/inventory/inventory.ts';
import { loadAll, type Loaded, type SelectedPlay } from '../config/load.ts';
import { listHosts, readLimit } from '../config/inventory/select.ts';
import { refuseTroubled } from '../config/inventory/troubles.ts';
import { AppError } from '../errors.ts';
import { eraseWant } from '../operations/engine/erase.ts';
import type { Operation } from '../operations/engine/operation.ts';
import { operations } from '../operations/registry.ts';
import type { PlanFile } from '../plan/plan-file.ts';
import { finalizePlay, rollbackPlay } from '../run/continuing/afterwards.ts';
import type { Basis } from '../run/journal/basis.ts';
import { finalizeOperation } from '../run/continuing/finalize.ts';
import type { History, HostHistory } from '../run/journal/history.ts';
import { basisOf } from '../run/journal/history.ts';
import type { Link } from '../run/reach/link.ts';
import { undoOperation } from '../run/continuing/undo.ts';
import { wishesOf } from './inventory-wishes.ts';
import { type OverrideOptions, overridesOf } from './options.ts';
import { loadSaved } from './playbook-session.ts';
import type { SessionOptions, Share } from './session.ts';
import type { World } from './world.ts';
import { quote } from '../values/shell.ts';

export interface ContinueOptions extends SessionOptions, OverrideOptions {
  readonly inventory: readonly string[];
  readonly limit?: string | undefined;
  /** What is done about commands of which it is not known whether they came to their end. */
  readonly unfinished?: 'again' | 'done' | undefined;
  /** Of finalize: hosts that have not come to their end, too. */
  readonly partial?: true | undefined;
}

export type ContinueMode = 'resume' | 'rollback' | 'finalize';

/** What goes on: its plays, what else they need, and the hosts that are left out with the reason. */
type Continued = Pick<Share, 'plays' | 'extraVars' | 'operations' | 'basis' | 'inventory' | 'warnings' | 'afterwards'>;

export interface ContinuedRun {
  readonly runId: string;
  readonly history: History;
  readonly plan: PlanFile;
}

/** What goes on, in each mode. */
export const continuing: Readonly<
  Record<
    ContinueMode,
    (world: World, run: ContinuedRun, hosts: readonly HostHistory[], options: ContinueOptions) => Promise<Continued>
  >
> = {
  async resume(world, { history, plan }, hosts, options) {
    const names = new Set(hosts.map(({ host }) => host));
    const unfinished: PlanFile = { ...plan, hosts: plan.hosts.filter(({ host }) => names.has(host)) };
    const loaded: Loaded = await loadAll(
      {
        ...loadSaved(unfinished, options),
        registry: operations,
        overrides: overridesOf(options),
        wishes: wishesOf(world, options),
      },
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
    { playbookDirectory: dirname(plan.playbook.file), ...wishesOf(world, options) },
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
      : new Set(listHosts(inventory, await readLimit(limit, world.io)).map(({ name }) => name));
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
  refuseTroubled(chosen.flatMap(({ host }) => inventory.hosts.get(host) ?? []));
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
