import * as z from 'zod';
import { isObject } from '../../values/json.ts';
import { didYouMean } from '../model/closest.ts';
import type { Path } from './yaml.ts';

/** One mistake in a value, in words for the operator. */
export interface Mistake {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly message: string;
  /** A text is wanted, and this is a number, true or false: what an expression gave may be turned into one. */
  readonly wantsText?: boolean;
}

type Issue = z.core.$ZodIssue;

/**
 * What a schema has against a value. `unsettled` are the paths of values that hold an expression:
 * nothing is said about them, nor about a rule over several keys that one of them takes part in.
 */
export function mistakesIn(schema: z.ZodType, value: unknown, unsettled: readonly Path[] = []): readonly Mistake[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  const open = openPaths(unsettled);
  return parsed.error.issues
    .flatMap((issue) => settle(issue, open, []))
    .flatMap(({ issue, path }) => explain(issue, path, schema, value));
}

interface Located {
  readonly issue: Issue;
  readonly path: Path;
}

function pathOf(issue: Issue, base: Path): Path {
  return [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
}

const startsWith = (path: Path, prefix: Path): boolean => prefix.every((step, index) => path[index] === step);

/** The paths of values that hold an expression, and all that lead to them; every issue asks for its own. */
interface OpenPaths {
  readonly size: number;
  readonly at: ReadonlySet<string>;
  readonly above: ReadonlySet<string>;
}

const prefixesOf = (path: Path): readonly string[] =>
  Array.from({ length: path.length + 1 }, (_, length) => JSON.stringify(path.slice(0, length)));

function openPaths(paths: readonly Path[]): OpenPaths {
  return {
    size: paths.length,
    at: new Set(paths.map((path) => JSON.stringify(path))),
    above: new Set(paths.flatMap(prefixesOf)),
  };
}

/** Drops what an unresolved expression may still put right, and narrows a union to the branch that was meant. */
function settle(issue: Issue, open: OpenPaths, base: Path): readonly Located[] {
  const path = pathOf(issue, base);
  if (open.size > 0 && prefixesOf(path).some((prefix) => open.at.has(prefix))) return [];
  if (open.size > 0 && issue.code === 'custom' && open.above.has(JSON.stringify(path))) return [];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ issue, path }];
  const branches = issue.errors.map((errors) => errors.flatMap((inner) => settle(inner, open, path)));
  if (branches.some((branch) => branch.length === 0)) return [];
  const meant = branches.filter(
    (branch) =>
      !branch.some(
        ({ issue: { code }, path: at }) =>
          at.length === path.length && (code === 'invalid_type' || code === 'invalid_value'),
      ),
  );
  const [first] = [...meant].sort((a, b) => a.length - b.length);
  return first ?? [{ issue, path }];
}

function explain(issue: Issue, path: Path, schema: z.ZodType, root: unknown): readonly Mistake[] {
  const value = valueAt(root, path);
  const label = labelOf(path);
  const say = (message: string): readonly Mistake[] => [{ path, at: 'value', message: `${label}${message}` }];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => ({
        path: [...path, key],
        at: 'key',
        message: `unknown key "${key}"${didYouMean(key, known) || (known.length > 0 ? ` (known: ${known.join(', ')})` : '')}`,
      }));
    }
    case 'invalid_type':
      if (value === undefined)
        return [
          {
            path: path.slice(0, -1),
            at: 'key',
            message: `${labelOf(path.slice(0, -1))}"${String(path.at(-1))}" is missing`,
          },
        ];
      if (issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
        return say(
          asText(schema, root, path) ?? `expected a string, not ${kindOf(value, path)}: write it in quotes`,
        ).map((mistake) => ({ ...mistake, wantsText: true }));
      }
      return say(`expected ${article(issue.expected)}, not ${kindOf(value, path)}`);
    case 'invalid_value': {
      if (value === undefined)
        return [
          {
            path: path.slice(0, -1),
            at: 'key',
            message: `${labelOf(path.slice(0, -1))}"${String(path.at(-1))}" is missing`,
          },
        ];
      const allowed = issue.values.map(String);
      return say(
        `expected ${allowed.join(' or ')}, not ${kindOf(value, path)}${typeof value === 'string' ? didYouMean(value, allowed) : ''}`,
      );
    }
    case 'invalid_union': {
      const expected = issue.errors.flatMap((branch) =>
        branch.flatMap((inner) =>
          inner.code === 'invalid_type'
            ? [article(inner.expected)]
            : inner.code === 'invalid_value'
              ? inner.values.map(String)
              : [],
        ),
      );
      if (value === undefined)
        return [
          {
            path: path.slice(0, -1),
            at: 'key',
            message: `${labelOf(path.slice(0, -1))}"${String(path.at(-1))}" is missing`,
          },
        ];
      return say(
        expected.length > 0 && issue.message === 'Invalid input'
          ? `expected ${[...new Set(expected)].join(' or ')}, not ${kindOf(value, path)}`
          : issue.message,
      );
    }
    case 'too_small':
      return say(
        issue.origin === 'array' || issue.origin === 'string'
          ? Number(issue.minimum) <= 1
            ? 'must not be empty'
            : `needs at least ${String(issue.minimum)} ${issue.origin === 'array' ? 'entries' : 'characters'}`
          : `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}`,
      );
    case 'too_big':
      return say(
        issue.origin === 'array' || issue.origin === 'string'
          ? `has more than ${String(issue.maximum)} ${issue.origin === 'array' ? 'entries' : 'characters'}`
          : `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${String(issue.maximum)}`,
      );
    case 'invalid_key':
      return [{ path, at: 'key', message: `${label}${issue.issues[0]?.message ?? issue.message}` }];
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
    default:
      return say(issue.message);
  }
}

