import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { whyUnreadable } from '../config/io.ts';
import { loadAll } from '../config/load.ts';
import { resolveSecrets } from '../config/secrets.ts';
import { AppError } from '../errors.ts';
import { operations } from '../operations/registry.ts';
import type { Plan } from '../plan/plan.ts';
import { mayChange } from '../plan/plan.ts';
import type { OutputKind } from '../render/choose.ts';
import { createRenderer } from '../render/choose.ts';
import type { Renderer } from '../render/renderer.ts';
import type { RunEvent } from '../run/event.ts';
import { openJournal } from '../run/journal.ts';
import { laptop } from '../run/laptop.ts';
import { run } from '../run/run.ts';
import { createSshTransport } from '../transport/ssh/ssh-transport.ts';
import { inventoryFiles, outputKind, overridesOf, withColour } from './options.ts';
import type { World } from './world.ts';

/** What `plan` and `apply` have in common. */
export interface SessionOptions {
  readonly inventory: readonly string[];
  readonly limit?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly skipTags?: readonly string[] | undefined;
  readonly var: readonly string[];
  readonly forks: number;
  readonly output?: OutputKind | undefined;
  readonly color: boolean;
  readonly verbose?: true | undefined;
  readonly knownHosts?: string | undefined;
}

export interface Intent {
  readonly mode: 'plan' | 'apply';
  readonly exitCodeForPending: number;
  /** Asked once the preview has been shown, and only when there is something to do. */
  readonly confirm: () => Promise<boolean>;
}

/** Reads everything, wires everything, runs, and returns the exit status. */
export async function runSession(world: World, playbookFile: string, options: SessionOptions, intent: Intent): Promise<number> {
  const loaded = await loadAll(
    {
      inventoryFiles: inventoryFiles(options.inventory),
      playbookFile,
      registry: operations,
      vars: options.var,
      overrides: overridesOf(options),
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      ...(options.tags === undefined ? {} : { tags: options.tags }),
      ...(options.skipTags === undefined ? {} : { skipTags: options.skipTags }),
    },
    world.io,
  );
  for (const { file, line, message } of loaded.warnings) world.err.write(`warning: ${file}${line === undefined ? '' : `:${String(line)}`}: ${message}\n`);
  const hosts = new Map((await resolveSecrets(loaded.inventory, loaded.hosts, world.io)).map((host) => [host.name, host]));
  const screen = withColour(world.out, options.color);
  const renderer = createRenderer(outputKind(options.output, screen), screen, { verbose: options.verbose === true });
  const transport = createSshTransport(world.agentSocket === undefined ? {} : { agentSocket: world.agentSocket });
  const runId = newRunId();
  if (intent.mode === 'apply') await makeDirectory(join(world.stateDirectory, 'runs'));
  try {
    const result = await run({
      runId,
      mode: intent.mode,
      playbook: playbookFile,
      plays: loaded.plays.map(({ play, hosts: own }) => ({ play, hosts: own.map((host) => hosts.get(host.name) ?? host) })),
      extraVars: loaded.extraVars,
      operations,
      transport,
      laptop,
      forks: options.forks,
      signal: world.signal,
      emit: stamping(renderer),
      openJournal: async () => {
        const directory = join(world.stateDirectory, 'runs', runId);
        await makeDirectory(directory);
        const journal = await openJournal(join(directory, 'journal.jsonl'));
        await journal.append({ type: 'run', version: 1, runId, at: new Date().toISOString(), playbook: playbookFile, digest: loaded.playbook.digest, hosts: [...hosts.keys()] });
        return journal;
      },
      review: async (plan) => {
        renderer.plan(plan);
        return hasChanges(plan) ? intent.confirm() : true;
      },
      exitCodeForPending: intent.exitCodeForPending,
    });
    renderer.recap(result);
    return result.exitCode;
  } finally {
    renderer.close();
    await transport.close();
  }
}

function hasChanges(plan: Plan): boolean {
  return plan.hosts.some(({ steps, error }) => error === undefined && steps.some(mayChange));
}

function stamping(renderer: Renderer): (event: RunEvent) => void {
  let seq = 0;
  return (event) => {
    seq += 1;
    renderer.event({ v: 1, seq, at: new Date().toISOString(), ...event });
  };
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
  } catch (thrown) {
    throw new AppError('usage', `the journal cannot be kept in ${directory}: ${whyUnreadable(thrown)}`, { hint: 'set XDG_STATE_HOME to a directory that you may write', cause: thrown });
  }
}
