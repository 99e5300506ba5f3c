import { join } from 'node:path';
import type { Target } from '../../transport/transport.ts';
import type { ConfigIo } from '../model/io.ts';
import type { Way, WayRow, Written } from '../model/types.ts';
import type { SshWay } from './ssh-answer.ts';
import type { Configured, SshReply } from './ssh-question.ts';
import { expandTokens, type Tokens, UnknownToken } from './tokens.ts';
import { type Unserved, whyUnserved } from './unserved.ts';

/** What the laptop itself has. */
export interface Laptop {
  readonly io: ConfigIo;
  /** The key files that are tried where nobody names one. */
  readonly keys: readonly string[];
}

/** What ssh says of a stop: by its name, and by its address where the inventory has one; the name comes first. */
export interface Said {
  readonly replies: readonly SshReply[];
  /** What it says where nothing is configured. */
  readonly defaults: SshWay | undefined;
}

export interface Stop {
  readonly name: string;
  readonly way: Way;
}

/** A target without the hosts in front of it, and what a person wants to know of it. */
export interface Described {
  readonly target: Omit<Target, 'jump'>;
  readonly rows: readonly WayRow[];
  /** ssh's own words for how it gets there, where it has any. */
  readonly proxy: { readonly jump?: string; readonly command?: string };
}

const bySsh = 'ssh config';
const byDefault = 'default';
const defaultTimeoutMs = 10_000;

/** The inventory's values, then what is configured for ssh, then the defaults. */
export function describe({ name, way }: Stop, said: Said, { io, keys }: Laptop): Described {
  const rows: WayRow[] = [];
  const troubles: string[] = [];
  const configured = configuredBy(said);
  const choose = <Value>(
    key: string,
    written: Written<Value> | undefined,
    ofSsh: Value | undefined,
    usual: Value,
    print: (value: Value) => string = String,
  ): Value => {
    const [value, from] =
      written !== undefined
        ? [written.value, sourceOf(written)]
        : ofSsh !== undefined
          ? [ofSsh, bySsh]
          : [usual, byDefault];
    rows.push({ key, value: print(value), from });
    return value;
  };
  const hostname = said.replies.find(({ way: known }) => known !== undefined)?.way?.hostname;
  const destination = way.destination?.value ?? name;
  const another = hostname === destination.toLowerCase() ? undefined : hostname;
  const address = choose(
    'address',
    way.address ?? (another === undefined ? way.destination : undefined),
    another,
    name,
  );
  const port = choose('port', way.port, configured('port'), 22);
  const user = choose('user', way.user, configured('user'), io.userName);
  const alias = configured('hostkeyalias')?.toLowerCase();
  const tokens: Tokens = {
    home: io.accountHome ?? io.homeDir,
    hostname: address,
    name: destination,
    keyName: alias ?? destination,
    user,
    port,
    localUser: io.userName,
    env: io.env,
  };
  const expand = (key: string, texts: readonly string[] | undefined): readonly string[] | undefined => {
    try {
      return texts?.filter((text) => text.toLowerCase() !== 'none').map((text) => expandTokens(text, tokens));
    } catch (thrown) {
      if (!(thrown instanceof UnknownToken)) throw thrown;
      troubles.push(`${key}: ${thrown.message}`);
      return undefined;
    }
  };
  const identityFiles = choose(
    'identity_file',
    way.identityFiles,
    expand('IdentityFile', configured('identityfile')),
    keys,
    printFiles,
  );
  const identitiesOnly = configured('identitiesonly');
  if (identitiesOnly === true) rows.push({ key: 'IdentitiesOnly', value: 'yes', from: bySsh });
  const agentOfSsh = configured('identityagent');
  const agent = choose(
    'agent',
    way.agent,
    agentOfSsh === undefined ? undefined : agentOfSsh.toLowerCase() !== 'none',
    true,
  );
  const agentSocket = agent ? socketOf(agentOfSsh, expand, io) : undefined;
  if (agentSocket !== undefined) rows.push({ key: 'IdentityAgent', value: agentSocket, from: bySsh });
  const own = filesOf(configured('userknownhostsfile'), troubles);
  const everyones = filesOf(configured('globalknownhostsfile'), troubles);
  const knownHostsOfSsh = [
    ...(expand('UserKnownHostsFile', own) ?? [join(io.homeDir, '.ssh', 'known_hosts')]),
    ...(expand('GlobalKnownHostsFile', everyones) ?? ['/etc/ssh/ssh_known_hosts']),
  ];
  const knownHostsFiles = choose(
    'known_hosts_file',
    way.knownHostsFiles,
    own === undefined && everyones === undefined ? undefined : knownHostsOfSsh,
    knownHostsOfSsh,
    printFiles,
  );
  if (alias !== undefined) rows.push({ key: 'HostKeyAlias', value: alias, from: bySsh });
  const timeout = (configured('connecttimeout') ?? 0) * 1000;
  const connectTimeoutMs = choose(
    'connect_timeout',
    way.connectTimeoutMs,
    // ssh's is for less than a whole login: a shorter one would leave out hosts that ssh reaches.
    timeout > defaultTimeoutMs ? timeout : undefined,
    defaultTimeoutMs,
    (value) => `${String(value / 1000)}s`,
  );
  const interval = configured('serveraliveinterval');
  const count = configured('serveralivecountmax') ?? said.defaults?.serveralivecountmax ?? 3;
  if (interval !== undefined)
    rows.push({
      key: 'ServerAliveInterval',
      value: `${String(interval)}, ServerAliveCountMax ${String(count)}`,
      from: bySsh,
    });
  const hashKnownHosts = configured('hashknownhosts');
  const { becomeUser, becomeMethod, commandTimeoutMs, stateDirectory } = way;
  const isRoot = (way.isRootOnlyIfSaid === true ? way.user?.value : user) === 'root' && becomeUser === 'root';
  const jumpsAreWritten = way.jumps !== undefined;
  const jump = jumpsAreWritten ? undefined : configured('proxyjump');
  const command = jumpsAreWritten ? undefined : configured('proxycommand');
  const unserved: Unserved | undefined = whyUnserved(name, { replies: said.replies, configured, troubles });
  return {
    rows,
    proxy: { ...(jump === undefined ? {} : { jump }), ...(command === undefined ? {} : { command }) },
    target: {
      name,
      address,
      port,
      user,
      identityFiles,
      agent,
      ...(agentSocket === undefined ? {} : { agentSocket }),
      ...(identitiesOnly === true ? { identitiesOnly } : {}),
      knownHostsFiles,
      ...(alias === undefined ? {} : { hostKeyAlias: alias }),
      ...(hashKnownHosts === true ? { hashKnownHosts } : {}),
      ...(interval === undefined ? {} : { keepalive: { intervalMs: interval * 1000, count: Math.max(1, count) } }),
      ...(unserved === undefined ? {} : { unserved }),
      become: !way.become || isRoot ? 'none' : (becomeMethod ?? 'sudo'),
      ...(becomeMethod === undefined ? {} : { becomeMethod }),
      becomeUser,
      connectTimeoutMs,
      commandTimeoutMs,
      stateDirectory,
    },
  };
}

