import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { git, root } from './turn.ts';

/** What has been green, a line for each time: commit, turn, minutes. Written by CI, committed by whoever ran it. */
export const greenFile = join(root, '.ci/green');
/** Without a commit that has been green, this many count as the change. */
const fallbackCommits = 10;

/** The commit that a change is seen against: $PLIMSOLL_BASE, or the last one that has been green. */
export function base(): string | undefined {
  const given = process.env['PLIMSOLL_BASE'];
  if (given !== undefined && given !== '') return given;
  const green = existsSync(greenFile)
    ? readFileSync(greenFile, 'utf8')
        .split('\n')
        .map((line) => line.split(' ')[0] ?? '')
    : [];
  const last = green.findLast(
    (commit) => /^[0-9a-f]{40}$/.test(commit) && git('merge-base', '--is-ancestor', commit, 'HEAD') !== undefined,
  );
  return last ?? git('rev-parse', '--verify', '--quiet', `HEAD~${String(fallbackCommits)}`);
}

/** The files that differ from the base, committed or not. */
export function changedFiles(): readonly string[] {
  const from = base();
  const listed = [
    from === undefined ? '' : git('diff', '--name-only', from),
    git('ls-files', '--others', '--exclude-standard'),
  ];
  return [...new Set(listed.flatMap((text) => (text ?? '').split('\n')))].filter((file) => file !== '').toSorted();
}

/** A file that more than this share of the operations is made of is the core's: no operation is touched by it alone. */
const coreShare = 0.5;

/** What a change is about. */
export interface Touched {
  /** Operations that are made of a changed file, by their names in a playbook. */
  readonly operations: readonly string[];
  /** Something that every operation needs has changed. */
  readonly core: boolean;
}

export function touchedBy(files: readonly string[], operations: readonly string[]): Touched {
  const made = new Map(operations.map((name) => [name, filesOf(name)]));
  const isCore = (file: string): boolean =>
    /^src\/(run|transport|records|plan)\//.test(file) ||
    [...made.values()].filter((its) => its.has(file)).length > operations.length * coreShare;
  const own = files.filter((file) => !isCore(file));
  return {
    operations: operations.filter((name) => own.some((file) => made.get(name)?.has(file) === true)),
    core: files.some(isCore),
  };
}

/** Its own file, named like it, all that this imports, and its cases. */
function filesOf(operation: string): ReadonlySet<string> {
  const name = `${operation.replaceAll('_', '-')}.ts`;
  const own = [...imports().keys()].find((file) => file.startsWith('src/operations/') && basename(file) === name);
  if (own === undefined) throw new Error(`there is no src/operations/…/${name}`);
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    for (const imported of imports().get(file) ?? []) visit(imported);
  };
  visit(own);
  return found.add(own.replace(/^src(.+)\.ts$/, 'test$1.cases.ts'));
}

/** Each file of the source, with those that it imports. */
const imports = once((): ReadonlyMap<string, readonly string[]> => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(ts|sh)$/.test(file),
  );
  return new Map(files.map((file) => [join('src', file), importsOf(join('src', file))]));
});

/** Scripts are loaded by their path below src/, and have others in them by a path from their own. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const all = (pattern: RegExp, from: string): readonly string[] =>
    [...text.matchAll(pattern)].map(([, path = '']) => relative(root, join(root, from, path)));
  const beside = file.endsWith('.sh')
    ? all(/^ *(?:\. |\w+=\$\(cat )(\.\.?\/\S+\.sh)\)?$/gm, dirname(file))
    : all(/^import [^;]*? from '(\.[^']+)'/gm, dirname(file));
  return [...beside, ...all(/\bshell\(\s*'([^']+\.sh)'/g, 'src')];
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
