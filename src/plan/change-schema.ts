import * as z from 'zod';
import { plainText } from '../facts/crossing.ts';
import type { Action, Change, Check, RecordNote } from '../operations/engine/change.ts';
import { secretReference } from '../operations/engine/input.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { isObject } from '../values/json.ts';

/**
 * Every key of a type, each with the schema of its value: a key that is added to the type, or taken
 * from it, does not compile until its schema follows.
 */
export type Shape<Value> = { readonly [Key in keyof Value]-?: z.ZodType<Value[Key]> };

/** Deeper than any value of a playbook, a fact or a plan. Bounded, because whoever walks it calls himself. */
const deepest = 100;

function isJson(value: unknown, depth = 0): value is Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (depth === deepest) return false;
  if (Array.isArray(value)) return value.every((inner) => isJson(inner, depth + 1));
  return isObject(value) && Object.values(value).every((inner) => isJson(inner, depth + 1));
}

export const jsonSchema: z.ZodType<Json> = z.custom<Json>((value) => isJson(value), 'is not a JSON value');

export const jsonObjectSchema: z.ZodType<JsonObject> = z.custom<JsonObject>(
  (value) => isObject(value) && isJson(value),
  'is not a JSON object',
);

const text = z.string();
const argv = z.array(text).min(1);
const count = z.number().int().nonnegative();
const seconds = z.number().positive();
const path = text.startsWith('/');
const mode = text.regex(/^[0-7]{4}$/);
const sha256 = text.regex(/^[0-9a-f]{64}$/);

const program = { script: text.min(1), args: z.array(plainText) };
const check = { argv, equals: text } satisfies Shape<Check>;

/** A kind of action that is added to the type does not compile until it stands here. */
const kinds = {
  exec: z.strictObject({
    kind: z.literal('exec'),
    argv,
    stdin: z.exactOptional(text),
    secretStdin: z.exactOptional(secretReference),
    env: z.exactOptional(z.record(text.regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.union([text, secretReference]))),
    success: z.exactOptional(z.array(z.number().int().min(0).max(255)).min(1)),
    check: z.exactOptional(z.strictObject(check)),
    onFailure: z.exactOptional(z.array(argv)),
    atEnd: z.exactOptional(z.array(argv)),
    timeoutMs: z.exactOptional(z.number().positive()),
  } satisfies Shape<ActionOf<'exec'>>),
  check: z.strictObject({ kind: z.literal('check'), ...check, otherwise: text } satisfies Shape<ActionOf<'check'>>),
  'write-file': z.strictObject({
    kind: z.literal('write-file'),
    path,
    content: text,
    mode,
    expect: text.nullable(),
    backup: z.exactOptional(path),
    again: z.exactOptional(z.literal(true)),
  } satisfies Shape<ActionOf<'write-file'>>),
  upload: z.strictObject({
    kind: z.literal('upload'),
    from: text,
    host: z.exactOptional(text.min(1)),
    path,
    mode,
    owner: z.exactOptional(text),
    sha256,
    bytes: count,
    resumes: z.exactOptional(z.boolean()),
  } satisfies Shape<ActionOf<'upload'>>),
  fetch: z.strictObject({
    kind: z.literal('fetch'),
    path,
    to: text,
    host: z.exactOptional(text.min(1)),
    sha256: z.exactOptional(sha256),
    bytes: z.exactOptional(count),
    described: z.exactOptional(argv),
    atMostBytes: z.exactOptional(count),
    resumes: z.exactOptional(z.boolean()),
    supersedes: z.exactOptional(z.array(text)),
  } satisfies Shape<ActionOf<'fetch'>>),
  'wait-until': z.strictObject({
    kind: z.literal('wait-until'),
    argv,
    equals: z.exactOptional(text),
    everySeconds: seconds,
    forSeconds: seconds,
    what: text,
  } satisfies Shape<ActionOf<'wait-until'>>),
  pause: z.strictObject({ kind: z.literal('pause'), seconds } satisfies Shape<ActionOf<'pause'>>),
  relay: z.strictObject({
    kind: z.literal('relay'),
    host: text.min(1),
    what: text,
    ...program,
    input: z.exactOptional(path),
    ticket: z.exactOptional(z.strictObject(program)),
    atEnd: z.exactOptional(z.strictObject(program)),
    timeoutMs: z.exactOptional(z.number().positive()),
  } satisfies Shape<ActionOf<'relay'>>),
  seal: z.strictObject({
    kind: z.literal('seal'),
    name: text.min(1),
    manifest: path,
    to: text.min(1),
    laptop: z.exactOptional(z.literal(true)),
    host: z.exactOptional(text.min(1)),
  } satisfies Shape<ActionOf<'seal'>>),
} satisfies { readonly [Kind in Action['kind']]: z.ZodType<ActionOf<Kind>> };

type ActionOf<Kind extends Action['kind']> = Extract<Action, { readonly kind: Kind }>;

/** One action as it is saved and journalled. */
export const actionSchema: z.ZodType<Action> = z.discriminatedUnion('kind', [
  kinds.exec,
  kinds.check,
  kinds['write-file'],
  kinds.upload,
  kinds.fetch,
  kinds['wait-until'],
  kinds.pause,
  kinds.relay,
  kinds.seal,
]);

const actions = z.array(actionSchema);

const recordNote = z.strictObject({
  kind: z.enum(['volume', 'container', 'scaled']),
  name: text.min(1),
  version: z.exactOptional(count),
  scale: z.exactOptional(count),
  removes: z.exactOptional(z.literal(true)),
  replaces: z.exactOptional(text),
  spec: jsonObjectSchema,
  before: z.exactOptional(z.strictObject({ version: count, spec: jsonObjectSchema })),
} satisfies Shape<RecordNote>);

/** One change as it is saved and journalled, its keys in the order in which a reviewer reads them. */
export const changeSchema: z.ZodType<Change> = z.strictObject({
  summary: text,
  subject: z.exactOptional(text),
  before: jsonObjectSchema,
  after: jsonObjectSchema,
  actions,
  undo: z.union([z.literal('irreversible'), actions]),
  undoneTo: z.exactOptional(jsonObjectSchema),
  finalize: z.exactOptional(actions),
  records: z.exactOptional(z.array(recordNote)),
  lapse: z.exactOptional(z.enum(['may', 'has'])),
  downtime: z.exactOptional(text),
  atomic: z.boolean(),
  bindings: z.custom<Readonly<Record<string, string>>>(
    (value) => isObject(value) && Object.values(value).every((inner) => typeof inner === 'string'),
    'is not a mapping of texts',
  ),
} satisfies Shape<Change>);
