import type { ConfigIssue } from '../../errors.ts';
import type { Json } from '../../values/json.ts';
import { asJson } from '../yaml/as-json.ts';
import { compileExpression, isExpression, type Compiled } from './expression.ts';
import type { Roots } from './roots.ts';
import { joined } from '../from-ansible/step-words.ts';
import { linesOf } from '../from-ansible/flow.ts';
import { ResolveError } from './resolve-error.ts';
import { textsIn } from './template.ts';
import type { Expression, Resolved, Scope } from '../model/types.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';

/** Compiles `when` or `until` at a path: an expression as a whole, or plain true or false. */
export function compileCondition(
  written: unknown,
  roots: Roots,
  yaml: YamlFile,
  path: Path,
): { readonly condition?: Compiled; readonly issues: readonly ConfigIssue[] } {
  if (Array.isArray(written)) return { issues: [listed(asJson(written), roots, yaml, path)] };
  const value = typeof written === 'boolean' ? String(written) : written;
  // What is no text at all is the schema's to report.
  if (typeof value !== 'string' || value === '') return { issues: [] };
  // `${{ … }}` around the whole condition is what many write, and it is clear.
  const wrapped = textsIn(value.trim());
  const only = 'texts' in wrapped && wrapped.texts.length === 1 ? wrapped.texts[0] : undefined;
  const isWrapped = only?.start === 0 && only.end === value.trim().length;
  const text = isWrapped ? only.expression : value;
  const shift = isWrapped ? value.indexOf('${{') + only.inner : 0;
  const result = compileExpression(text, roots, {
    place: (offset) => yaml.placeIn(path, shift + offset),
    issue: (span, message) => yaml.issueIn(path, { start: shift + span.start, end: shift + span.end }, message),
    written: (expression) => linesOf({ [String(path.at(-1))]: expression }).join(),
  });
  if ('issues' in result) return result;
  const { expression: condition } = result;
  const issues =
    condition.type === 'bool' || condition.type === 'dyn'
      ? []
      : [
          yaml.issueIn(
            path,
            { start: shift, end: shift + text.length },
            `${String(path.at(-1))}: the expression is a ${condition.type}, not true or false`,
          ),
        ];
  return { condition, issues };
}

/** A list of conditions is Ansible's for all of them. */
function listed(conditions: Json, roots: Roots, yaml: YamlFile, path: Path): ConfigIssue {
  const key = String(path.at(-1));
  const cel = joined(conditions, roots.names);
  // A message is no place for what may be a password.
  const sure = cel !== undefined && !/pass|secret|token/i.test(cel) && isExpression(cel, roots);
  const line = linesOf({ [key]: sure ? cel : 'vars.a && vars.b' }).join();
  return yaml.issue(
    path,
    `${key}: Ansible's list is one expression here, with && between its parts; ${sure ? 'write' : 'for example'} \`${line}\``,
  );
}

/**
 * All of the conditions, asked in their order until one is false: what a block asks guards what its
 * steps ask. One that is not known yet leaves the whole unknown, unless a later one is false anyway.
 */
export function allOf(conditions: readonly Compiled[]): Expression | undefined {
  const [first, ...others] = conditions;
  if (first === undefined || others.length === 0) return first;
  const evaluate = (scope: Scope): Resolved<boolean> => {
    const unknown = new Set<string>();
    for (const condition of conditions) {
      const answer = unknown.size === 0 ? truthOf(condition, scope) : guarded(condition, scope);
      if ('unknown' in answer) for (const name of answer.unknown) unknown.add(name);
      else if (!answer.value) return answer;
    }
    return unknown.size === 0 ? { value: true } : { unknown: [...unknown] };
  };
  const { place } = others.at(-1) ?? first;
  return {
    text: conditions.map(({ text }) => inBrackets(text)).join(' && '),
    place,
    roots: new Set(conditions.flatMap(({ roots }) => [...roots])),
    evaluate,
  };
}

function truthOf(condition: Compiled, scope: Scope): Resolved<boolean> {
  const answer = condition.evaluate(scope);
  if ('unknown' in answer) return answer;
  if (typeof answer.value === 'boolean') return { value: answer.value };
  throw new ResolveError(notTrueOrFalse(condition, answer.value));
}

/** Behind a condition that is not known yet: what is wrong here may never come to be asked. */
function guarded(condition: Compiled, scope: Scope): Resolved<boolean> {
  try {
    return truthOf(condition, scope);
  } catch (thrown) {
    if (thrown instanceof ResolveError) return { value: true };
    throw thrown;
  }
}

export function notTrueOrFalse({ at, text }: Compiled, value: unknown): ConfigIssue {
  return at.issue(
    { start: 0, end: text.length },
    `when: the expression gives ${JSON.stringify(value)}, not true or false`,
  );
}

/** `&&` binds closer than these. */
function inBrackets(text: string): string {
  return /\|\||\?/.test(text) ? `(${text})` : text;
}
