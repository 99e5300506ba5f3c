import type { Jump } from '../model/types.ts';
import { WordMistake, wordsOf } from '../model/words.ts';
import { isLogin, JumpMistake, parseJumps } from './jumps.ts';

/** What options of ssh come to, as far as they change the way to a host or who one is there. */
export interface SshArgs {
  /** In the order in which they are gone through. */
  readonly jumps?: readonly Jump[];
  readonly user?: string;
  readonly port?: number;
  readonly identityFiles: readonly string[];
  /** Another file of ssh's configuration, or `none`. */
  readonly config?: string;
  readonly knownHostsFiles?: readonly string[];
  readonly identitiesOnly?: boolean;
}

/** An option that is not understood. */
export class SshArgsMistake extends Error {}

/** Options that take a value, of which only these matter here. */
const withValue = /^[BbcDEeFIiJLlmOoPpQRSWw]$/;
/** They change neither the way to a host, nor who one is there, nor whom one believes to have reached. */
const harmless = /^[46AaCfGgKkMNnqsTtVvXxYycDEeLmORS]$/;
const harmlessOptions = new Set(
  `addkeystoagent addressfamily batchmode canonicalizehostname checkhostip ciphers clearallforwardings compression
   connectionattempts connecttimeout controlmaster controlpath controlpersist dynamicforward enablesshkeysign escapechar
   exitonforwardfailure fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout
   forwardx11trusted gatewayports globalknownhostsfile gssapiauthentication gssapidelegatecredentials hashknownhosts
   hostbasedauthentication hostbasedacceptedalgorithms hostkeyalgorithms ignoreunknown ipqos kbdinteractiveauthentication
   challengeresponseauthentication kbdinteractivedevices kexalgorithms localcommand localforward loglevel macs
   nohostauthenticationforlocalhost numberofpasswordprompts passwordauthentication permitlocalcommand
   preferredauthentications pubkeyacceptedalgorithms pubkeyacceptedkeytypes pubkeyauthentication rekeylimit remoteforward
   requesttty requiredrsasize sendenv serveralivecountmax serveraliveinterval setenv streamlocalbindmask
   streamlocalbindunlink stricthostkeychecking tcpkeepalive updatehostkeys verifyhostkeydns visualhostkey
   xauthlocation`.split(/\s+/),
);

interface Collected {
  jumps?: readonly Jump[] | undefined;
  user?: string;
  port?: number;
  identityFiles: string[];
  knownHostsFiles?: readonly string[];
  identitiesOnly?: boolean;
  config?: string;
  /** Of a command of its own: what -W asks for. */
  forward?: string;
}

const maxDepth = 8;

/** The options of `ansible_ssh_*args`. Throws an SshArgsMistake for what would change the way and is not understood. */
export function readSshArgs(text: string): SshArgs {
  const { args, rest } = collect(words(text), 0);
  if (rest[0] !== undefined) throw new SshArgsMistake(`"${rest[0]}" is no option of ssh`);
  const { identityFiles, ...other } = args;
  return { identityFiles, ...defined(other) };
}

function defined({
  jumps,
  config,
  user,
  port,
  knownHostsFiles,
  identitiesOnly,
}: Omit<Collected, 'identityFiles'>): Omit<SshArgs, 'identityFiles'> {
  return {
    ...(jumps === undefined ? {} : { jumps }),
    ...(config === undefined ? {} : { config }),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(knownHostsFiles === undefined ? {} : { knownHostsFiles }),
    ...(identitiesOnly === undefined ? {} : { identitiesOnly }),
  };
}

function words(text: string): readonly string[] {
  try {
    return wordsOf(text, false).map((word) => word.text);
  } catch (thrown) {
    throw thrown instanceof WordMistake ? new SshArgsMistake(thrown.message) : thrown;
  }
}

/** Options, up to the first word that is none. Of what is said twice ssh takes the first. */
function collect(
  given: readonly string[],
  depth: number,
): { readonly args: Collected; readonly rest: readonly string[] } {
  if (depth > maxDepth) throw new SshArgsMistake('it goes through too many machines');
  const args: Collected = { identityFiles: [] };
  const left = [...given];
  for (let next = left[0]; next?.startsWith('-') === true && next !== '-'; next = left[0]) {
    left.shift();
    if (next === '--') break;
    for (let at = 1; at < next.length; at += 1) {
      const letter = next[at] ?? '';
      if (!withValue.test(letter)) {
        if (!harmless.test(letter)) throw new SshArgsMistake(`the option -${letter} is not understood`);
        continue;
      }
      const value = at + 1 < next.length ? next.slice(at + 1) : left.shift();
      if (value === undefined) throw new SshArgsMistake(`the option -${letter} lacks its value`);
      flag(args, letter, value, depth);
      break;
    }
  }
  return { args, rest: left };
}

function flag(args: Collected, letter: string, value: string, depth: number): void {
  if (letter === 'i') args.identityFiles.push(value);
  else if (letter === 'l') args.user ??= userOf(value);
  else if (letter === 'p') args.port ??= portOf(value);
  else if (letter === 'F')
    args.config = value; // The last one counts.
  else if (letter === 'J') args.jumps ??= jumpsOf(value);
  else if (letter === 'W') args.forward ??= value;
  else if (letter === 'o') option(args, value, depth);
  else if (!harmless.test(letter)) throw new SshArgsMistake(`the option -${letter} ${value} is not understood`);
}

