import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { whyUnreadable } from '../config/model/io.ts';
import type { Loaded, LoadRequest } from '../config/load.ts';
import { loadAll } from '../config/load.ts';
import { AppError } from '../errors.ts';
import { operations } from '../operations/registry.ts';
import type { PlanFile } from '../plan/plan-file.ts';
import { isPlanFile, parsePlanFile, planFileText } from '../plan/plan-file.ts';
import { planInPresentTerms } from '../plan/present-terms.ts';
import type { HostPlan, Plan } from '../plan/plan.ts';
import type { Basis } from '../run/journal/basis.ts';
import { nothingBefore } from '../run/journal/basis.ts';
import { replaceFile } from '../run/reach/beside.ts';
import type { Journal } from '../run/journal/journal.ts';
import { openJournal } from '../run/journal/journal.ts';
import type { HeldRun } from '../run/journal/run-lock.ts';
import { holdRun } from '../run/journal/run-lock.ts';
import { needRoom } from '../run/reach/room.ts';
import { createRun, journalPath } from '../run/journal/run-store.ts';
import type { JsonObject } from '../values/json.ts';
import type { Confirmation } from './continue-command.ts';
import { wishesOf } from './inventory-wishes.ts';
import { type OverrideOptions, overridesOf } from './options.ts';
import type { SessionOptions, SessionResult, Share } from './session.ts';
import { execute, recordsAddress } from './session.ts';
import type { World } from './world.ts';

export interface PlaybookOptions extends SessionOptions, OverrideOptions {
  readonly inventory: readonly string[];
  readonly limit?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly skipTags?: readonly string[] | undefined;
  readonly var: readonly string[];
}

export interface PlaybookIntent {
  readonly mode: 'plan' | 'apply';
  readonly exitCodeForPending: number;
  readonly confirm: Confirmation;
  /** Where the plan is saved. */
  readonly saveTo?: string | undefined;
}

/** One that is made in code. */
export interface MadePlaybook {
  /** What messages call it. */
  readonly name: string;
  readonly text: string;
  readonly vars: JsonObject;
}

/** Plans, or applies, a playbook or a saved plan. */
export async function runPlaybook(
  world: World,
  playbook: string | MadePlaybook,
  options: PlaybookOptions,
  intent: PlaybookIntent,
): Promise<SessionResult & { readonly runId: string }> {
  const saved = typeof playbook === 'string' ? await savedPlan(playbook) : undefined;
  intent.confirm.ready();
  const loaded = await loadAll(
    {
      ...(typeof playbook === 'string' ? requestOf(playbook, options, saved) : requestOfMade(playbook, options)),
      registry: operations,
      overrides: overridesOf(options),
      wishes: wishesOf(world, options),
    },
    world.io,
  );
  const runId = newRunId();
  if (intent.mode === 'apply') await makeDirectory(join(world.stateDirectory, 'runs'));
  let held: HeldRun | undefined;
  const share: Share = {
    mode: intent.mode,
    runId,
    part: 0,
    playbook: loaded.playbook.file,
    directory: dirname(loaded.playbook.file),
    inventory: loaded.inventory,
    warnings: loaded.warnings,
    plays: loaded.plays,
    extraVars: loaded.extraVars,
    operations,
    earlier: [],
    basis: saved === undefined ? nothingBefore : basisOfSaved(saved),
    exitCodeForPending: intent.exitCodeForPending,
    openJournal: async (plan) => {
      held = await holdRun(world.stateDirectory, runId);
      return begin(world, runId, loaded, plan, recordsAddress(world, options));
    },
    planned: async ({ hosts }) => {
      if (intent.saveTo !== undefined) await savePlan(intent.saveTo, planFileOf(loaded, hosts));
    },
    // A saved plan as well: whoever has made it need not be whoever carries it out.
    confirm: () => intent.confirm.ask(),
  };
  try {
    return { ...(await execute(world, options, share)), runId };
  } finally {
    await held?.release();
  }
}

/** `web1,web2` names hosts, no file. */
function isHostList(given: string): boolean {
  return /^[^/\\]*,[^/\\]*$/.test(given);
}

