import type { ConfigIssue } from '../../errors.ts';
import { byKey } from '../../operations/engine/by-key.ts';
import { asJson } from '../yaml/as-json.ts';
import { ofBlock } from '../from-ansible/answers.ts';
import { closest } from '../model/closest.ts';
import { compileCondition } from '../expressions/condition.ts';
import { outlineOf, stepsOf, type BlockOutline, type Outline, type WrittenSteps } from './outline.ts';
import { blockKeys, blockParts, blockSchema, controlNames } from './playbook-schema.ts';
import { registersOf } from './registers.ts';
import { mistakesIn } from '../yaml/schema-issues.ts';
import { compileStep, type CompiledStep, type Inherited, type Registry, type StepContext } from './step.ts';
import { isList, namesBraces, rootsAt } from './step-expressions.ts';
import type { Block, Node } from '../model/types.ts';
import type { YamlFile } from '../yaml/yaml.ts';

interface PlaySteps {
  readonly steps: readonly CompiledStep[];
  readonly nodes: readonly Node[];
  readonly issues: readonly ConfigIssue[];
}

/** A play's steps, flat and as a tree of the same steps. Both are usable when there are no issues. */
export function compileSteps(
  written: readonly WrittenSteps[],
  { yaml, registry, tags }: { readonly yaml: YamlFile; readonly registry: Registry; readonly tags: readonly string[] },
): PlaySteps {
  const { outline, issues: inOutline } = outlineOf(written, yaml);
  const registers = registersOf(stepsOf(outline), yaml);
  const issues = [...inOutline, ...registers.issues];
  const steps: CompiledStep[] = [];
  const keys = byKey(registry);
  const compile = (items: readonly Outline[], inherited: Inherited): readonly Node[] =>
    items.flatMap((item): readonly Node[] => {
      const context: StepContext = { keys, yaml, registers, inherited };
      if (item.kind === 'block') return [{ kind: 'block', block: compileBlock(item, context, compile, issues) }];
      const { step, issues: found } = compileStep(item, context);
      issues.push(...found);
      if (step === undefined) return [];
      steps.push(step);
      return [{ kind: 'step', step }];
    });
  const nodes = compile(outline, { conditions: [], tags });
  return { steps, nodes, issues };
}

function compileBlock(
  outline: BlockOutline,
  context: StepContext,
  compile: (items: readonly Outline[], inherited: Inherited) => readonly Node[],
  issues: ConfigIssue[],
): Block {
  const { raw, path, number } = outline;
  const { yaml, keys, inherited } = context;
  const roots = rootsAt(number, context, {});
  issues.push(...keyIssues(outline, yaml, keys, roots.names), ...namesBraces(raw, path, yaml));
  const given = Object.fromEntries(
    Object.entries(raw).filter(([key, value]) => blockKeys.includes(key) && !isList(key, value)),
  );
  const wrong = mistakesIn(blockSchema, given).filter(({ path: [key] }) => key !== undefined);
  issues.push(...wrong.map(({ path: inner, at, message }) => yaml.issue([...path, ...inner], message, at)));
  const { condition, issues: inWhen } = compileCondition(raw['when'], roots, yaml, [...path, 'when']);
  issues.push(...inWhen);
  const parsed = blockSchema.safeParse(given);
  const { name, tags = [], become = inherited.become } = parsed.success ? parsed.data : {};
  const place = yaml.placeOf(path);
  const block = name ?? `block at line ${String(place.line)}`;
  const inside: Inherited = {
    conditions: [...inherited.conditions, ...(condition === undefined ? [] : [condition])],
    tags: [...inherited.tags, ...[tags].flat()],
    ...(become === undefined ? {} : { become }),
    ...(inherited.rescues === undefined ? {} : { rescues: inherited.rescues }),
  };
  return {
    name: block,
    place,
    steps: compile(outline.block, inside),
    rescue: compile(outline.rescue, { ...inside, rescues: block }),
    always: compile(outline.always, inside),
  };
}

/** What is wrong with a block's keys as such; what is wrong with their values, its schema says. */
function keyIssues(
  { raw, path }: BlockOutline,
  yaml: YamlFile,
  keys: StepContext['keys'],
  known: ReadonlySet<string>,
): readonly ConfigIssue[] {
  const strange = Object.keys(raw).filter((key) => !blockKeys.includes(key));
  const issues = strange.map((key) => yaml.issue([...path, key], strangeKey(key, raw, keys, known), 'key'));
  // A misspelt `block` or `rescue` is reported above, and not as missing too.
  const misspelt = strange.some((key) => blockParts.some((part) => part === closest(key, blockKeys)));
  if (misspelt) return issues;
  const [first] = blockParts.filter((part) => Object.hasOwn(raw, part));
  if (first !== undefined && first !== 'block')
    return [
      ...issues,
      yaml.issue(
        [...path, first],
        `"${first}" belongs to a block: put the steps that it is for under block, beside it`,
        'key',
      ),
    ];
  if (raw['rescue'] === undefined && raw['always'] === undefined)
    issues.push(
      yaml.issue(
        [...path, 'block'],
        'a block needs a rescue or an always; without them, write its steps one after another',
        'key',
      ),
    );
  return issues;
}

function strangeKey(
  key: string,
  raw: BlockOutline['raw'],
  keys: StepContext['keys'],
  known: ReadonlySet<string>,
): string {
  if (keys.has(key)) return `a block has no operation of its own: make ${key} one of its steps`;
  if (controlNames.includes(key)) return `${key} is for a single step: put it on the steps of the block`;
  const ansibles = ofBlock(key, { value: asJson(raw[key]), beside: {}, known });
  if (ansibles !== undefined) return ansibles;
  const meant = closest(key, blockKeys);
  return `unknown key "${key}"${meant === undefined ? ` (a block knows: ${blockKeys.join(', ')})` : `; did you mean "${meant}"?`}`;
}
