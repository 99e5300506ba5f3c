import type * as z from 'zod';
import type { ConfigIssue } from '../../errors.ts';
import { presentNames, type Keyed } from '../../operations/engine/by-key.ts';
import type { Operation } from '../../operations/engine/operation.ts';
import type { MaxUnavailable } from '../../operations/engine/max-unavailable.ts';
import { isObject, type Json } from '../../values/json.ts';
import { asJson } from '../yaml/as-json.ts';
import { ofOperation, ofOperationKey, ofStep } from '../from-ansible/answers.ts';
import { didYouMean } from '../model/closest.ts';
import { allOf } from '../expressions/condition.ts';
import type { Compiled } from '../expressions/expression.ts';
import { itemsOf } from './loop.ts';
import type { StepOutline } from './outline.ts';
import { blockParts, controlNames, controlsSchema, type Controls } from './playbook-schema.ts';
import type { Registers } from './registers.ts';
import { compileParts, isList, isLooped, namesBraces, rootsAt, type Parts } from './step-expressions.ts';
import { ResolveError } from '../expressions/resolve-error.ts';
import { mistakesIn, withText, type Mistake } from '../yaml/schema-issues.ts';
import { compileTemplate, type CompiledTemplate } from '../expressions/template.ts';
import type { Place, Resolved, Retry, Scope, Step } from '../model/types.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';

export type Registry = ReadonlyMap<string, Operation>;

/** A step with what its checks need. */
export interface CompiledStep extends Step {
  /** Everything that is evaluated before the operation, the conditions of its blocks first, and its input. */
  readonly parts: {
    readonly conditions: readonly Compiled[];
    readonly loop?: CompiledTemplate;
    readonly input: CompiledTemplate;
  };
}

/** What a step takes over from its play and from the blocks around it. */
export interface Inherited {
  readonly conditions: readonly Compiled[];
  readonly tags: readonly string[];
  readonly become?: boolean;
  readonly rescues?: string;
}

/** What a step can see of its play. */
export interface StepContext {
  /** The operations, by every key that a step may name them by. */
  readonly keys: ReadonlyMap<string, Keyed>;
  readonly yaml: YamlFile;
  readonly registers: Registers;
  readonly inherited: Inherited;
}

/** `read_only: true` beside a command in its short form belongs into its long form. */
const longForm: Readonly<Record<string, string>> = { command: 'argv', script: 'text' };

export function compileStep(
  outline: StepOutline,
  context: StepContext,
): { readonly step?: CompiledStep; readonly issues: readonly ConfigIssue[] } {
  const { raw, path, number } = outline;
  const { yaml, keys } = context;
  if (!isObject(raw)) return { issues: [yaml.issue(path, 'a step is a mapping: one operation, and what controls it')] };
  const issues: ConfigIssue[] = [];
  const written = Object.keys(raw);
  const named = written.filter((key) => keys.has(key));
  const strange = written.filter((key) => !keys.has(key) && !controlNames.includes(key));
  const known = rootsAt(number, context, { looped: isLooped(raw) }).names;
  for (const key of strange) issues.push(yaml.issue([...path, key], strangeKey(key, raw, keys, known), 'key'));
  issues.push(...namesBraces(raw, path, yaml));
  const [name, second] = named;
  if (second !== undefined)
    issues.push(
      yaml.issue(
        [...path, second],
        `a step has one operation, this one has ${named.join(' and ')}: make it ${String(named.length)} steps`,
        'key',
      ),
    );
  if (name === undefined && strange.length === 0)
    issues.push(yaml.issue(path, `this step has no operation (known: ${presentNames(keys).join(', ')})`));
  const given = Object.fromEntries(
    Object.entries(raw).filter(([key, value]) => controlNames.includes(key) && !isList(key, value)),
  );
  const controls = controlsSchema.safeParse(given);
  issues.push(
    ...mistakesIn(controlsSchema, given).map(({ path: inner, at, message }) =>
      yaml.issue([...path, ...inner], message, at),
    ),
  );
  const keyed = name === undefined ? undefined : keys.get(name);
  if (raw['delay'] !== undefined && raw['retries'] === undefined && raw['until'] === undefined)
    issues.push(
      yaml.issue([...path, 'delay'], 'delay is between tries: say how many with retries, or until when', 'key'),
    );
  // Expressions are looked at even when a control is wrong: everything in one report.
  const compiled = compileParts(raw, outline, context, issues);
  if (name === undefined || keyed === undefined) return { issues };
  const input = inputOf(raw, name, keyed, outline, context, issues);
  if (!controls.success || issues.length > 0) return { issues };
  return {
    step: assemble({ number, path, key: name, keyed, controls: controls.data, compiled, input, context }),
    issues,
  };
}

