import fc from 'fast-check';
import type { ErrorCode } from '../../src/errors.ts';
import { AppError } from '../../src/errors.ts';
import type { Action, Change, RecordNote } from '../../src/operations/engine/change.ts';
import type { Planned } from '../../src/operations/engine/operation.ts';
import type { PlanFile } from '../../src/plan/plan-file.ts';
import type { HostPlan, StepPlan } from '../../src/plan/plan.ts';
import type { Json, JsonObject } from '../../src/values/json.ts';
import type { SecretReference } from '../../src/values/secret-reference.ts';
import { sha256 } from './sha256.ts';
import { crossed } from '../support/crossed.ts';

// Host output may be anything: every UTF-16 code unit, lone halves of pairs among them.
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '\u202e\u200b', '\ud800', '"\\', '__proto__', '\r\n\u2028', 'x'.repeat(200)),
);
const argv = fc.array(text, { minLength: 1, maxLength: 4 });
const path = text.map((rest) => `/${rest}`);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const mode = fc.stringMatching(/^[0-7]{4}$/);
const seconds = fc.integer({ min: 1, max: 9999 });

/** JSON knows no negative zero. */
const json: fc.Arbitrary<Json> = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);
const object: fc.Arbitrary<JsonObject> = fc.dictionary(text, json, { maxKeys: 4, noNullPrototype: true });

/** A record whose optional keys are sometimes there. */
function record<Value extends object>(
  model: { readonly [Key in keyof Value]-?: fc.Arbitrary<Value[Key]> },
  ...required: readonly (keyof Value & string)[]
): fc.Arbitrary<Value> {
  return fc.record(model, { requiredKeys: [...required], noNullPrototype: true }) as fc.Arbitrary<Value>;
}

type ActionOf<Kind extends Action['kind']> = Extract<Action, { readonly kind: Kind }>;
const program = {
  script: path,
  args: fc.array(
    fc.stringMatching(/^[ -~\u00c0-\u00ff]{0,12}$/).map((word) => crossed(word)),
    { maxLength: 3 },
  ),
};
const check = record<{ argv: string[]; equals: string }>({ argv, equals: text }, 'argv', 'equals');
const origin = text.map((words) => `x${words}`);
const secret: fc.Arbitrary<SecretReference> = fc.oneof(
  origin.map((env) => ({ secret: { env } })),
  origin.map((file) => ({ secret: { file } })),
  argv.map((command) => ({ secret: { command } })),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  record<ActionOf<'exec'>>(
    {
      kind: fc.constant('exec'),
      argv,
      stdin: text,
      secretStdin: secret,
      env: fc.dictionary(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,6}$/), fc.oneof(text, secret), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
      success: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 3 }),
      check,
      onFailure: fc.array(argv, { maxLength: 2 }),
      atEnd: fc.array(argv, { maxLength: 2 }),
      timeoutMs: seconds,
    },
    'kind',
    'argv',
  ),
  record<ActionOf<'check'>>(
    { kind: fc.constant('check'), argv, equals: text, otherwise: text },
    'kind',
    'argv',
    'equals',
    'otherwise',
  ),
  record<ActionOf<'write-file'>>(
    {
      kind: fc.constant('write-file'),
      path,
      content: text,
      mode,
      expect: fc.option(text),
      backup: path,
      again: fc.constant(true as const),
    },
    'kind',
    'path',
    'content',
    'mode',
    'expect',
  ),
  record<ActionOf<'upload'>>(
    {
      kind: fc.constant('upload'),
      from: text,
      host: path,
      path,
      mode,
      owner: text,
      sha256: digest,
      bytes: fc.nat(),
      resumes: fc.boolean(),
    },
    'kind',
    'from',
    'path',
    'mode',
    'sha256',
    'bytes',
  ),
  record<ActionOf<'fetch'>>(
    {
      kind: fc.constant('fetch'),
      path,
      to: text,
      host: path,
      sha256: digest,
      bytes: fc.nat(),
      described: argv,
      atMostBytes: fc.nat(),
      resumes: fc.boolean(),
      supersedes: fc.array(text, { maxLength: 2 }),
    },
    'kind',
    'path',
    'to',
  ),
  record<ActionOf<'wait-until'>>(
    { kind: fc.constant('wait-until'), argv, equals: text, everySeconds: seconds, forSeconds: seconds, what: text },
    'kind',
    'argv',
    'everySeconds',
    'forSeconds',
    'what',
  ),
  record<ActionOf<'pause'>>({ kind: fc.constant('pause'), seconds }, 'kind', 'seconds'),
  record<ActionOf<'relay'>>(
    {
      kind: fc.constant('relay'),
      host: path,
      what: text,
      ...program,
      input: path,
      ticket: fc.record(program, { noNullPrototype: true }),
      atEnd: fc.record(program, { noNullPrototype: true }),
      timeoutMs: seconds,
    },
    'kind',
    'host',
    'what',
    'script',
    'args',
  ),
);

