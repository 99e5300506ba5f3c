import { dirname } from 'node:path';
import { ConfigError, type ConfigIssue } from '../errors.ts';
import type { JsonObject } from '../values/json.ts';
import { checkPlay } from './playbook/check.ts';
import { chooseHosts, refuseUnreached, type ChosenHosts, type HostChoice } from './inventory/choose-hosts.ts';
import { readExtraVars } from './extra-vars.ts';
import { readInventory } from './inventory/inventory.ts';
import type { InventoryWishes } from './inventory/ansible/sources.ts';
import type { InventoryOverrides } from './inventory/inventory-layers.ts';
import type { ConfigIo } from './model/io.ts';
import { parsePlaybook, readPlaybook, type CompiledPlay, type CompiledPlaybook } from './playbook/playbook.ts';
import { listHosts, matchPattern } from './inventory/select.ts';
import { troublesOf } from './inventory/troubles.ts';
import { inOrder } from './yaml/source.ts';
import type { Registry } from './playbook/step.ts';
import { chooseSteps } from './playbook/tags.ts';
import type { Host, Inventory, Play, Playbook } from './model/types.ts';

export interface LoadRequest extends HostChoice {
  readonly inventoryFiles: readonly string[];
  readonly playbookFile: string;
  /** Used instead of what is in the file, of which only the name is told then. */
  readonly playbookText?: string;
  readonly registry: Registry;
  readonly overrides?: InventoryOverrides;
  readonly wishes?: InventoryWishes;
  /** As given on the command line: `k=v`, `@FILE`. */
  readonly vars?: readonly string[];
  /** The same, read before; used instead of `vars`. */
  readonly extraVars?: JsonObject;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
}

export interface SelectedPlay {
  readonly play: Play;
  /** In the order of the inventory; empty when the limit leaves none of this play's hosts. */
  readonly hosts: readonly Host[];
}

export interface Loaded {
  readonly inventory: Inventory;
  /** With the chosen steps only. */
  readonly playbook: Playbook;
  readonly plays: readonly SelectedPlay[];
  /** Every host of any play, in the order of the inventory. */
  readonly hosts: readonly Host[];
  readonly extraVars: JsonObject;
  /** How it was asked for, as a saved plan keeps it. */
  readonly inputs: {
    readonly inventory: readonly string[];
    readonly tags: readonly string[];
    readonly skipTags: readonly string[];
    readonly vars: JsonObject;
  };
  readonly warnings: readonly ConfigIssue[];
}

/**
 * Everything that is read before anything connects. Throws one ConfigError with every issue of every
 * file, or an AppError('usage') for what the command line itself has wrong.
 */
export async function loadAll(request: LoadRequest, io: ConfigIo): Promise<Loaded> {
  const { inventory, playbook } = await readBoth(request, io);
  const { tags = [], skipTags = [] } = request;
  const extraVars = request.extraVars ?? (await readExtraVars(request.vars ?? [], io));
  const choice = await chooseHosts(inventory, request, io);
  const chosen: CompiledPlaybook = { ...playbook, plays: chooseSteps(playbook.plays, { tags, skipTags }) };
  const selected: Selected[] = [];
  for (const play of chosen.plays) selected.push(await selectPlay(play, inventory, choice, extraVars, io.signal));
  const any = new Set(selected.flatMap(({ hosts }) => hosts.map(({ name }) => name)));
  const hosts = [...inventory.hosts.values()].filter(({ name }) => any.has(name));
  const issues = [
    ...troublesOf(hosts),
    ...selected.flatMap((play) => play.issues),
    ...orphans(playbook.plays, chosen.plays),
  ];
  if (issues.length > 0) throw new ConfigError(inOrder(issues));
  refuseUnreached(request, choice, hosts);
  if (hosts.length === 0) listHosts(inventory, chosen.plays[0]?.hosts ?? 'all', choice.limit);
  return {
    inventory,
    playbook: chosen,
    plays: selected.map(({ play, hosts: own }) => ({ play, hosts: own })),
    hosts,
    extraVars,
    inputs: { inventory: inventory.files, tags, skipTags, vars: extraVars },
    warnings: inventory.warnings,
  };
}

async function readBoth(
  { inventoryFiles, playbookFile, playbookText, registry, overrides, wishes }: LoadRequest,
  io: ConfigIo,
): Promise<{ readonly inventory: Inventory; readonly playbook: CompiledPlaybook }> {
  const [{ value: inventory, issues }, { value: playbook, issues: inPlaybook }] = await Promise.all([
    readInventory(inventoryFiles, io, overrides, { playbookDirectory: dirname(playbookFile), ...wishes }),
    playbookText === undefined
      ? readPlaybook(playbookFile, registry, io)
      : parsePlaybook(playbookFile, playbookText, registry),
  ]);
  if (inventory === undefined || playbook === undefined) throw new ConfigError([...issues, ...inPlaybook]);
  return { inventory, playbook };
}

/** Of others it is not known what their variables come to. */
function isUnderstood({ troubles = [] }: Host): boolean {
  return troubles.length === 0;
}

type Selected = SelectedPlay & { readonly issues: readonly ConfigIssue[] };

async function selectPlay(
  play: CompiledPlay,
  inventory: Inventory,
  { names: chosen }: ChosenHosts,
  extraVars: JsonObject,
  signal: AbortSignal | undefined,
): Promise<Selected> {
  const { hosts: names, mistakes } = matchPattern(inventory, play.hosts);
  const problems = mistakes.map(({ span, message }) => play.hostsIssue(span.start, span.end, `hosts: ${message}`));
  if (problems.length === 0 && names.size === 0)
    problems.push(play.hostsIssue(0, play.hosts.length, 'hosts: no host is left by this pattern'));
  const hosts = [...inventory.hosts.values()].filter(({ name }) => names.has(name) && (chosen?.has(name) ?? true));
  return {
    play,
    hosts,
    issues: [...problems, ...(await checkPlay(play, hosts.filter(isUnderstood), extraVars, signal))],
  };
}

/** A register that is read, but whose step the tags have left out, would never be known. */
function orphans(all: readonly CompiledPlay[], chosen: readonly CompiledPlay[]): readonly ConfigIssue[] {
  return chosen.flatMap((play, index) => {
    const kept = new Set(play.steps.map(({ register }) => register));
    const dropped = (all[index]?.steps ?? []).filter(({ register }) => register !== undefined && !kept.has(register));
    return play.steps.flatMap((step) =>
      dropped
        .filter(({ register = '' }) => step.roots.has(register))
        .map((source) => ({
          ...step.place,
          message: `the step "${step.name}" reads "${source.register ?? ''}", which the step "${source.name}" registers, and the tags leave that one out`,
        })),
    );
  });
}
