import type { ConfigIssue } from '../../errors.ts';
import { isObject, type Json } from '../../values/json.ts';
import { isSecretReference, looksLikeSecret, type SecretReference } from '../../values/secret-reference.ts';
import { compileExpression, type Compiled } from './expression.ts';
import type { Roots } from './roots.ts';
import { mistakenBraces } from './jinja-braces.ts';
import { ResolveError } from './resolve-error.ts';
import { mistakenSecrets, whereSecretsMayBe } from './secret-vars.ts';
import type { Span } from '../yaml/source.ts';
import type { Resolved, Scope, Template } from '../model/types.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';

/** A value of a playbook whose strings may hold `${{ … }}`. */
export interface CompiledTemplate extends Template {
  readonly expressions: readonly Compiled[];
  /** Paths, from the template's own root, of the strings that hold an expression. */
  readonly unsettled: readonly Path[];
  /** The secrets that it names itself, or that its expressions stand for on a host. */
  secretsOf(scope: Scope): readonly SecretReference[];
}

interface Text extends Span {
  /** The expression between the braces, and where it starts in the string. */
  readonly expression: string;
  readonly inner: number;
}

/** What an operation says of places in its input. */
export interface InputPlaces {
  /** The strings that name files of this machine, out of whose written part no host's word may lead. */
  readonly laptopPaths?: readonly Path[] | undefined;
  /** Where a secret variable may stand. */
  readonly mayHoldSecret?: (at: Path) => boolean;
}

