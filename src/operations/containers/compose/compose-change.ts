import type { ComposeLabels } from '../../../facts/containers/compose-project.ts';
import { composeOptions, overrideMarker } from '../../../facts/containers/compose-project.ts';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { JsonObject } from '../../../values/json.ts';
import { assignments, functionThatAdds, wholeScript } from '../../../shell/render.ts';
import { commandLine } from '../../../values/shell.ts';
import type { Action, Change } from '../../engine/change.ts';
import { asked, askedText } from '../body/asked.ts';
import { composedDifferences, descriptionTemplate } from './compose-comparison.ts';
import { overrideText } from '../body/compose-file.ts';
import { composeCommon, composeFinalizeMain, composeMain, composeUndoMain } from './compose-script.ts';
import { planMounts } from '../body/mounts.ts';
import type { Gate, Patch } from '../body/patch.ts';
import { patienceOf, recordOf } from '../replace/replace.ts';

export interface ComposeOptions {
  readonly subject: string;
  readonly spec: ContainerSpec;
  readonly patch: Patch;
  readonly labels: ComposeLabels;
  /** The path of the file that is to say what is asked. */
  readonly override: string;
  readonly gate: Gate;
  /** How far an earlier attempt has come, so that a plan of it is another one than of the first. */
  readonly underWay?: string;
}

/** Compose's own patience, and the copying of images' content to volumes, take as long as they take. */
const longest = 24 * 3_600_000;

/**
 * Compose makes a container anew, from the files of its project and one more that says what is asked. It removes the
 * old one itself; so what is kept for going back is only how it was, and Compose makes it so again.
 */
export function composeContainer(options: ComposeOptions): Change {
  const { subject, spec, patch, labels, override, underWay } = options;
  const { name } = spec;
  const questions = asked(spec, patch);
  const flat = (of: 'from' | 'to'): JsonObject =>
    Object.fromEntries(questions.map((one) => [`${name} ${one.what}`, one[of]]));
  const files = labels.files.join(', ');
  const common = [...headOf(options), ...composeCommon];
  return {
    summary: `${name}: made anew by Compose, with ${override}${questions.length === 0 ? '' : `: ${questions.map(askedText).join(', ')}`}`,
    subject,
    before: { [`${name} files`]: files, ...flat('from'), ...(underWay === undefined ? {} : { underWay }) },
    after: { [`${name} files`]: `${files}, ${override}`, ...flat('to') },
    actions: [script(`Compose makes ${name} anew; and as it was, if anything fails.`, ...common, composeMain)],
    undo: [script(`Compose makes ${name} as it was.`, ...common, composeUndoMain)],
    finalize: [script(`What is kept of the old ${name} is removed.`, ...common, composeFinalizeMain)],
    records: [recordOf({ spec, patch })],
    atomic: true,
    bindings: { [`${name}'s id`]: spec.id },
  };
}

function script(title: string, ...parts: readonly string[]): Action {
  return { kind: 'exec', argv: ['/bin/sh', '-s'], stdin: wholeScript(title, ...parts), timeoutMs: longest };
}

/** What the scripts are told (compose-common.sh). */
function headOf({ spec, patch, labels, override, gate }: ComposeOptions): readonly string[] {
  const marker = overrideMarker(labels.service);
  const { always, asked: free, wanted, unwanted, more } = composedDifferences(spec, patch);
  const now = new Set([...planMounts(spec, {}).expected.values()].map(({ source }) => source));
  const volumes = [...planMounts(spec, patch).expected.values()]
    .filter(({ type, source }) => type === 'volume' && !now.has(source))
    .map(({ source }) => source);
  const values: Readonly<Record<string, string>> = {
    old: spec.id,
    name: spec.name,
    project: labels.project,
    service: labels.service,
    directory: labels.directory,
    made: labels.hash,
    version: labels.version,
    override,
    override_content: `${marker}\n${overrideText(labels.service, spec, patch)}`,
    marker,
    image: patch.image ?? '',
    volumes: volumes.join(' '),
    // What is asked of the environment may be a secret.
    readable: patch.env === undefined ? '777' : '640',
    refuse_writes: patch.discardLayer === true ? '' : '1',
    gate_seconds: String(Math.ceil(gate.seconds)),
    gate_healthy: gate.healthy ? '1' : '',
    patience: String(patienceOf(spec)),
    description_template: descriptionTemplate,
    always: always.join('\n'),
    unasked_of: [...always, ...free].join('\n'),
    wanted: wanted.join('\n'),
    unwanted: unwanted.join('\n'),
    more: more ? '1' : '',
  };
  // A variable that is not to be set would be taken from where the script runs.
  const unset = Object.entries(patch.env ?? {}).flatMap(([name, value]) =>
    value === null && /^[A-Za-z_]\w*$/.test(name) ? [name] : [],
  );
  const before = composeOptions(labels);
  return [
    ...(unset.length === 0 ? [] : [commandLine(['unset', ...unset])]),
    ...Object.entries(values).map(([key, value]) => assignments({ [key]: value })),
    functionThatAdds('before', before),
    functionThatAdds('after', [...before, '-f', override]),
  ];
}
