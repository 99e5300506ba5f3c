import * as z from 'zod';
import { AppError } from '../errors.ts';
import type { JsonObject } from '../values/json.ts';
import { canonicalJson, isObject } from '../values/json.ts';
import { oneLine } from '../values/terminal.ts';
import type { Shape } from './change-schema.ts';
import { jsonObjectSchema } from './change-schema.ts';
import { countKeys, measureJson, prettyJson } from './json-text.ts';
import { hostPlanSchema } from './plan-schema.ts';
import type { HostPlan } from './plan.ts';

/** The version of the file that `plan -o` writes. A reader refuses what is newer. */
export const planFileVersion = 1;

/** A saved plan: everything that `apply FILE` needs beside the inventory, and no secret. */
export interface PlanFile {
  readonly playbook: { readonly file: string; readonly sha256: string; readonly text: string };
  /** How the plan was asked for. Inventory files as given on the command line. */
  readonly inputs: {
    readonly inventory: readonly string[];
    readonly tags: readonly string[];
    readonly skipTags: readonly string[];
    readonly vars: JsonObject;
  };
  /** In the order of the inventory. A host without a (complete) plan carries its error. */
  readonly hosts: readonly HostPlan[];
}

/** SHA-256 of a text's UTF-8, in 64 hexadecimal digits. */
export type Digest = (text: string) => string;

const again = 'make it again: plimsoll plan PLAYBOOK -o FILE';
const mostCharacters = 256 * 1024 ** 2;
const deepest = 100;

/** A text as its lines, so that a change of one line is one line in the file's history. */
const lines = z.codec(z.array(z.string()), z.string(), {
  decode: (parts) => parts.join('\n'),
  encode: (text) => text.split('\n'),
});

const body: z.ZodType<PlanFile, object> = z.strictObject({
  playbook: z.strictObject({ file: z.string(), sha256: z.string(), text: lines } satisfies Shape<PlanFile['playbook']>),
  inputs: z.strictObject({
    inventory: z.array(z.string()),
    tags: z.array(z.string()),
    skipTags: z.array(z.string()),
    vars: jsonObjectSchema,
  } satisfies Shape<PlanFile['inputs']>),
  hosts: z.array(hostPlanSchema),
} satisfies Shape<PlanFile>);

/**
 * The text of a saved plan: for `apply`, and for people who review it in git. Nothing in it is of the
 * moment, so the same plan is the same text. What is written is checked as it is when it is read.
 */
export function planFileText(file: PlanFile, digest: Digest): string {
  const content = z.encode(body, file);
  return `${prettyJson({ plimsoll: 'plan', version: planFileVersion, digest: digest(canonicalJson(content)), ...content })}\n`;
}

/** Whether a file is a saved plan, whole or not, and not a playbook (which may be written as JSON too). */
export function isPlanFile(text: string): boolean {
  return /^\s*\{/.test(text) && /"plimsoll"\s*:\s*"plan"/.test(text);
}

/**
 * Reads a saved plan. `name` is what messages call the file.
 * Errors: `config`, with what is wrong with the file and the remedy.
 */
export function parsePlanFile(text: string, name: string, digest: Digest): PlanFile {
  const refuse = (why: string, hint = again): AppError => new AppError('config', `${name} ${why}`, { hint });
  const { plimsoll: _marker, version, digest: stated, ...content } = parseHeaded(text, refuse);
  if (typeof version === 'number' && version > planFileVersion) {
    throw refuse(
      `was made by a newer plimsoll: it is a plan of version ${String(version)}, and this plimsoll knows up to ${String(planFileVersion)}`,
      'apply it with the plimsoll that made it, or plan again with this one',
    );
  }
  if (version !== planFileVersion) throw refuse('is a damaged plan: its version is missing or is none');
  if (stated !== digest(canonicalJson(content)))
    throw refuse(
      'was edited after it was made: its digest does not fit',
      'a plan is applied only as it was made; change the playbook instead, and plan again',
    );
  const parsed = body.safeParse(content);
  if (!parsed.success)
    throw refuse(`is not a plan that can be applied: ${oneLine(z.prettifyError(parsed.error), 300)}`);
  const { playbook, hosts } = parsed.data;
  if (digest(playbook.text) !== playbook.sha256)
    throw refuse('holds another playbook than it was made from: its text does not fit its sha256');
  const twice = repeated(hosts.map(({ host }) => host));
  if (twice !== undefined) throw refuse(`holds the host ${oneLine(twice)} twice`);
  for (const { host, steps } of hosts) {
    const id = repeated(steps.map((step) => step.id));
    if (id !== undefined) throw refuse(`holds the step ${oneLine(id)} of ${oneLine(host)} twice`);
  }
  return parsed.data;
}

/** The JSON object that a plan file is, once it is certain that everything in it can be seen by whoever looks at it. */
function parseHeaded(text: string, refuse: (why: string, hint?: string) => AppError): Record<string, unknown> {
  if (text.trim() === '') throw refuse('is empty');
  if (text.length > mostCharacters)
    throw refuse('is larger than 256 MiB: that is no plan', 'plan for fewer hosts at a time, with --limit');
  if (!isPlanFile(text)) throw refuse('is not a saved plan', 'a plan is saved by: plimsoll plan PLAYBOOK -o FILE');
  const { depth, keys } = measureJson(text);
  if (depth > deepest) throw refuse(`is not a plan: it is nested ${String(depth)} levels deep`);
  const value = parseJson(text.replace(/^\uFEFF/, ''), refuse);
  if (!isObject(value) || value['plimsoll'] !== 'plan') throw refuse('is not a saved plan');
  if (countKeys(value) !== keys) throw refuse('was edited after it was made: a key stands in it twice');
  return value;
}

function parseJson(text: string, refuse: (why: string) => AppError): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw refuse(`is cut off or damaged: ${thrown instanceof Error ? oneLine(thrown.message, 120) : 'it is not JSON'}`);
  }
}

function repeated(values: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return values.find((value) => seen.size === seen.add(value).size);
}
