import type { ConfigIssue } from '../../errors.ts';
import { asJson } from '../yaml/as-json.ts';
import { compileCondition } from '../expressions/condition.ts';
import type { Compiled } from '../expressions/expression.ts';
import type { Roots } from '../expressions/roots.ts';
import { compileTemplate, type CompiledTemplate } from '../expressions/template.ts';
import { bracesIn } from '../from-ansible/braces.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';
import type { StepOutline } from './outline.ts';
import type { Registers } from './registers.ts';

/** What an expression of a step can see of its play. */
interface PlayContext {
  readonly yaml: YamlFile;
  readonly registers: Registers;
}

/** What of a step is evaluated beside its input. */
export interface Parts {
  readonly when: Compiled | undefined;
  readonly until: Compiled | undefined;
  readonly loop: CompiledTemplate | undefined;
}

/** Which names an expression of a step can read. `own`: its own register too; `item`: the loop's item, where there is a loop. */
export function rootsAt(
  number: number,
  { registers }: Pick<PlayContext, 'registers'>,
  more: { readonly own?: unknown; readonly item?: boolean; readonly looped?: boolean },
): Roots {
  const { own, item = true, looped = false } = more;
  return {
    names: new Set([
      'vars',
      'host',
      'facts',
      ...(item && looped ? ['item'] : []),
      ...registers.before(number),
      ...(typeof own === 'string' ? [own] : []),
    ]),
    why: (name) => {
      if (name === 'item') return item ? 'item is there only in a step with loop' : 'loop itself cannot read item';
      const giver = registers.givenBy(name);
      return giver === undefined
        ? undefined
        : `"${name}" is registered by step ${String(giver)}, which has not run yet`;
    },
  };
}

/** Whether it is done for each of something: by loop, or in a word of Ansible's for it. */
export function isLooped(raw: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(raw).some((key) => key === 'loop' || key.startsWith('with_'));
}

/** Conditions in a list, as Ansible has them, are answered where conditions are read, and not by the schema. */
export function isList(key: string, value: unknown): boolean {
  return (key === 'when' || key === 'until') && Array.isArray(value);
}

/** A name is shown as it is written. */
export function namesBraces(
  { name }: Readonly<Record<string, unknown>>,
  path: Path,
  yaml: YamlFile,
): readonly ConfigIssue[] {
  const [first] = typeof name === 'string' ? bracesIn(name, []) : [];
  return first === undefined
    ? []
    : [yaml.issueIn([...path, 'name'], first, 'name: nothing is filled in here; a name is shown as it is written')];
}

export function compileParts(
  raw: Readonly<Record<string, unknown>>,
  { number, path }: StepOutline,
  context: PlayContext,
  issues: ConfigIssue[],
): Parts {
  const { yaml } = context;
  const looped = isLooped(raw);
  const whole = (key: 'when' | 'until'): Compiled | undefined => {
    const { condition, issues: found } = compileCondition(
      raw[key],
      rootsAt(number, context, { looped, ...(key === 'until' ? { own: raw['register'] } : {}) }),
      yaml,
      [...path, key],
    );
    issues.push(...found);
    return condition;
  };
  let loop: CompiledTemplate | undefined;
  const loopValue = raw['loop'];
  if (typeof loopValue === 'string' || Array.isArray(loopValue)) {
    const result = compileTemplate(asJson(loopValue), rootsAt(number, context, { item: false }), yaml, [
      ...path,
      'loop',
    ]);
    issues.push(...result.issues);
    if (typeof loopValue === 'string' && result.template.unsettled.length === 0)
      issues.push(
        yaml.issue([...path, 'loop'], 'loop: expected a list, or an expression that gives one: "${{ vars.names }}"'),
      );
    loop = result.template;
  }
  return { when: whole('when'), until: whole('until'), loop };
}
