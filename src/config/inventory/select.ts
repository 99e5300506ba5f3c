import { AppError } from '../../errors.ts';
import { Suggestions } from '../model/closest.ts';
import { globMatcher, isGlob } from '../model/glob.ts';
import { whyUnreadable, type ConfigIo } from '../model/io.ts';
import { expandRanges, hasRange, RangeMistake } from '../model/ranges.ts';
import type { Span } from '../yaml/source.ts';
import type { Host, Inventory } from '../model/types.ts';

/** Host and group names: all that a pattern can speak of. */
export type Names = Pick<Inventory, 'groups'> & { readonly hosts: ReadonlyMap<string, unknown> };

/** What is wrong with a pattern, and where in it. */
export interface PatternMistake {
  readonly span: Span;
  readonly message: string;
}

interface Term {
  readonly kind: 'add' | 'and' | 'not';
  readonly text: string;
  readonly span: Span;
}

/**
 * Host patterns with Ansible's habits. Terms are joined by `:` or `,`; `&` keeps only what is in the
 * term too, `!` takes away. All additions are made first, then the intersections, then the
 * exclusions, whatever their order. A term is `all`, `*`, a host, a group, a glob, a range
 * (`web-[01:10]`), some hosts of a group (`web[0:2]`, both ends included) or `~` and a regular expression.
 */
export function matchPattern(
  names: Names,
  pattern: string,
): { readonly hosts: ReadonlySet<string>; readonly mistakes: readonly PatternMistake[] } {
  const mistakes: PatternMistake[] = [];
  const terms = termsOf(pattern);
  const fleet: Fleet = {
    ...names,
    all: [...names.hosts.keys()],
    suggestions: new Suggestions(() => [...names.hosts.keys(), ...names.groups.keys()]),
  };
  // A limit may have as many terms as there are hosts.
  const added = new Set<string>();
  const excluded = new Set<string>();
  const intersections: ReadonlySet<string>[] = [];
  for (const { kind, text, span } of terms) {
    const result = matchTerm(fleet, text);
    if ('message' in result) mistakes.push({ span, message: result.message });
    else if (kind === 'and') intersections.push(new Set(result.hosts));
    else for (const host of result.hosts) (kind === 'add' ? added : excluded).add(host);
  }
  if (terms.length === 0)
    mistakes.push({
      span: { start: 0, end: Math.max(1, pattern.length) },
      message: 'the pattern is empty; all hosts are "all"',
    });
  const isAdding = terms.some(({ kind }) => kind === 'add');
  const kept = fleet.all.filter(
    (host) => (!isAdding || added.has(host)) && !excluded.has(host) && intersections.every((hosts) => hosts.has(host)),
  );
  return { hosts: new Set(mistakes.length > 0 ? [] : kept), mistakes };
}

/**
 * The hosts of a pattern, in the order of the inventory, further limited when `limit` is given.
 * Throws an AppError('usage') for a name that means nothing and for a pattern that leaves no host.
 */
export function selectHosts(inventory: Inventory, pattern: string, limit?: string): readonly Host[] {
  const selected = usable(inventory, pattern);
  const limited =
    limit === undefined ? selected : new Set([...usable(inventory, limit)].filter((host) => selected.has(host)));
  if (limited.size === 0)
    throw new AppError(
      'usage',
      `no host is in "${pattern}"${limit === undefined ? '' : ` and in the limit "${limit}"`}`,
      { hint: '`plimsoll inventory` lists hosts and groups' },
    );
  return [...inventory.hosts.values()].filter(({ name }) => limited.has(name));
}

function usable(names: Names, pattern: string): ReadonlySet<string> {
  const { hosts, mistakes } = matchPattern(names, pattern);
  if (mistakes.length > 0)
    throw new AppError('usage', `pattern "${pattern}": ${mistakes.map(({ message }) => message).join('; ')}`, {
      hint: '`plimsoll inventory` lists hosts and groups',
    });
  return hosts;
}

