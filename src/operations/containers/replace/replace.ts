import type { Action, Change, RecordNote } from '../../engine/change.ts';
import { longestCopyMs } from '../../engine/time-limits.ts';
import type { JsonObject } from '../../../values/json.ts';
import { assignments, functionOf, wholeScript } from '../../../shell/render.ts';
import { shell } from '../../../shell/shell.ts';
import { commandLine } from '../../../values/shell.ts';
import { asked, askedText } from '../body/asked.ts';
import type { Creation } from '../body/creation.ts';
import { comparisonFunctions } from './comparison-functions.ts';
import { composeCreation } from '../body/creation.ts';
import type { ComparedLine } from '../body/expectations.ts';
import { goJson } from '../body/go-template.ts';
import { mayDiffer } from '../body/may-differ.ts';
import { planMounts } from '../body/mounts.ts';
import { hasOwnNetworks, isOnItsOwnNetwork } from '../body/networks.ts';
import type { Gate, Replaced } from '../body/patch.ts';
import { newName, oldName } from '../body/patch.ts';
import { recordedOf, versionSpec } from '../body/recorded.ts';
import { restartPolicyOf } from '../body/restart-policy.ts';
import { replacementDowntime } from './downtime.ts';

export type { Gate } from '../body/patch.ts';

const replaceFunctions = shell('operations/containers/replace/replace.sh');
/** From the start, or from where an attempt was cut. */
const replaceMain = shell('operations/containers/replace/replace-main.sh');
/** The other way round. */
const undoMain = shell('operations/containers/replace/undo-main.sh');
/** Removes the old ones; never a volume, and nothing that runs or is not as it was left. */
const finalizeMain = shell('operations/containers/replace/finalize-main.sh');

export interface ReplaceOptions {
  readonly subject: string;
  readonly containers: readonly Replaced[];
  /** The body of a shell function, run when the old ones are stopped and none of the new ones is started. */
  readonly whileStopped?: { readonly script: readonly string[]; readonly summary: string; readonly downtime: string };
  /** Shell text that must succeed before anything is undone; the new containers are stopped then. */
  readonly undoGuard?: string;
  /** Done when the old containers are gone. */
  readonly finalizeAfter?: readonly Action[];
  readonly gate: Gate;
  /** How far an earlier attempt has come, so that a plan of it is another one than of the first. */
  readonly underWay?: string;
}

/**
 * Replaces containers by new ones of the same name: one script, which goes back to the old ones on any
 * failure, and goes on from wherever it was cut. The old ones stay, stopped, under `NAME-old-…`, until
 * finalize.
 */
export function replaceContainers(options: ReplaceOptions): Change {
  const { subject, containers, whileStopped, undoGuard, finalizeAfter = [], gate, underWay } = options;
  const common = [
    replaceFunctions,
    assignments({ all: containers.map((_, index) => String(index + 1)).join(' ') }),
    ...containers.flatMap((replaced, index) => containerFunctions(replaced, index + 1)),
  ];
  const main = [
    assignments({ gate_seconds: Math.ceil(gate.seconds), gate_healthy: gate.healthy ? '1' : '' }),
    functionOf('while_stopped', ...(whileStopped?.script ?? [])),
    assignments({ stopped_failed: `failed while they were stopped: ${whileStopped?.summary ?? ''}` }),
    replaceMain,
  ];
  const undoing = [functionOf('undo_guard', undoGuard ?? ''), undoMain];
  const script = (title: string, ...parts: readonly string[]): Action => scriptOf(title, ...common, ...parts);
  const spoken = assignments({ engine_api: containers[0]?.spec.api ?? '' });
  const names = containers.map(({ spec }) => spec.name).join(', ');
  const questions = containers.map(({ spec, patch }) => asked(spec, patch));
  const flat = (of: 'from' | 'to'): JsonObject =>
    Object.fromEntries(
      containers.flatMap(({ spec }, index) =>
        (questions[index] ?? []).map((one) => [`${spec.name} ${one.what}`, one[of]]),
      ),
    );
  const own = replacementDowntime(containers);
  // What is done while they are stopped is told with the rest of it.
  const downtime = own === undefined ? undefined : (whileStopped?.downtime ?? own);
  const what = [...new Set(questions.flat().map(askedText))].join(', ');
  return {
    summary: `${names}: recreated${what === '' ? '' : `: ${what}`}${whileStopped === undefined ? '' : `; while stopped: ${whileStopped.summary}`}`,
    subject,
    before: {
      ...Object.fromEntries(containers.map(({ spec }) => [`${spec.name} id`, spec.id])),
      ...flat('from'),
      ...(underWay === undefined ? {} : { underWay }),
    },
    after: flat('to'),
    actions: [
      scriptOf(
        `Replaces ${names}; goes back to the old ones if anything fails.`,
        spoken,
        ...common,
        comparisonFunctions,
        ...main,
      ),
    ],
    undo: [script(`Brings the old ${names} back.`, comparisonFunctions, ...undoing)],
    finalize: [script(`Removes the old ${names}.`, finalizeMain), ...finalizeAfter],
    records: containers.map(recordOf),
    ...(downtime === undefined ? {} : { downtime }),
    atomic: true,
    bindings: Object.fromEntries(containers.map(({ spec }) => [`${spec.name}'s id`, spec.id])),
  };
}