/** What the schema says of a bare number once it is a text: of `20` where a size is wanted, that the unit is missing. */
function asText(whole: z.ZodType, wholeRoot: unknown, wholePath: Path): string | undefined {
  const { schema, root, path } = narrowed(whole, wholeRoot, wholePath);
  const again = schema.safeParse(withText(root, path));
  const issue = again.success
    ? undefined
    : again.error.issues
        .flatMap((inner) => settle(inner, openPaths([]), []))
        .find(({ path: at }) => at.length === path.length && startsWith(at, path));
  return issue?.issue.code === 'custom' ? issue.issue.message : undefined;
}

interface Narrowed {
  readonly schema: z.ZodType;
  readonly root: unknown;
  readonly path: Path;
}

/** As far into records and the keys of objects as no rule over several keys is left behind: not a whole fleet for each of its hosts. */
function narrowed(schema: z.ZodType, root: unknown, path: Path): Narrowed {
  const [step, ...rest] = path;
  if (step === undefined || rest.length === 0 || !isObject(root) || (schema.def.checks?.length ?? 0) > 0)
    return { schema, root, path };
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    const inner: unknown = schema.unwrap();
    return inner instanceof z.ZodType ? narrowed(inner, root, path) : { schema, root, path };
  }
  const inner: unknown =
    schema instanceof z.ZodObject
      ? schema.shape[String(step)]
      : schema instanceof z.ZodRecord
        ? schema.valueType
        : undefined;
  return inner instanceof z.ZodType ? narrowed(inner, root[step], rest) : { schema, root, path };
}

/** The value with the number, true or false at the path turned into text. */
export function withText(value: unknown, [step, ...rest]: Path): unknown {
  if (step === undefined) return String(value);
  if (Array.isArray(value)) return value.map((item: unknown, index) => (index === step ? withText(item, rest) : item));
  return isObject(value) ? { ...value, [step]: withText(value[step], rest) } : value;
}

function labelOf(path: Path): string {
  const named = path.findLastIndex((step) => typeof step === 'string');
  if (named === -1) return '';
  return `${path.slice(named).reduce<string>((text, step) => (typeof step === 'number' ? `${text}[${String(step)}]` : text + step), '')}: `;
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
    return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }, root);
}

/** The keys that a schema knows at a path, for "did you mean". */
export function keysAt(schema: unknown, path: Path): readonly string[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  )
    return keysAt(schema.unwrap(), path);
  if (schema instanceof z.ZodPipe) return keysAt(schema.in, path);
  if (schema instanceof z.ZodUnion) return [...new Set(schema.options.flatMap((option) => keysAt(option, path)))];
  const [step, ...rest] = path;
  if (schema instanceof z.ZodObject)
    return step === undefined ? Object.keys(schema.shape) : keysAt(schema.shape[String(step)], rest);
  if (step === undefined) return [];
  if (schema instanceof z.ZodArray) return keysAt(schema.element, rest);
  return schema instanceof z.ZodRecord ? keysAt(schema.valueType, rest) : [];
}

function article(type: string): string {
  switch (type) {
    case 'object':
    case 'record':
      return 'a mapping';
    case 'array':
      return 'a list';
    case 'int':
      return 'a whole number';
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'nothing';
    default:
      return `a ${type}`;
  }
}

function kindOf(value: unknown, path: Path): string {
  if (/pass|secret|token/i.test(String(path.at(-1)))) return `this ${typeof value}`;
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'a mapping';
  if (typeof value === 'string') return value.includes('\n') || value.length > 40 ? 'a text' : JSON.stringify(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}