function strangeKey(
  key: string,
  raw: Readonly<Record<string, unknown>>,
  keys: StepContext['keys'],
  known: ReadonlySet<string>,
): string {
  const beside = asJson(Object.fromEntries(Object.entries(raw).filter(([other]) => other !== key)));
  const ansibles = ofStep(key, { value: asJson(raw[key]), beside: isObject(beside) ? beside : {}, known });
  if (ansibles !== undefined) return ansibles;
  return `there is no operation and no control "${key}"${didYouMean(key, [...keys.keys(), ...controlNames, ...blockParts])}`;
}

interface Input {
  readonly written: Json;
  readonly template: CompiledTemplate;
  /** Where an issue of the resolved value stands in the file. */
  readonly pathOf: (inner: Path) => Path;
}

function inputOf(
  raw: Readonly<Record<string, unknown>>,
  name: string,
  { operation, schema }: Keyed,
  { number, path }: StepOutline,
  context: StepContext,
  issues: ConfigIssue[],
): Input {
  const { yaml } = context;
  const written = asJson(raw[name]);
  const readOnly = raw['read_only'];
  const long = longForm[name];
  const wrapped = typeof readOnly === 'boolean' && long !== undefined && !isObject(written);
  if (readOnly !== undefined && long === undefined)
    issues.push(
      yaml.issue(
        [...path, 'read_only'],
        `read_only is for command and script; ${name} knows by itself what it changes`,
        'key',
      ),
    );
  const value: Json =
    typeof readOnly !== 'boolean' || long === undefined
      ? written
      : isObject(written)
        ? asJson({ ...written, read_only: readOnly })
        : { [long]: written, read_only: readOnly };
  const pathOf = (inner: Path): Path => {
    if (inner[0] === 'read_only' && typeof readOnly === 'boolean') return [...path, 'read_only'];
    return [...path, name, ...(wrapped && inner[0] === long ? inner.slice(1) : inner)];
  };
  const locating: YamlFile = {
    source: yaml.source,
    value,
    placeOf: (inner) => yaml.placeOf(pathOf(inner)),
    keySpan: (inner) => yaml.keySpan(pathOf(inner)),
    issue: (inner, message, at) => yaml.issue(pathOf(inner), message, at),
    issueIn: (inner, span, message) => yaml.issueIn(pathOf(inner), span, message),
    placeIn: (inner, offset) => yaml.placeIn(pathOf(inner), offset),
  };
  const roots = rootsAt(number, context, { looped: isLooped(raw) });
  const { template, issues: found } = compileTemplate(value, roots, locating, [], {
    laptopPaths: operation.laptopPaths,
    mayHoldSecret: (at) => operation.mayHoldSecret?.(at) ?? false,
  });
  issues.push(...found);
  const mistakes = mistakesIn(schema, value, template.unsettled);
  const [first] = mistakes;
  const ansibles =
    first === undefined ? undefined : ofOperation(operation.name, { value: written, beside: {}, known: roots.names });
  if (ansibles !== undefined) issues.push(yaml.issue([...path, name], ansibles));
  else
    issues.push(
      ...withRenamed(mistakes, operation.name).map(({ path: inner, at, message }) =>
        locating.issue(inner, message, at),
      ),
    );
  return { written: value, template, pathOf };
}

