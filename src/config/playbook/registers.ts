import type { ConfigIssue } from '../../errors.ts';
import { isObject } from '../../values/json.ts';
import { identifier } from '../inventory/inventory-schema.ts';
import type { StepOutline } from './outline.ts';
import { showPlace } from '../yaml/source.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';

/** Which registers an expression can read at its place in a play. */
export interface Registers {
  /** What is wrong with the names themselves. */
  readonly issues: readonly ConfigIssue[];
  /** Those of the steps with a smaller number. */
  before(number: number): ReadonlySet<string>;
  /** The number of the step that gives it. */
  givenBy(name: string): number | undefined;
}

/** Names that mean something in CEL, or to us. */
const rootNames = new Set([
  'vars',
  'host',
  'facts',
  'item',
  'true',
  'false',
  'null',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
  'cel',
  'optional',
  'bool',
  'bytes',
  'double',
  'int',
  'list',
  'map',
  'string',
  'uint',
  'type',
  'dyn',
  'null_type',
  'google',
  'math',
  'strings',
]);

export function registersOf(steps: readonly StepOutline[], yaml: YamlFile): Registers {
  const issues: ConfigIssue[] = [];
  const first = new Map<string, { readonly number: number; readonly path: Path }>();
  const last = new Map<string, number>();
  for (const { raw, path: step, number } of steps) {
    const name = isObject(raw) ? raw['register'] : undefined;
    if (typeof name !== 'string') continue;
    const path = [...step, 'register'];
    const known = first.get(name);
    if (rootNames.has(name))
      issues.push(yaml.issue(path, `"${name}" has a meaning of its own in expressions: choose another name`));
    if (known !== undefined)
      issues.push(yaml.issue(path, `"${name}" is registered twice: first at ${showPlace(yaml.placeOf(known.path))}`));
    else first.set(name, { number, path });
    last.set(name, number);
  }
  const usable = [...first].filter(([name]) => identifier.test(name) && !rootNames.has(name));
  return {
    issues,
    before: (number) => new Set(usable.flatMap(([name, given]) => (given.number < number ? [name] : []))),
    givenBy: (name) => last.get(name),
  };
}
