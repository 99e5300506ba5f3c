import type * as z from 'zod';
import { isObject } from '../../values/json.ts';
import type { Path } from './yaml.ts';

type Issue = z.core.$ZodIssue;

/** What a schema has against the value at a path. */
export interface Located {
  readonly issue: Issue;
  readonly path: Path;
}

/** What is said of a value that is none of a union's: of the branch that was meant, where one was. */
export function meantBy(union: Located, branches: readonly (readonly Located[])[], root: unknown): readonly Located[] {
  const { issue, path } = union;
  const value = valueAt(root, path);
  const ofKind = branches.filter(
    (branch) => !branch.some((one) => one.path.length === path.length && isOther(one.issue, value)),
  );
  const [first] = ofKind.toSorted((a, b) => compare(missed(a, root), missed(b, root)));
  if (first === undefined) return [union];
  // Where no form was begun, none of them was meant more than the others: what the union says of itself is about all.
  const [, missing = 0] = missed(first, root);
  if (ofKind.length === 1 || missing === 0 || issue.message === 'Invalid input') return first;
  return [union, ...unknownToAll(ofKind)];
}

/** Whether a mistake is that the value is of another kind than the branch of a union takes. */
function isOther(issue: Issue, value: unknown): boolean {
  if (issue.code === 'invalid_type') return !(issue.expected === 'int' && typeof value === 'number');
  return issue.code === 'invalid_value' || issue.code === 'invalid_union';
}

/** How far a value is from a branch: its keys that are not known there, those that are missing, everything. */
function missed(branch: readonly Located[], root: unknown): readonly number[] {
  const unknown = branch.flatMap(({ issue }) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  const missing = branch.filter(
    ({ issue: { code }, path }) =>
      (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union') &&
      valueAt(root, path) === undefined,
  );
  return [unknown.length, missing.length, branch.length];
}

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((count, index) => count - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** The keys that no branch knows. */
function unknownToAll(branches: readonly (readonly Located[])[]): readonly Located[] {
  const keysOf = (branch: readonly Located[]): readonly string[] =>
    branch.flatMap(({ issue }) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  const [first = [], ...others] = branches;
  return first.flatMap(({ issue, path }) => {
    if (issue.code !== 'unrecognized_keys') return [];
    const keys = issue.keys.filter((key) => others.every((branch) => keysOf(branch).includes(key)));
    return keys.length === 0 ? [] : [{ issue: { ...issue, keys }, path }];
  });
}

export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
    return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }, root);
}