/** The file when it is a saved plan; undefined when it is something else, or cannot be read: loading it as a playbook then says so. */
async function savedPlan(file: string): Promise<PlanFile | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return isPlanFile(text) ? planInPresentTerms(parsePlanFile(text, file, sha256), operations) : undefined;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function requestOf(
  file: string,
  options: PlaybookOptions,
  saved: PlanFile | undefined,
): Omit<LoadRequest, 'registry' | 'overrides' | 'wishes'> {
  const { inventory, limit, tags, skipTags, var: vars } = options;
  const limited = limit === undefined ? {} : { limit };
  if (saved === undefined)
    return {
      playbookFile: file,
      inventoryFiles: inventory,
      vars,
      ...limited,
      ...(tags === undefined ? {} : { tags }),
      ...(skipTags === undefined ? {} : { skipTags }),
    };
  if (tags !== undefined || skipTags !== undefined || vars.length > 0)
    throw new AppError('usage', `${file} is a saved plan: its tags and variables are those that it was made with`, {
      hint: 'leave --tags, --skip-tags and --var out, or plan again with them',
    });
  return loadSaved(saved, { inventory, ...limited });
}

function requestOfMade(
  { name, text, vars }: MadePlaybook,
  { inventory, limit }: PlaybookOptions,
): Omit<LoadRequest, 'registry' | 'overrides' | 'wishes'> {
  return {
    playbookFile: name,
    playbookText: text,
    inventoryFiles: inventory,
    extraVars: vars,
    ...(limit === undefined ? {} : { limit }),
  };
}

/** How a saved plan is loaded again: from its own text, for its own hosts. */
export function loadSaved(
  { playbook, inputs, hosts }: PlanFile,
  { inventory, limit }: { readonly inventory: readonly string[]; readonly limit?: string | undefined },
): Omit<LoadRequest, 'registry' | 'overrides' | 'wishes'> {
  return {
    playbookFile: playbook.file,
    playbookText: playbook.text,
    inventoryFiles: inventory.length > 0 ? inventory : inputs.inventory,
    extraVars: inputs.vars,
    tags: inputs.tags,
    skipTags: inputs.skipTags,
    hosts: hosts.map(({ host }) => host),
    ...(limit === undefined ? {} : { limit }),
  };
}

function basisOfSaved({ hosts }: PlanFile): Basis {
  const plans = new Map<string, HostPlan>(hosts.map((plan) => [plan.host, plan]));
  return { ...nothingBefore, approved: (host) => plans.get(host) };
}

export function planFileOf({ playbook, inputs }: Loaded, hosts: readonly HostPlan[]): PlanFile {
  return { playbook: { file: playbook.file, sha256: playbook.digest, text: playbook.text }, inputs, hosts };
}

async function savePlan(path: string, file: PlanFile): Promise<void> {
  try {
    await replaceFile(path, planFileText(file, sha256));
  } catch (thrown) {
    throw new AppError('usage', `the plan cannot be saved in ${path}: ${whyUnreadable(thrown)}`, { cause: thrown });
  }
}

async function begin(
  world: World,
  runId: string,
  loaded: Loaded,
  { hosts }: Plan,
  records: string,
): Promise<{ readonly journal: Journal; readonly directory: string }> {
  const file = planFileOf(loaded, hosts);
  // The run may be gone on with from another directory.
  const here = {
    ...file,
    playbook: { ...file.playbook, file: resolve(file.playbook.file) },
    inputs: {
      ...file.inputs,
      inventory: file.inputs.inventory.map((each) => (isAbsolute(each) || isHostList(each) ? each : resolve(each))),
    },
  };
  const directory = await createRun(world.stateDirectory, runId, planFileText(here, sha256));
  const journal = await openJournal(journalPath({ directory }));
  await journal.append({
    type: 'run',
    version: 1,
    runId,
    at: new Date().toISOString(),
    by: world.who,
    playbook: loaded.playbook.file,
    digest: loaded.playbook.digest,
    hosts: hosts.map(({ host }) => host),
    records,
  });
  return { journal, directory };
}

/** Sorts by time and is unique between operators: `20261120-181612-9f3a1c`. */
function newRunId(): string {
  const [date = '', time = ''] = new Date().toISOString().replaceAll(/[-:]/g, '').split(/[T.]/);
  return `${date}-${time}-${randomBytes(3).toString('hex')}`;
}

/** The journal comes before every effect, so a place for it must exist before anything else is done. */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.W_OK);
    await needRoom(directory);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError('usage', `the journal cannot be kept in ${directory}: ${whyUnreadable(thrown)}`, {
      hint: 'set XDG_STATE_HOME to a directory that you may write',
      cause: thrown,
    });
  }
}
