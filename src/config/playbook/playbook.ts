import { createHash } from 'node:crypto';
import { ConfigError, type ConfigIssue } from '../../errors.ts';
import { isObject, type Json } from '../../values/json.ts';
import { asJson } from '../yaml/as-json.ts';
import { byKey } from '../../operations/engine/by-key.ts';
import { compileSteps } from './block.ts';
import type { Roots } from '../expressions/roots.ts';
import { ofPlay, ofStep } from '../from-ansible/answers.ts';
import { bracesIn } from '../from-ansible/braces.ts';
import { tasksOf } from '../from-ansible/play-words.ts';
import type { ConfigIo } from '../model/io.ts';
import type { WrittenSteps } from './outline.ts';
import { namesBraces } from './step-expressions.ts';
import { playSchema, type BatchInput } from './playbook-schema.ts';
import { readYamlFile, type Read } from '../inventory/read-file.ts';
import { mistakesIn } from '../yaml/schema-issues.ts';
import { mistakenSecrets } from '../expressions/secret-vars.ts';
import { inOrder } from '../yaml/source.ts';
import type { CompiledStep, Registry } from './step.ts';
import { compileTemplate, type CompiledTemplate } from '../expressions/template.ts';
import type { BatchSize, Play, Playbook } from '../model/types.ts';
import { parseYaml, type Path, type YamlFile } from '../yaml/yaml.ts';

/** What the variables of a play can read. */
const varsRoots: Roots = {
  names: new Set(['vars', 'host']),
  why: (root) =>
    root === 'facts' ? 'vars are resolved before the hosts are connected to, so they cannot read facts' : undefined,
};

/** A playbook with what its checks need. */
export interface CompiledPlay extends Play {
  readonly steps: readonly CompiledStep[];
  readonly varTemplates: ReadonlyMap<string, CompiledTemplate>;
  /** The pattern as it is written, for pointing into it. */
  readonly hostsIssue: (start: number, end: number, message: string) => ConfigIssue;
}

export interface CompiledPlaybook extends Playbook {
  readonly plays: readonly CompiledPlay[];
}

/** Reads and checks a playbook, without an inventory. Throws a ConfigError with every issue. */
export async function loadPlaybook(
  file: string,
  registry: Registry,
  io: Pick<ConfigIo, 'readFile'>,
): Promise<CompiledPlaybook> {
  const { value, issues } = await readPlaybook(file, registry, io);
  if (value === undefined) throw new ConfigError(issues);
  return value;
}

export async function readPlaybook(
  file: string,
  registry: Registry,
  io: Pick<ConfigIo, 'readFile'>,
): Promise<Read<CompiledPlaybook>> {
  const { value: yaml, issues } = await readYamlFile(file, io);
  return yaml === undefined ? { issues } : compilePlaybook(yaml, registry);
}

/** The same for a text that is at hand, as a saved plan has it; the file is what messages call it. */
export function parsePlaybook(file: string, text: string, registry: Registry): Read<CompiledPlaybook> {
  const { yaml, issues } = parseYaml(file, new TextEncoder().encode(text));
  return yaml === undefined ? { issues } : compilePlaybook(yaml, registry);
}

function compilePlaybook(yaml: YamlFile, registry: Registry): Read<CompiledPlaybook> {
  const {
    value,
    source: { file, text },
  } = yaml;
  const written: readonly (readonly [Json, Path])[] = Array.isArray(value)
    ? value.map((play: Json, index) => [play, [index]] as const)
    : [[value, []]];
  if (written.length === 0)
    return { issues: [yaml.issue([], 'a playbook is one play or a list of plays; this list is empty')] };
  const tasks = tasksAlone(
    written.map(([play]) => play),
    registry,
  );
  if (tasks)
    return {
      issues: inOrder([
        yaml.issue(
          [],
          'these are steps (the tasks of a role?), and no plays: write `hosts: all` and `steps:` above them',
        ),
        ...compileSteps([{ steps: value, path: [] }], { yaml, registry, tags: [] }).issues,
      ]),
    };
  const plays = written.map(([play, path], index) => compilePlay(play, index + 1, path, yaml, registry));
  const issues = plays.flatMap((play) => play.issues);
  const compiled = plays.flatMap(({ value: play }) => (play === undefined ? [] : [play]));
  if (issues.length > 0) return { issues: inOrder(issues) };
  return { value: { file, text, digest: createHash('sha256').update(text).digest('hex'), plays: compiled }, issues };
}