/** Compiles every expression of a value. The template is usable when there are no issues. */
export function compileTemplate(
  value: Json,
  roots: Roots,
  yaml: YamlFile,
  path: Path,
  { laptopPaths = [], mayHoldSecret = () => false }: InputPlaces = {},
): { readonly template: CompiledTemplate; readonly issues: readonly ConfigIssue[] } {
  const issues: ConfigIssue[] = [];
  const expressions: Compiled[] = [];
  const unsettled: Path[] = [];
  const written: SecretReference[] = [];
  const walk = (part: Json, at: Path): ((scope: Scope) => Resolved<Json>) => {
    if (typeof part === 'string') {
      if (/\{[{%]/.test(part)) braces(part, at);
      return part.includes('${{') ? text(part, at) : () => ({ value: part });
    }
    if (part === null || typeof part !== 'object') return () => ({ value: part });
    if (looksLikeSecret(part) && (isObject(part.secret) || mayHoldSecret(at))) return secret(part, at);
    if (Array.isArray(part)) {
      const items = part.map((item: Json, index) => walk(item, [...at, index]));
      return (scope) =>
        gather(
          items.map((item) => item(scope)),
          (values) => values,
        );
    }
    const entries = Object.entries(part).map(([key, inner]: [string, Json]) => {
      if (key.includes('${{'))
        issues.push(yaml.issue([...path, ...at, key], 'an expression cannot be part of a key', 'key'));
      return [key, walk(inner, [...at, key])] as const;
    });
    return (scope) =>
      gather(
        entries.map(([, inner]) => inner(scope)),
        (values) => Object.fromEntries(entries.map(([key], index) => [key, values[index] ?? null])),
      );
  };
  const secret = (part: Json & { readonly secret: unknown }, at: Path): ((scope: Scope) => Resolved<Json>) => {
    const mistakes = mistakenSecrets(part);
    if (!mayHoldSecret(at)) issues.push(yaml.issue([...path, ...at], whereSecretsMayBe));
    else if (!isSecretReference(part) || mistakes.length > 0)
      issues.push(...mistakes.map((mistake) => yaml.issue([...path, ...at, ...mistake.path], mistake.message)));
    else if (JSON.stringify(part).includes('${{'))
      issues.push(yaml.issue([...path, ...at], 'where a secret comes from is written out, without expressions'));
    else written.push(part);
    return () => ({ value: part });
  };
  const braces = (whole: string, at: Path): void => {
    const found = textsIn(whole);
    const full = [...path, ...at];
    const mistakes = mistakenBraces(whole, 'texts' in found ? found.texts : [], roots, full);
    issues.push(...mistakes.map(({ span, message }) => yaml.issueIn(full, span, message)));
    if (mistakes.length > 0) unsettled.push(at);
  };
  const text = (whole: string, at: Path): ((scope: Scope) => Resolved<Json>) => {
    unsettled.push(at);
    const found = textsIn(whole);
    if ('open' in found)
      issues.push(yaml.issueIn([...path, ...at], { start: found.open, end: found.open + 3 }, 'this ${{ has no }}'));
    const isWhole =
      'texts' in found &&
      found.texts.length === 1 &&
      found.texts[0]?.start === 0 &&
      found.texts[0].end === whole.length;
    const compiled = ('open' in found ? [] : found.texts).flatMap((part) => {
      const full = [...path, ...at];
      const result = compileExpression(
        part.expression,
        roots,
        {
          place: (offset) => yaml.placeIn(full, part.inner + offset),
          issue: (span, message) =>
            yaml.issueIn(full, { start: part.inner + span.start, end: part.inner + span.end }, message),
          written: (expression) => `\${{ ${expression} }}`,
        },
        isWhole && mayHoldSecret(at),
      );
      if ('issues' in result) issues.push(...result.issues);
      else expressions.push(result.expression);
      return 'issues' in result ? [] : [{ ...part, compiled: result.expression }];
    });
    const [only] = compiled;
    const stays = laptopPaths.some((one) => one.length === at.length && one.every((step, index) => step === at[index]))
      ? (resolved: Resolved<Json>) => staysBelow(whole, compiled, resolved)
      : (resolved: Resolved<Json>) => resolved;
    if (only?.start === 0 && only.end === whole.length) return (scope) => stays(only.compiled.evaluate(scope));
    return (scope) =>
      stays(
        gather(
          compiled.map((part) => inText(part.compiled, scope)),
          (values) => interpolate(whole, compiled, values),
        ),
      );
  };
  const resolve = walk(value, []);
  const secretsOf = (scope: Scope): readonly SecretReference[] => [
    ...written,
    ...expressions.flatMap((expression) => expression.secretOf(scope) ?? []),
  ];
  return { template: { expressions, unsettled, resolve, secretsOf }, issues };
}

/** The value, or the names of everything that is not known. */
function gather(parts: readonly Resolved<Json>[], make: (values: readonly Json[]) => Json): Resolved<Json> {
  const unknown = parts.flatMap((part) => ('unknown' in part ? part.unknown : []));
  return unknown.length > 0
    ? { unknown: [...new Set(unknown)] }
    : { value: make(parts.map((part) => ('value' in part ? part.value : null))) };
}

function inText(expression: Compiled, scope: Scope): Resolved<Json> {
  const result = expression.evaluate(scope);
  if ('unknown' in result || (result.value !== null && typeof result.value !== 'object')) return result;
  throw new ResolveError(
    expression.at.issue(
      { start: 0, end: expression.text.length },
      `expression: ${result.value === null ? 'nothing (null)' : Array.isArray(result.value) ? 'a list' : 'a mapping'} cannot be part of a text`,
    ),
  );
}

/** What is in the inventory and the playbook itself; everything else may be a host's word. */
const ourOwn = new Set(['vars', 'host']);

/** A path of this machine: what a host has said in it may name files below what is written before it, and none elsewhere. */
function staysBelow(
  whole: string,
  parts: readonly (Text & { readonly compiled: Compiled })[],
  resolved: Resolved<Json>,
): Resolved<Json> {
  const said = parts.find(({ compiled }) => [...compiled.roots].some((root) => !ourOwn.has(root)));
  if (said === undefined || 'unknown' in resolved || typeof resolved.value !== 'string') return resolved;
  const path = resolved.value;
  // What is written before the first expression; the segment in which it ends may be gone on with by a host.
  const before = parts[0]?.start ?? 0;
  const written = whole.slice(0, before).lastIndexOf('/') + 1;
  const leads =
    path
      .slice(written)
      .split('/')
      .some((segment) => segment === '..' || segment === '.') ||
    (written === 0 && before === 0 && /^[/~]/.test(path)) ||
    /\p{Cc}/u.test(path);
  if (!leads) return resolved;
  throw new ResolveError(
    said.compiled.at.issue(
      { start: 0, end: said.compiled.text.length },
      `expression: what a host says here would lead to ${JSON.stringify(path)} on this machine: write the directory before it, and let the host say no ".." and no control character`,
    ),
  );
}

function interpolate(whole: string, parts: readonly Text[], values: readonly Json[]): string {
  let from = 0;
  let result = '';
  for (const [index, part] of parts.entries()) {
    const value = values[index];
    result += whole.slice(from, part.start) + (typeof value === 'string' ? value : JSON.stringify(value));
    from = part.end;
  }
  return result + whole.slice(from);
}

/** Finds each `${{ … }}`; braces and quotes inside an expression do not end it. */
export function textsIn(whole: string): { readonly texts: readonly Text[] } | { readonly open: number } {
  const texts: Text[] = [];
  for (let start = whole.indexOf('${{'); start !== -1;) {
    const end = endOf(whole, start + 3);
    if (end === undefined) return { open: start };
    const raw = whole.slice(start + 3, end);
    const expression = raw.trim();
    texts.push({
      start,
      end: end + 2,
      expression,
      inner: start + 3 + (expression === '' ? 0 : raw.indexOf(expression)),
    });
    start = whole.indexOf('${{', end + 2);
  }
  return { texts };
}

function endOf(whole: string, from: number): number | undefined {
  const tokens = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{}]/gs;
  tokens.lastIndex = from;
  let depth = 0;
  for (let match = tokens.exec(whole); match !== null; match = tokens.exec(whole)) {
    if (match[0] === '{') depth += 1;
    else if (match[0] === '}' && depth > 0) depth -= 1;
    else if (match[0] === '}' && whole[match.index + 1] === '}') return match.index;
  }
  return undefined;
}
