import { matchesPatterns } from '../../values/host-patterns.ts';
import { plainPattern } from './config-lines.ts';

/** What a Match line asks for, as far as it is not the same for everybody. */
export interface MatchLine {
  readonly criteria: readonly Criterion[];
  /** It is asked once more, by what the name has come to (`final`). */
  readonly isFinal: boolean;
}

type Criterion =
  | { readonly kind: 'host' | 'user'; readonly not: boolean; readonly patterns: readonly string[] }
  /** A program that is told of the host, whose answer only it knows. */
  | { readonly kind: 'program' };

/** They come to the same for every question that is asked of one configuration at one time. */
const sameForAll = new Set(['localuser', 'tagged', 'localnetwork', 'version', 'sessiontype', 'command']);
const withoutValue = new Set(['all', 'canonical', 'final']);
/** Tokens that do not stand for anything of the host. */
const ownTokens = /%[%diLlu]/g;

/** Undefined where it is not certain how ssh reads it. */
export function readMatchLine(args: readonly string[]): MatchLine | undefined {
  const criteria: Criterion[] = [];
  let isFinal = false;
  const left = [...args];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const not = word.startsWith('!');
    const key = word.slice(not ? 1 : 0).toLowerCase();
    if (withoutValue.has(key)) {
      isFinal ||= key === 'final';
      continue;
    }
    const value = left.shift();
    if (value === undefined) return undefined;
    if (key === 'host' || key === 'originalhost') {
      const patterns = value.toLowerCase().split(',');
      if (!patterns.every((pattern) => plainPattern.test(pattern))) return undefined;
      criteria.push({ kind: 'host', not, patterns });
    } else if (key === 'user') {
      const patterns = value.split(',');
      if (!patterns.every((pattern) => plainPattern.test(pattern))) return undefined;
      criteria.push({ kind: 'user', not, patterns });
    } else if (key === 'exec') {
      if (value.replaceAll(ownTokens, '').includes('%')) criteria.push({ kind: 'program' });
    } else if (!sameForAll.has(key)) return undefined;
  }
  return { criteria, isFinal };
}

/** Whether a program may be asked about a host that goes by one of these names: what stands in front of it may rule that out. */
export function mayAskProgram({ criteria }: MatchLine, names: readonly string[]): boolean {
  const at = criteria.findIndex(({ kind }) => kind === 'program');
  return (
    at >= 0 &&
    criteria
      .slice(0, at)
      .every((one) => one.kind !== 'host' || names.some((name) => matchesPatterns(one.patterns, name) !== one.not))
  );
}