const actions = fc.array(action, { maxLength: 3 });
const note = record<RecordNote>(
  {
    kind: fc.constantFrom('volume' as const, 'container' as const, 'scaled' as const),
    name: text.map((name) => `n${name}`),
    version: fc.nat(),
    scale: fc.nat(),
    removes: fc.constant(true as const),
    replaces: text,
    spec: object,
    before: fc.record({ version: fc.nat(), spec: object }, { noNullPrototype: true }),
  },
  'kind',
  'name',
  'spec',
);
export const changes: fc.Arbitrary<Change> = record<Change>(
  {
    summary: text,
    subject: text,
    before: object,
    after: object,
    actions,
    undo: fc.oneof(fc.constant('irreversible' as const), actions),
    undoneTo: object,
    finalize: actions,
    records: fc.array(note, { maxLength: 2 }),
    lapse: fc.constantFrom('may' as const, 'has' as const),
    downtime: text,
    atomic: fc.boolean(),
    bindings: fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }),
  },
  'summary',
  'before',
  'after',
  'actions',
  'undo',
  'atomic',
  'bindings',
);

type PlannedAs<Outcome extends Planned['outcome']> = Extract<Planned, { readonly outcome: Outcome }>;
const texts = fc.array(text, { maxLength: 2 });
const several = fc.array(changes, { maxLength: 2 });
export const planneds: fc.Arbitrary<Planned> = fc.oneof(
  record<PlannedAs<'noop'>>(
    { outcome: fc.constant('noop'), reason: text, warnings: texts, owed: texts },
    'outcome',
    'reason',
  ),
  record<PlannedAs<'change'>>(
    { outcome: fc.constant('change'), changes: several, warnings: texts, owed: texts },
    'outcome',
    'changes',
  ),
  record<PlannedAs<'maybe'>>(
    {
      outcome: fc.constant('maybe'),
      dependsOn: texts,
      reason: text,
      provisional: several,
      warnings: texts,
      owed: texts,
    },
    'outcome',
    'dependsOn',
    'reason',
    'provisional',
  ),
  record<PlannedAs<'refused'>>(
    { outcome: fc.constant('refused'), reason: text, remedy: text, provisional: several, warnings: texts, owed: texts },
    'outcome',
    'reason',
    'remedy',
  ),
);

const id = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 99 }), fc.constantFrom('', '[1]', '[2]'))
  .map(([play, step, item]) => `${String(play)}.${String(step)}${item}`);
export const steps: fc.Arbitrary<readonly StepPlan[]> = fc.uniqueArray(
  record<StepPlan>(
    {
      id,
      step: text,
      operation: fc.constantFrom('command', 'grow_rootfs'),
      where: text,
      want: json,
      planned: planneds,
      maxUnavailable: fc.record({ members: fc.integer({ min: 1, max: 9 }), service: text }, { noNullPrototype: true }),
    },
    'id',
    'step',
    'operation',
    'where',
    'want',
    'planned',
  ),
  { selector: (step) => step.id, maxLength: 3 },
);

const code = fc.constantFrom<ErrorCode>('usage', 'unreachable', 'refused', 'host-key-changed', 'internal');
const error = fc
  .tuple(code, text, fc.record({ hint: text, where: text }, { requiredKeys: [], noNullPrototype: true }))
  .map(([of, message, details]) => new AppError(of, message, details));
const host: fc.Arbitrary<HostPlan> = record<HostPlan>(
  { host: text.map((name) => `h${name}`), steps, error },
  'host',
  'steps',
);

export const planFiles: fc.Arbitrary<PlanFile> = fc.record(
  {
    playbook: fc
      .tuple(
        text,
        fc.array(text, { maxLength: 3 }).map((lines) => lines.join('\n')),
      )
      .map(([file, content]) => ({ file, sha256: sha256(content), text: content })),
    inputs: fc.record({ inventory: texts, tags: texts, skipTags: texts, vars: object }, { noNullPrototype: true }),
    hosts: fc.uniqueArray(host, { selector: (plan) => plan.host, maxLength: 3 }),
  },
  { noNullPrototype: true },
);