/** `--limit`: a pattern, in which `@FILE` stands for the names in a file, one a line. */
export async function readLimit(limit: string, io: Pick<ConfigIo, 'readFile'>): Promise<string> {
  const terms = await Promise.all(
    limit.split(',').map(async (term) => {
      if (!term.startsWith('@')) return term;
      const file = term.slice(1);
      let text;
      try {
        text = new TextDecoder('utf-8', { fatal: true }).decode(await io.readFile(file));
      } catch (thrown) {
        throw new AppError('usage', `--limit @${file}: ${whyUnreadable(thrown)}`);
      }
      const names = text
        .split('\n')
        .map((line) => line.replace(/#.*/, '').trim())
        .filter((line) => line !== '');
      if (names.length === 0) throw new AppError('usage', `--limit @${file}: the file names no host`);
      return names.join(',');
    }),
  );
  return terms.join(',');
}

/** Splits at `,` and `:`, but not within brackets nor within a regular expression. */
function termsOf(pattern: string): readonly Term[] {
  const pieces = pattern.matchAll(/\s*([&!]?)\s*(~[^,]*|(?:\[[^\]]*\]|[^,:[])+|\[)/g);
  return [...pieces].flatMap((match) => {
    const [whole, sign = '', body = ''] = match;
    const text = body.trim();
    const start = match.index + whole.length - body.length;
    const kind = sign === '&' ? 'and' : sign === '!' ? 'not' : 'add';
    return text === '' ? [] : [{ kind, text, span: { start, end: start + text.length } }];
  });
}

/** Of one pattern, what all its terms need. */
interface Fleet extends Names {
  readonly all: readonly string[];
  readonly suggestions: Suggestions;
}

type Matched = { readonly hosts: readonly string[] } | { readonly message: string };

function matchTerm(names: Fleet, term: string): Matched {
  const { all } = names;
  const named = hostsNamed(names, term, all);
  if (named !== undefined) return { hosts: named };
  if (term.startsWith('~')) return matchRegex(names, term.slice(1), all);
  const subscript = /^(.+)\[(-?\d+)?(:)?(\d+)?\]$/.exec(term);
  const base =
    subscript?.[1] === undefined
      ? undefined
      : (hostsNamed(names, subscript[1], all) ??
        (isGlob(subscript[1]) && !hasRange(subscript[1]) ? globbed(names, subscript[1], all) : undefined));
  if (subscript !== null && base !== undefined)
    return slice(term, base, subscript[2], subscript[3] !== undefined, subscript[4]);
  if (hasRange(term)) return matchRange(names, term, all);
  if (!isGlob(term)) return { message: unknownName(names, term) };
  const found = globbed(names, term, all);
  return found.length > 0 ? { hosts: found } : { message: `"${term}" matches no host and no group` };
}

/** A host's or a group's own name; undefined when it is neither. */
function hostsNamed(names: Names, name: string, all: readonly string[]): readonly string[] | undefined {
  if (name === 'all' || name === '*') return all;
  if (name === 'ungrouped') {
    const grouped = new Set([...names.groups.values()].flat());
    return all.filter((host) => !grouped.has(host));
  }
  return names.hosts.has(name) ? [name] : names.groups.get(name);
}

function globbed(names: Names, glob: string, all: readonly string[]): readonly string[] {
  return matching(names, globMatcher(glob), all);
}

/** Hosts whose own name or one of whose groups' names matches. */
function matching(names: Names, matches: (name: string) => boolean, all: readonly string[]): readonly string[] {
  const found = new Set([...names.groups].filter(([group]) => matches(group)).flatMap(([, hosts]) => hosts));
  return all.filter((host) => found.has(host) || matches(host));
}

function matchRegex(names: Names, source: string, all: readonly string[]): Matched {
  let regex: RegExp;
  try {
    regex = new RegExp(`^(?:${source})`, 'u');
  } catch {
    return { message: `"${source}" is not a regular expression` };
  }
  const hosts = matching(names, (name) => regex.test(name), all);
  return hosts.length > 0 ? { hosts } : { message: `"~${source}" matches no host and no group` };
}

function matchRange(names: Fleet, term: string, all: readonly string[]): Matched {
  try {
    const expanded = expandRanges(term);
    const unknown = expanded.filter((name) => !names.hosts.has(name));
    if (unknown[0] !== undefined)
      return {
        message: `"${term}": ${unknownName(names, unknown[0])}${unknown.length > 1 ? ` (and ${String(unknown.length - 1)} more)` : ''}`,
      };
    const wanted = new Set(expanded);
    return { hosts: all.filter((host) => wanted.has(host)) };
  } catch (thrown) {
    if (thrown instanceof RangeMistake) return { message: thrown.message };
    throw thrown;
  }
}

function slice(
  term: string,
  hosts: readonly string[],
  from: string | undefined,
  isSlice: boolean,
  to: string | undefined,
): Matched {
  const first = Number(from ?? 0);
  const start = first < 0 ? hosts.length + first : first;
  const end = !isSlice ? start : to === undefined ? hosts.length - 1 : Number(to);
  const found = start < 0 || (from === undefined && !isSlice) ? [] : hosts.slice(start, end + 1);
  return found.length > 0
    ? { hosts: found }
    : { message: `"${term}" names none of the ${String(hosts.length)} hosts (they are counted from 0)` };
}

function unknownName({ suggestions }: Fleet, name: string): string {
  return `there is no host or group "${name}"${suggestions.didYouMean(name)}`;
}