/** What is kept of a version. */
export function recordOf({ spec, patch, imageId }: Replaced): RecordNote {
  return {
    kind: 'container',
    name: spec.name,
    replaces: spec.id,
    spec: versionSpec(spec, patch, imageId),
    before: { version: 0, spec: recordedOf(spec, {}, undefined) },
  };
}

function scriptOf(title: string, ...parts: readonly string[]): Action {
  return { kind: 'exec', argv: ['/bin/sh', '-s'], stdin: wholeScript(title, ...parts), timeoutMs: longestCopyMs };
}

/** What the functions of the script are told of one container. */
function containerFunctions({ spec, patch }: Replaced, number: number): readonly string[] {
  const made = composeCreation(spec, patch);
  const n = String(number);
  const values = {
    old: spec.id,
    name: spec.name,
    newname: newName(spec),
    oldname: oldName(spec),
    image: spec.image,
    restart: restartPolicyOf(spec).option,
    wanted: restartPolicyOf(spec, patch).option,
    patience: String(patienceOf(spec)),
    was: spec.state.running ? 'running' : 'stopped',
    query: made.platform === undefined ? '' : `&platform=${encodeURIComponent(made.platform)}`,
    refuse_writes: patch.discardLayer === true ? '' : '1',
  };
  const networks = Object.keys(spec.networks).join('\n');
  const only =
    hasOwnNetworks(spec.hostConfig['NetworkMode']) && !isOnItsOwnNetwork(spec)
      ? [commandLine(['only_connected_to', networks])]
      : [];
  return [
    functionOf(`container_${n}`, assignments(values)),
    functionOf(`body_${n}`, assignments({ template: made.template, fragments: made.fragments.join('\n') })),
    functionOf(`created_${n}`, assignments(expected(made, 'created', spec, patch))),
    functionOf(`replaced_${n}`, assignments(expected(made, 'replaced', spec, patch))),
    functionOf(`connect_${n}`, ...made.connects.map(connect), ...only),
  ];
}

function lines(all: readonly ComparedLine[]): { readonly names: string; readonly template: string } {
  return { names: all.map(({ name }) => name).join('\n'), template: all.map(({ template }) => template).join('\n') };
}

function expected(
  made: Creation,
  when: 'created' | 'replaced',
  spec: Replaced['spec'],
  patch: Replaced['patch'],
): Readonly<Record<string, string>> {
  const mounts = [...planMounts(spec, patch).expected].map(
    ([path, { type, source, readWrite }]) => `${goJson(path)} ${goJson(type)} ${goJson(source)} ${String(readWrite)}`,
  );
  const same = lines(made.same);
  const may = Object.keys(mayDiffer(spec, patch, when)).join('\n');
  return {
    may,
    same_names: same.names,
    same_template: same.template,
    same_is: made.same.map(({ is }) => is).join('\n'),
    ...lines(made.expected),
    texts: made.expected.map(({ text }) => text).join('\n'),
    mounts: mounts.join('\n'),
  };
}

function connect({ network, config }: Creation['connects'][number]): string {
  return commandLine(['connect_to', network, `/networks/${encodeURIComponent(network)}/connect`, goJson(config)]);
}

/** How long a health check may take to say healthy or unhealthy, in seconds, with room for a slow host. */
export function patienceOf({ healthCheck }: Replaced['spec']): number {
  if (healthCheck === null) return 0;
  const seconds = (value: number, standard: number): number => (value === 0 ? standard : value / 1e9);
  const round = seconds(healthCheck.Interval, 30) + seconds(healthCheck.Timeout, 30);
  return Math.ceil(
    seconds(healthCheck.StartPeriod, 0) + round * ((healthCheck.Retries === 0 ? 3 : healthCheck.Retries) + 1) + 60,
  );
}
