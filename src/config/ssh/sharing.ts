import { matchesPatterns } from '../../values/host-patterns.ts';
import { configLines, plainPattern } from './config-lines.ts';
import { mayAskProgram, readMatchLine } from './match-lines.ts';
import type { SshValues, SshWay } from './ssh-answer.ts';
import type { SshQuestion, SshReply } from './ssh-question.ts';

/** Which questions get the same answer, and whether those of different users do. */
export interface Classes {
  /** Undefined where nothing is certain of it. */
  of(question: SshQuestion): string | undefined;
  readonly isByUser: boolean;
}

/**
 * What ssh says about a name depends on it by the Host and Match lines that match it, by the tokens for it, and by what
 * canonical names, included files and programs make of it. Where the files that ssh has read have none of the last,
 * names that the same lines match differ by tokens only, and two of them tell whether there are any: whatever holds
 * one, be it a hash, is not the same for two names, users and ports.
 */
export function classesOf(texts: readonly string[]): Classes | undefined {
  const files = texts.map(configLines);
  const lines = files.flatMap((file) => file ?? []);
  if (files.includes(undefined) || !lines.every(isCertain)) return undefined;
  const argsOf = (keyword: string): readonly (readonly string[])[] =>
    lines.filter((line) => line.keyword === keyword).map(({ args = [] }) => args);
  const matchLines = argsOf('match').flatMap((args) => readMatchLine(args) ?? []);
  const criteria = matchLines.flatMap((line) => line.criteria);
  const isByUser = criteria.some(({ kind }) => kind === 'user');
  const isByHost = criteria.some(({ kind }) => kind === 'host') || matchLines.some(({ isFinal }) => isFinal);
  // What a user is called by a token is not known here, and what a name comes to only where it is plain.
  if (isByUser && argsOf('user').some((args) => /[%$]/.test(args.join()))) return undefined;
  const hostNames = isByHost ? argsOf('hostname').map((args) => args.join(' ')) : [];
  if (!hostNames.every((template) => /^(?:[a-z0-9._-]|%h)+$/.test(template))) return undefined;
  const lists = [
    ...argsOf('host'),
    ...criteria.flatMap((criterion) => (criterion.kind === 'host' ? [criterion.patterns] : [])),
  ];
  const of = ({ name, user, port, hostName, config }: SshQuestion): string | undefined => {
    if (!isPlainName(name) || (hostName !== undefined && !isPlainName(hostName))) return undefined;
    // All that a line may take it for: how far ssh has come then makes no difference.
    const names = isByHost
      ? [name, hostName ?? name, ...hostNames.map((template) => template.replaceAll('%h', () => name))]
      : [name];
    if (matchLines.some((line) => mayAskProgram(line, names))) return undefined;
    const matching = names.map((one) => lists.map((list) => (matchesPatterns(list, one) ? '1' : '0')).join(''));
    const given = [user, port, hostName].map((value) => (value === undefined ? '0' : '1')).join('');
    const isNumber = [isAddress(name), hostName !== undefined && isAddress(hostName)];
    return JSON.stringify([config, matching, given, isNumber, isByUser ? user : undefined]);
  };
  return { of, isByUser };
}

function isCertain({ keyword, args, rest }: { keyword: string; args: readonly string[] | undefined; rest: string }) {
  switch (keyword) {
    case 'host':
      return args?.every((pattern) => plainPattern.test(pattern)) === true;
    case 'match':
      return args !== undefined && readMatchLine(args) !== undefined;
    case 'include':
      return args !== undefined && !/[%$]/.test(rest);
    case 'hostname':
    case 'user':
      return args !== undefined;
    case 'canonicalizehostname':
      return args?.length === 1 && args[0] === 'no';
    case 'canonicalizepermittedcnames':
      return false;
    default:
      return true;
  }
}

/** Names of which ssh makes nothing else: in lower case, and an IPv4 address only in its usual form. */
function isPlainName(name: string): boolean {
  return isAddress(name) || (/^[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_])?$/.test(name) && /[g-wyz_-]/.test(name));
}

function isAddress(name: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(name) && !/(?:^|\.)0\d/.test(name);
}

/** A second question of the class of the first, which differs from it in all that it can differ in. */
export function counterpart(
  first: SshQuestion,
  other: SshQuestion,
  { isByUser }: Pick<Classes, 'isByUser'>,
): SshQuestion {
  return {
    ...other,
    ...(first.user === undefined || isByUser ? {} : { user: `${first.user}-2` }),
    ...(first.port === undefined ? {} : { port: first.port === 65_535 ? 65_534 : first.port + 1 }),
  };
}

const ownLines = new Set(['host', 'hostname', 'user', 'port']);

/** What answers every question of a class, once it has been seen to answer two; undefined where it does not. */
export function sharedReply(
  one: readonly [SshQuestion, SshReply],
  two: readonly [SshQuestion, SshReply],
): ((question: SshQuestion) => SshReply) | undefined {
  const [[first, a], [second, b]] = [one, two];
  if (a.way === undefined || b.way === undefined || textOf(a.values) !== textOf(b.values)) return undefined;
  const hostname = ownHostname(first, a.way);
  if (hostname === undefined || hostname !== ownHostname(second, b.way)) return undefined;
  const takes = ({ user, port }: SshQuestion, way: SshWay): boolean =>
    (user === undefined || way.user === user) && (port === undefined || way.port === port);
  if (!takes(first, a.way) || !takes(second, b.way)) return undefined;
  if (first.user === undefined && a.way.user !== b.way.user) return undefined;
  if (first.port === undefined && a.way.port !== b.way.port) return undefined;
  const { way } = a;
  return ({ name, user, port, hostName }) => ({
    ...a,
    way: {
      ...way,
      hostname: hostName ?? hostname.replaceAll(nameHere, () => name),
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port }),
    },
  });
}

function textOf(values: SshValues): string {
  return JSON.stringify([...values].filter(([key]) => !ownLines.has(key)));
}

const nameHere = '\0';

/** The hostname with a mark where the name stands in it; undefined where that is in doubt. */
function ownHostname({ name, hostName }: SshQuestion, { hostname }: SshWay): string | undefined {
  if (hostName !== undefined) return hostname === hostName ? nameHere : undefined;
  return hostname.split(name).length > 2 ? undefined : hostname.replace(name, () => nameHere);
}