function compilePlay(raw: Json, number: number, path: Path, yaml: YamlFile, registry: Registry): Read<CompiledPlay> {
  if (!isObject(raw)) return { issues: [yaml.issue(path, 'a play is a mapping with hosts and steps')] };
  const { rest, lists, issues: ansibles } = withoutAnsibles(raw, path, yaml);
  const issues = [
    ...ansibles,
    ...mistakesIn(playSchema, rest).map(({ path: inner, at, message }) => yaml.issue([...path, ...inner], message, at)),
  ];
  const parsed = playSchema.safeParse(raw);
  const vars = Object.entries(isObject(raw['vars']) ? raw['vars'] : {});
  const varTemplates = new Map<string, CompiledTemplate>();
  for (const [name, value] of vars) {
    const compiled = compileTemplate(asJson(value), varsRoots, yaml, [...path, 'vars', name], {
      mayHoldSecret: () => true,
    });
    issues.push(
      ...compiled.issues,
      ...(compiled.issues.length > 0
        ? []
        : mistakenSecrets(asJson(value)).map(({ path: inner, message }) =>
            yaml.issue([...path, 'vars', name, ...inner], message),
          )),
    );
    varTemplates.set(name, compiled.template);
  }
  const tags = parsed.success ? [parsed.data.tags ?? []].flat() : [];
  const { steps, nodes, issues: inSteps } = compileSteps(lists, { yaml, registry, tags });
  issues.push(...inSteps);
  if (!parsed.success || issues.length > 0) return { issues };
  const { data } = parsed;
  const hosts = [data.hosts].flat();
  return {
    issues,
    value: {
      number,
      name: data.name ?? `play ${String(number)}`,
      hosts: hosts.join(','),
      hostsIssue: (start, end, message) => hostsIssue(yaml, [...path, 'hosts'], data.hosts, { start, end }, message),
      place: yaml.placeOf(path),
      batch: [data.batch ?? '100%'].flat().map(batchSize),
      maxFailures: batchSize(data.max_failures ?? 0),
      vars: Object.fromEntries(vars.map(([name, value]) => [name, asJson(value)])),
      varTemplates,
      anyErrorsFatal: data.any_errors_fatal ?? false,
      steps,
      nodes,
      ...(data.become === undefined ? {} : { become: data.become }),
    },
  };
}

/** Whether a file holds steps where plays should be. */
function tasksAlone(items: readonly Json[], registry: Registry): boolean {
  const keys = byKey(registry);
  const known: ReadonlySet<string> = new Set();
  const isStep = (item: Json): boolean =>
    isObject(item) &&
    !['hosts', 'steps', 'tasks', 'roles', 'import_playbook'].some((key) => Object.hasOwn(item, key)) &&
    Object.keys(item).some(
      (key) =>
        keys.has(key) ||
        key === 'block' ||
        (key !== 'name' &&
          ofPlay(key, { value: undefined, beside: {}, known }) === undefined &&
          ofStep(key, { value: undefined, beside: {}, known }) !== undefined),
    );
  return items.every(isStep);
}

/** A play without the words that are Ansible's, each of which is answered; what stands in its tasks is looked at as steps. */
function withoutAnsibles(
  raw: Readonly<Record<string, unknown>>,
  path: Path,
  yaml: YamlFile,
): {
  readonly rest: Readonly<Record<string, unknown>>;
  readonly lists: readonly WrittenSteps[];
  readonly issues: readonly ConfigIssue[];
} {
  const answers = Object.keys(raw).flatMap((key) => {
    if (Object.hasOwn(playSchema.shape, key)) return [];
    const said = ofPlay(key, { value: asJson(raw[key]), beside: {}, known: varsRoots.names });
    return said === undefined ? [] : [{ key, issue: yaml.issue([...path, key], said, 'key') }];
  });
  const strange = new Set(answers.map(({ key }) => key));
  const rest = Object.fromEntries(Object.entries(raw).filter(([key]) => !strange.has(key)));
  const lists = [...tasksOf, 'steps'].flatMap((key) =>
    Object.hasOwn(raw, key) ? [{ steps: raw[key], path: [...path, key] }] : [],
  );
  // Whoever has written tasks, or imports a playbook, is told of that, and not that steps are missing too.
  const instead = [...tasksOf, 'roles', 'import_playbook', 'include'].some((key) => strange.has(key));
  const imports = ['import_playbook', 'include'].some((key) => strange.has(key));
  return {
    rest: {
      ...(instead && !Object.hasOwn(rest, 'steps') ? { steps: [null] } : {}),
      ...(imports && !Object.hasOwn(rest, 'hosts') ? { hosts: 'all' } : {}),
      ...rest,
    },
    lists,
    issues: [...answers.map(({ issue }) => issue), ...namesBraces(raw, path, yaml), ...hostsBraces(raw, path, yaml)],
  };
}

function hostsBraces({ hosts }: Readonly<Record<string, unknown>>, path: Path, yaml: YamlFile): readonly ConfigIssue[] {
  return [hosts].flat().flatMap((one, index) => {
    const [first] = typeof one === 'string' ? bracesIn(one, []) : [];
    const at = [...path, 'hosts', ...(Array.isArray(hosts) ? [index] : [])];
    return first === undefined
      ? []
      : [
          yaml.issueIn(
            at,
            first,
            'hosts: a pattern is written out; choose among its hosts on the command line: --limit NAME',
          ),
        ];
  });
}

function batchSize(input: BatchInput): BatchSize {
  return typeof input === 'number'
    ? { kind: 'count', count: input }
    : { kind: 'percent', percent: Number(input.slice(0, -1)) };
}

/** `start` and `end` count within the joined pattern, which may have been written as a list. */
function hostsIssue(
  yaml: YamlFile,
  path: Path,
  written: string | readonly string[],
  span: { readonly start: number; readonly end: number },
  message: string,
): ConfigIssue {
  if (typeof written === 'string') return yaml.issueIn(path, span, message);
  let from = 0;
  for (const [index, part] of written.entries()) {
    if (span.start < from + part.length + 1)
      return yaml.issueIn([...path, index], { start: span.start - from, end: span.end - from }, message);
    from += part.length + 1;
  }
  return yaml.issue(path, message);
}
