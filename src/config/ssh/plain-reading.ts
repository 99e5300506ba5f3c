import { join } from 'node:path';
import { matchesPatterns } from '../../values/host-patterns.ts';
import { type ConfigIo, expandHome, whyUnreadable } from '../model/io.ts';
import { type ConfigLine, configLines, plainPattern } from './config-lines.ts';
import { wayOf } from './ssh-answer.ts';
import type { SshQuestion, SshReply } from './ssh-question.ts';

/**
 * What the files of ssh's configuration say in their Host blocks, for a machine that has no `ssh` to ask. What takes
 * more than that to know (Match, Include, quotes within words), where it could matter to a host, is why there is no
 * answer for it.
 */
export async function readPlainly(question: SshQuestion, io: ConfigIo): Promise<SshReply> {
  const files =
    question.config === undefined
      ? [join(io.homeDir, '.ssh', 'config'), '/etc/ssh/ssh_config']
      : question.config === 'none'
        ? []
        : [expandHome(question.config, io)];
  const values = new Map<string, readonly string[]>();
  const heard = { values, ran: [], applied: [] };
  const read: string[] = [];
  const set = (key: string, value: string | undefined): void => {
    if (value !== undefined && !values.has(key)) values.set(key, [value]);
  };
  set('user', question.user);
  set('port', question.port === undefined ? undefined : String(question.port));
  set('hostname', question.hostName);
  for (const file of files) {
    const text = await textOf(file, io, question.config !== undefined);
    if (text === undefined) continue;
    if ('why' in text) return cannot(heard, read, `${file} cannot be read: ${text.why}`, question);
    read.push(file);
    const trouble = apply(file, text.text, question.name, values);
    if (trouble !== undefined) return cannot(heard, read, trouble, question);
  }
  const hostname = values.get('hostname')?.[0] ?? question.name;
  const expanded = hostname.replaceAll(/%([h%])/g, (_, token) => (token === 'h' ? question.name : '%'));
  values.set('hostname', [question.hostName ?? expanded.toLowerCase()]);
  const alias = values.get('hostkeyalias')?.[0];
  if (alias !== undefined) values.set('hostkeyalias', [alias.toLowerCase()]);
  set('user', io.userName);
  set('port', '22');
  try {
    return { ...heard, files: read, way: wayOf(values) };
  } catch (thrown) {
    return cannot(heard, read, thrown instanceof Error ? thrown.message : String(thrown), question);
  }
}

function cannot(
  heard: Pick<SshReply, 'values' | 'ran' | 'applied'>,
  files: readonly string[],
  why: string,
  { name }: SshQuestion,
): SshReply {
  return {
    ...heard,
    files,
    failed: `there is no ssh program here to ask what its configuration has for ${name}, and ${why}`,
    hint: "Install OpenSSH's client, or write the way to the host into the inventory, with ssh_config: none.",
  };
}

async function textOf(
  file: string,
  io: ConfigIo,
  mustExist: boolean,
): Promise<{ readonly text: string } | { readonly why: string } | undefined> {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await io.readFile(file)) };
  } catch (thrown) {
    const isGone = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    return isGone && !mustExist ? undefined : { why: whyUnreadable(thrown) };
  }
}

/** Of these every line counts; of all others the first. */
const added = new Set(['identityfile', 'certificatefile']);
/** Whichever of the two comes first is the way. */
const proxies = ['proxyjump', 'proxycommand'];

/** Adds what a file says of a name; returns what in it is not certain. */
function apply(file: string, text: string, name: string, values: Map<string, readonly string[]>): string | undefined {
  const lines = configLines(text);
  if (lines === undefined) return `${file} has a line without a plain keyword`;
  let isActive = true;
  const fresh = new Map<string, string[]>();
  for (const { keyword, args, rest, line } of lines) {
    const place = `${file}:${String(line)}`;
    if (keyword === 'host') {
      if (args?.every((pattern) => plainPattern.test(pattern)) !== true)
        return `${place} is not certain to be understood`;
      isActive = matchesPatterns(args, name);
    } else if (keyword === 'match') {
      if (args?.length !== 1 || args[0]?.toLowerCase() !== 'all')
        return `${place} is a Match line, which only ssh decides`;
      isActive = true;
    } else if (isActive) {
      if (keyword === 'include') return `${place} includes other files, which only ssh finds`;
      if (keyword.startsWith('canonical')) return `${place} makes names canonical, which only ssh does`;
      const value = valueOf({ keyword, args, rest });
      if (value === undefined) return `${place} is not certain to be understood`;
      const list = fresh.get(keyword);
      if (list === undefined) fresh.set(keyword, [value]);
      else list.push(value);
    }
  }
  if (proxies.every((keyword) => fresh.has(keyword))) return `${file} has both a ProxyJump and a ProxyCommand for it`;
  const hadProxy = proxies.some((keyword) => values.has(keyword));
  for (const [keyword, list] of fresh) {
    const before = values.get(keyword) ?? [];
    if (added.has(keyword)) values.set(keyword, [...before, ...list]);
    else if (before.length === 0 && !(hadProxy && proxies.includes(keyword))) values.set(keyword, list.slice(0, 1));
  }
  return undefined;
}

function valueOf({ keyword, args, rest }: Pick<ConfigLine, 'keyword' | 'args' | 'rest'>): string | undefined {
  if (keyword === 'proxycommand' || keyword === 'knownhostscommand') return rest;
  return args === undefined || args.length === 0 ? undefined : args.join(' ');
}