function configuredBy({ replies, defaults }: Said): Configured {
  return (key) => {
    const usual = JSON.stringify(defaults?.[key]);
    return replies.find(({ way }) => way !== undefined && JSON.stringify(way[key]) !== usual)?.way?.[key];
  };
}

export function sourceOf({ place, from }: Written<unknown>): string {
  return from ?? (place === undefined ? 'command line' : `${place.file}:${String(place.line)}`);
}

function printFiles(files: readonly string[]): string {
  return files.length === 0 ? 'none' : files.join(', ');
}

/** `ssh -G` joins them by spaces, and does not say where a name holds one itself. */
function filesOf(text: string | undefined, troubles: string[]): readonly string[] | undefined {
  const [first, ...others] = text?.split(/\s+/) ?? [];
  if (first === undefined) return undefined;
  if (!others.every((file) => /^(?:[~/%$]|[A-Za-z]:[\\/]|none$)/.test(file)))
    troubles.push(`the names of its known_hosts files cannot be told apart (${text ?? ''})`);
  return [first, ...others];
}

/** `SSH_AUTH_SOCK` and `$NAME` are variables of the environment. */
function socketOf(
  text: string | undefined,
  expand: (key: string, texts: readonly string[]) => readonly string[] | undefined,
  { env }: ConfigIo,
): string | undefined {
  if (text === undefined || text === 'SSH_AUTH_SOCK') return undefined;
  const variable = /^\$(\w+)$/.exec(text)?.[1];
  return variable === undefined ? expand('IdentityAgent', [text])?.[0] : (env[variable] ?? `$${variable}`);
}