/** Keys that are Ansible's for others are told so, and those others are not missing as well. */
function withRenamed(mistakes: readonly Mistake[], operation: string): readonly Mistake[] {
  const renamed = mistakes.map(({ unknown }) =>
    unknown === undefined ? undefined : ofOperationKey(operation, unknown),
  );
  const here = new Set(renamed.flatMap((one) => one?.here ?? []));
  return mistakes.flatMap((mistake, index) => {
    if (mistake.missing !== undefined && here.has(mistake.missing)) return [];
    return [{ ...mistake, message: renamed[index]?.message ?? mistake.message }];
  });
}

interface Pieces {
  readonly number: number;
  readonly path: Path;
  /** As the playbook has it: what messages call a step that has no name. */
  readonly key: string;
  readonly keyed: Keyed;
  readonly controls: Controls;
  readonly compiled: Parts;
  readonly input: Input;
  readonly context: StepContext;
}

function assemble({
  number,
  path,
  key,
  keyed: { operation, schema },
  controls,
  compiled,
  input,
  context: { yaml, inherited },
}: Pieces): CompiledStep {
  const { until, loop } = compiled;
  const conditions = [...inherited.conditions, ...(compiled.when === undefined ? [] : [compiled.when])];
  const when = allOf(conditions);
  const become = controls.become ?? inherited.become;
  const retry: Retry | undefined =
    controls.retries === undefined && until === undefined
      ? undefined
      : {
          retries: controls.retries ?? 3,
          delaySeconds: controls.delay ?? 5,
          ...(until === undefined ? {} : { until }),
        };
  const resolve = (scope: Scope): Resolved<unknown> => {
    const resolved = input.template.resolve(scope);
    if ('unknown' in resolved) return resolved;
    const value = settled(schema, resolved.value, input.template.unsettled);
    const [mistake] = mistakesIn(schema, value);
    if (mistake !== undefined)
      throw new ResolveError(yaml.issue(input.pathOf(mistake.path), mistake.message, mistake.at));
    return { value: schema.parse(value) };
  };
  const expressions = [
    ...conditions,
    ...(until === undefined ? [] : [until]),
    ...(loop?.expressions ?? []),
    ...input.template.expressions,
  ];
  return {
    number,
    name: controls.name ?? key,
    operation: operation.name,
    place: yaml.placeOf(path),
    tags: [...new Set([...inherited.tags, ...[controls.tags ?? []].flat()])],
    onError: controls.on_error ?? 'fail',
    roots: new Set(expressions.flatMap(({ roots }) => [...roots])),
    written: input.written,
    resolve,
    secretsOf: (scope) => input.template.secretsOf(scope),
    parts: { conditions, input: input.template, ...(loop === undefined ? {} : { loop }) },
    ...(when === undefined ? {} : { when }),
    ...(controls.register === undefined ? {} : { register: controls.register }),
    ...(loop === undefined
      ? {}
      : {
          loop: {
            resolve: (scope: Scope) =>
              itemsOf(loop, conditions, scope, (message) => yaml.issue([...path, 'loop'], message)),
          },
        }),
    ...(retry === undefined ? {} : { retry }),
    ...(controls.timeout === undefined ? {} : { timeoutSeconds: controls.timeout }),
    ...(become === undefined ? {} : { become }),
    ...(controls.max_unavailable === undefined
      ? {}
      : {
          maxUnavailable: maxUnavailable(controls.max_unavailable, yaml.placeOf(path), controls.name ?? key),
        }),
    ...(inherited.rescues === undefined ? {} : { rescues: inherited.rescues }),
  };
}

/** A step without a service is one of its own. */
function maxUnavailable(
  written: NonNullable<Controls['max_unavailable']>,
  { line }: Place,
  name: string,
): MaxUnavailable {
  return typeof written === 'number' ? { members: written, service: `"${name}" (line ${String(line)})` } : written;
}

/** Where an expression gave a number and the operation takes text (an argument, say), the text is meant. */
function settled(schema: z.ZodType, value: Json, unsettled: readonly Path[]): unknown {
  const texts = mistakesIn(schema, value).filter(
    ({ wantsText, path }) =>
      wantsText === true &&
      unsettled.some((open) => open.length === path.length && open.every((step, index) => step === path[index])),
  );
  return texts.reduce<unknown>((changed, { path }) => withText(changed, path), value);
}