function option(args: Collected, text: string, depth: number): void {
  const [, name = '', raw = ''] = /^\s*([A-Za-z0-9]+)\s*(?:\s|=)\s*([^]*)$/.exec(text) ?? [];
  const key = name.toLowerCase();
  const value = raw.trim().replace(/^"([^"]*)"$/, '$1');
  const no = value.toLowerCase() === 'none';
  switch (key) {
    case 'user':
      args.user ??= userOf(value);
      return;
    case 'port':
      args.port ??= portOf(value);
      return;
    case 'identityfile':
      if (!no) args.identityFiles.push(value);
      return;
    case 'identitiesonly':
      args.identitiesOnly ??= /^(?:yes|true)$/i.test(value);
      return;
    case 'proxyjump':
      args.jumps ??= no ? [] : jumpsOf(value);
      return;
    case 'proxycommand':
      args.jumps ??= no ? [] : jumpsOfCommand(depth === 0 ? value : withinCommand(value), depth);
      return;
    case 'userknownhostsfile': {
      // Whoever wants no host key checked is not followed: it is checked against the usual files.
      const files = words(value).filter((file) => file !== '/dev/null' && file !== 'none');
      if (files.length > 0) args.knownHostsFiles ??= files;
      return;
    }
    default:
      if (!harmlessOptions.has(key)) throw new SshArgsMistake(`the option -o ${text} is not understood`);
  }
}

/** In a command ssh has taken the tokens for itself, but for those that are doubled. */
function withinCommand(command: string): string {
  if (/(?<!%)(?:%%)*%[hp]/.test(command))
    throw new SshArgsMistake(`ProxyCommand=${command} in another ProxyCommand is not understood: write %%h:%%p in it`);
  return command.replaceAll('%%', '%');
}

function userOf(text: string): string {
  if (!isLogin(text)) throw new SshArgsMistake(`"${text}" is no user`);
  return text;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^[0-9]+$/.test(text) || port < 1 || port > 65_535) throw new SshArgsMistake(`"${text}" is no port`);
  return port;
}

function jumpsOf(text: string): readonly Jump[] {
  try {
    return parseJumps(text);
  } catch (thrown) {
    throw thrown instanceof JumpMistake ? new SshArgsMistake(thrown.message) : thrown;
  }
}

/** `[user@]host`, or an address of the kind `ssh://…`; only in such a one does a port stand behind a colon. */
function destination(text: string): Jump {
  const [, user = '', address] = /^([^/]*@)?([^@[\]/]*:[^@[\]/]*:[^@[\]/]*)$/.exec(text) ?? [];
  const [jump, ...others] = jumpsOf(address === undefined ? text : `${user}[${address}]`);
  if (jump === undefined || others.length > 0 || (jump.port !== undefined && !text.startsWith('ssh://')))
    throw new SshArgsMistake(`"${text}" is not [user@]host`);
  return jump;
}

/**
 * What a ProxyCommand goes through when going through it is all that it does: `ssh … -W %h:%p [user@]bastion`, or the
 * same by netcat there. Undefined for whatever else it may be.
 */
export function jumpsOfProxyCommand(command: string): readonly Jump[] | undefined {
  try {
    return jumpsOfCommand(command, 0);
  } catch (thrown) {
    if (thrown instanceof SshArgsMistake) return undefined;
    throw thrown;
  }
}

/** A shell reads the command: what it would make something else of. */
const forShells = /[$`;&|<>(){}\\*?\n]/;

function jumpsOfCommand(command: string, depth: number): readonly Jump[] {
  const bare = command.replace(/^\s*exec\s+/, '').replace(/\s+2>\s*\/dev\/null\s*$/, '');
  const complain = (): SshArgsMistake =>
    new SshArgsMistake(`ProxyCommand=${command} is not understood; what is: ssh -W %h:%p [user@]bastion`);
  if (forShells.test(bare)) throw complain();
  const [program = '', ...given] = words(bare);
  if (program.split('/').at(-1) !== 'ssh') throw complain();
  const first = collect(given, depth + 1);
  const [to, ...behind] = first.rest;
  if (to === undefined) throw complain();
  // Options may stand behind the destination, too.
  const { args: second, rest } = collect(behind, depth + 1);
  const args: Collected = {
    ...second,
    ...defined(first.args),
    identityFiles: [...first.args.identityFiles, ...second.identityFiles],
  };
  const forward = first.args.forward ?? second.forward;
  const isThrough =
    forward === undefined
      ? /^(?:nc|netcat|ncat)(?: -(?:w ?[0-9]+|q ?[0-9]+|[0-9]))*(?: --)? %h %p$/.test(rest.join(' '))
      : /^(?:%h|\[%h\]):%p$/.test(forward) && rest.length === 0;
  if (!isThrough) throw complain();
  const named = destination(to);
  // Whoever stands first counts: options, the destination, the options behind it.
  const user = first.args.user ?? named.user ?? second.user;
  const port = first.args.port ?? named.port ?? second.port;
  const last: Jump = {
    host: named.host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(args.identityFiles.length === 0 ? {} : { identityFiles: args.identityFiles }),
  };
  const file = second.config ?? first.args.config;
  const config = file === undefined ? {} : { file };
  const jumps = [...(args.jumps ?? []), last].map((jump) => ({ ...jump, config: jump.config ?? config }));
  // Of the tokens of ssh_config(5) only those are known here that stand for what is behind.
  if (JSON.stringify(jumps).includes('%')) throw complain();
  return jumps;
}
