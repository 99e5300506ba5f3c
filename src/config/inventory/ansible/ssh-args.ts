import { WordMistake, wordsOf } from './words.ts';

/** A machine on the way, as options of ssh name it. */
export interface Hop {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  readonly identityFiles: readonly string[];
}

/** What options of ssh come to, as far as they change the way to a host or who one is there. */
export interface SshArgs {
  /** In the order in which they are gone through. */
  readonly hops?: readonly Hop[];
  readonly user?: string;
  readonly port?: number;
  readonly identityFiles: readonly string[];
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
  hops?: readonly Hop[] | undefined;
  user?: string;
  port?: number;
  identityFiles: string[];
  knownHostsFiles?: readonly string[];
  identitiesOnly?: boolean;
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
  hops,
  user,
  port,
  knownHostsFiles,
  identitiesOnly,
}: Omit<Collected, 'identityFiles'>): Omit<SshArgs, 'identityFiles'> {
  return {
    ...(hops === undefined ? {} : { hops }),
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
  else if (letter === 'l') args.user ??= value;
  else if (letter === 'p') args.port ??= portOf(value);
  else if (letter === 'J') args.hops ??= jumpsOf(value);
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
      args.user ??= value;
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
      args.hops ??= no ? [] : jumpsOf(value);
      return;
    case 'proxycommand':
      args.hops ??= no ? [] : commandHops(value, depth);
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

function portOf(text: string): number {
  const port = Number(text);
  if (!/^[0-9]+$/.test(text) || port < 1 || port > 65_535) throw new SshArgsMistake(`"${text}" is no port`);
  return port;
}

function jumpsOf(text: string): readonly Hop[] {
  return text.split(',').map((one) => ({ ...destination(one), identityFiles: [] }));
}

/** `[user@]host[:port]`, or an address of the kind `ssh://…`. */
function destination(text: string): Omit<Hop, 'identityFiles'> {
  const bare = text.replace(/^ssh:\/\//, '');
  const [, user, bracketed, plain, port] =
    /^(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:@[\]]+|[^@[\]]*:[^@[\]]*:[^@[\]]*))(?::([0-9]+))?$/.exec(bare) ?? [];
  const host = bracketed ?? plain;
  if (
    host === undefined ||
    !/^[A-Za-z0-9_:][A-Za-z0-9._:%-]*$/.test(host) ||
    (user !== undefined && !/^[^\s-]\S*$/.test(user))
  )
    throw new SshArgsMistake(`"${text}" is not [user@]host[:port]`);
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port: portOf(port) }) };
}

/** `ssh … -W %h:%p bastion`, or the same by netcat there: all that such a command does is to go through one more machine. */
function commandHops(command: string, depth: number): readonly Hop[] {
  const [program = '', ...given] = words(command.replace(/^\s*exec\s+/, ''));
  const complain = (): SshArgsMistake =>
    new SshArgsMistake(`ProxyCommand=${command} is not understood; what is: ssh -W %h:%p [user@]bastion`);
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
  const { user, port, ...place } = destination(to);
  const hop: Hop = {
    ...place,
    ...((user ?? args.user) === undefined ? {} : { user: user ?? args.user ?? '' }),
    ...((port ?? args.port) === undefined ? {} : { port: port ?? args.port ?? 22 }),
    identityFiles: args.identityFiles,
  };
  return [...(args.hops ?? []), hop];
}
