import { ConfigError, type ConfigIssue } from '../errors.ts';
import type { JsonObject } from '../values/json.ts';
import { checkPlay } from './check.ts';
import { readExtraVars } from './extra-vars.ts';
import { readInventory, type InventoryOverrides } from './inventory.ts';
import type { ConfigIo } from './io.ts';
import { readPlaybook, type CompiledPlay, type CompiledPlaybook } from './playbook.ts';
import { matchPattern, readLimit, selectHosts } from './select.ts';
import { inOrder } from './source.ts';
import type { Registry } from './step.ts';
import { chooseSteps } from './tags.ts';
import type { Host, Inventory, Play, Playbook } from './types.ts';

export interface LoadRequest {
  readonly inventoryFiles: readonly string[];
  readonly playbookFile: string;
  readonly registry: Registry;
  readonly overrides?: InventoryOverrides;
  /** As given on the command line: `k=v`, `@FILE`. */
  readonly vars?: readonly string[];
  /** As given on the command line: a pattern, with `@FILE` for names in a file. */
  readonly limit?: string;
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
  readonly warnings: readonly ConfigIssue[];
}

/**
 * Everything that is read before anything connects. Throws one ConfigError with every issue of every
 * file, or an AppError('usage') for what the command line itself has wrong.
 */
export async function loadAll(request: LoadRequest, io: ConfigIo): Promise<Loaded> {
  const { inventoryFiles, playbookFile, registry, overrides, tags = [], skipTags = [] } = request;
  const [inventoryRead, playbookRead] = await Promise.all([readInventory(inventoryFiles, io, overrides), readPlaybook(playbookFile, registry, io)]);
  const { value: inventory } = inventoryRead;
  const { value: playbook } = playbookRead;
  if (inventory === undefined || playbook === undefined) throw new ConfigError([...inventoryRead.issues, ...playbookRead.issues]);
  const extraVars = await readExtraVars(request.vars ?? [], io);
  const limit = request.limit === undefined ? undefined : await readLimit(request.limit, io);
  const limited = limit === undefined ? undefined : new Set(selectHosts(inventory, limit).map(({ name }) => name));
  const chosen: CompiledPlaybook = { ...playbook, plays: chooseSteps(playbook.plays, { tags, skipTags }) };
  const selected = chosen.plays.map((play) => selectPlay(play, inventory, limited, extraVars));
  const issues = [...selected.flatMap((play) => play.issues), ...orphans(playbook.plays, chosen.plays)];
  if (issues.length > 0) throw new ConfigError(inOrder(issues));
  const any = new Set(selected.flatMap(({ hosts }) => hosts.map(({ name }) => name)));
  const hosts = [...inventory.hosts.values()].filter(({ name }) => any.has(name));
  if (hosts.length === 0) selectHosts(inventory, chosen.plays[0]?.hosts ?? 'all', limit);
  return { inventory, playbook: chosen, plays: selected.map(({ play, hosts: own }) => ({ play, hosts: own })), hosts, extraVars, warnings: inventory.warnings };
}

function selectPlay(play: CompiledPlay, inventory: Inventory, limited: ReadonlySet<string> | undefined, extraVars: JsonObject): SelectedPlay & { readonly issues: readonly ConfigIssue[] } {
  const { hosts: names, mistakes } = matchPattern(inventory, play.hosts);
  const problems = mistakes.map(({ span, message }) => play.hostsIssue(span.start, span.end, `hosts: ${message}`));
  if (problems.length === 0 && names.size === 0) problems.push(play.hostsIssue(0, play.hosts.length, 'hosts: no host is left by this pattern'));
  const hosts = [...inventory.hosts.values()].filter(({ name }) => names.has(name) && (limited?.has(name) ?? true));
  return { play, hosts, issues: [...problems, ...checkPlay(play, hosts, extraVars)] };
}

/** A register that is read, but whose step the tags have left out, would never be known. */
function orphans(all: readonly CompiledPlay[], chosen: readonly CompiledPlay[]): readonly ConfigIssue[] {
  return chosen.flatMap((play, index) => {
    const kept = new Set(play.steps.map(({ register }) => register));
    const dropped = (all[index]?.steps ?? []).filter(({ register }) => register !== undefined && !kept.has(register));
    return play.steps.flatMap((step) =>
      dropped.filter(({ register = '' }) => step.roots.has(register)).map((source) => ({ ...step.place, message: `the step "${step.name}" reads "${source.register ?? ''}", which the step "${source.name}" registers, and the tags leave that one out` })),
    );
  });
}
