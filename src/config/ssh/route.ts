import type { Target } from '../../transport/transport.ts';
import type { Jump, Way, WayRow, Written } from '../model/types.ts';
import { isDestination, jumpOfCommand, JumpMistake, parseJumps, printJump } from './jumps.ts';
import type { SshWay } from './ssh-answer.ts';
import type { SshQuestion, SshReply } from './ssh-question.ts';
import { describe, type Laptop, sourceOf, type Stop } from './target-of-way.ts';
import { byProxyCommand, inCircle } from './unserved.ts';

/** What is known of ssh's configuration so far. */
export interface Knowledge {
  reply(question: SshQuestion): SshReply | undefined;
  readonly defaults: SshWay | undefined;
}

/** Before ssh has been asked. */
export const nothingKnown: Knowledge = { reply: () => undefined, defaults: undefined };

export interface ShownStop {
  readonly name: string;
  readonly rows: readonly WayRow[];
  /** What ssh's configuration applies to it, in ssh's words. */
  readonly applied: readonly string[];
  readonly unserved: string | undefined;
}

export interface Route {
  readonly target: Target;
  /** The host first, then what it is behind, up to the laptop. */
  readonly stops: readonly ShownStop[];
}

/** Who finds the ways. */
export interface Finder {
  /** The hosts of the inventory: a jump by such a name is that host. */
  readonly ways: ReadonlyMap<string, Way>;
  readonly known: Knowledge;
  readonly laptop: Laptop;
}

export function routeTo(name: string, way: Way, finder: Finder): Route {
  return follow({ name, way }, undefined, [], finder);
}

/** `through`: the hosts in front of it, where they have been said; otherwise it says so itself. */
function follow(
  stop: Stop,
  through: Written<readonly Jump[]> | undefined,
  trail: readonly Stop[],
  finder: Finder,
): Route {
  const asked = questionsOf(stop).flatMap((question) => finder.known.reply(question) ?? []);
  const { target, rows, proxy } = describe(
    through === undefined ? stop : { ...stop, way: { ...stop.way, jumps: through } },
    { replies: asked, defaults: finder.known.defaults },
    finder.laptop,
  );
  const shown = (extra: Partial<ShownStop> = {}, more: readonly WayRow[] = []): ShownStop => ({
    name: stop.name,
    rows: [...rows, ...more],
    applied: [...new Set(asked.flatMap(({ applied }) => applied))],
    unserved: target.unserved?.message,
    ...extra,
  });
  const ended = (unserved: NonNullable<Target['unserved']>, more: readonly WayRow[] = []): Route => ({
    target: { ...target, unserved: target.unserved ?? unserved },
    stops: [shown({ unserved: (target.unserved ?? unserved).message }, more)],
  });
  const known = [...trail, stop];
  const jumps = through ?? stop.way.jumps ?? jumpsOf(stop.name, proxy);
  if ('message' in jumps) return ended(jumps);
  const last = jumps.value.at(-1);
  if (last === undefined) return { target, stops: [shown()] };
  const row = { key: 'proxy_jump', value: jumps.value.map(printJump).join(','), from: sourceOf(jumps) };
  const next = stopOf(last, jumps, stop, finder);
  if (known.some((one) => idOf(one) === idOf(next)))
    return ended(inCircle([...known, next].map(({ name }) => name)), [row]);
  const front = jumps.value.slice(0, -1);
  const route = follow(next, front.length === 0 ? undefined : { ...jumps, value: front }, known, finder);
  return { target: { ...target, jump: route.target }, stops: [shown({}, [row]), ...route.stops] };
}

/** `ofCommand`: of a program of its own, which is told of another file of ssh's configuration, or of none. */
type SaidJumps = Written<readonly Jump[]> & { readonly ofCommand?: { readonly config?: string } };

function jumpsOf(
  name: string,
  { jump, command }: { readonly jump?: string; readonly command?: string },
): SaidJumps | NonNullable<Target['unserved']> {
  if (command !== undefined) {
    const through = jumpOfCommand(command);
    return through === undefined
      ? byProxyCommand(name, command)
      : { value: [through.jump], from: 'ssh config', ofCommand: through };
  }
  try {
    return { value: jump === undefined ? [] : parseJumps(jump), from: 'ssh config' };
  } catch (thrown) {
    if (!(thrown instanceof JumpMistake)) throw thrown;
    return {
      message: `its ProxyJump is not understood: ${thrown.message}`,
      hint: `Write proxy_jump for ${name} into the inventory.`,
    };
  }
}

/** A host of the inventory by that name; any other one is reached as ssh by itself would. */
function stopOf(
  { host, user, port }: Jump,
  { place, from, ofCommand }: SaidJumps,
  { way: behind }: Stop,
  { ways }: Finder,
): Stop {
  const origin = { ...(place === undefined ? {} : { place }), ...(from === undefined ? {} : { from }) };
  const said = {
    ...(user === undefined ? {} : { user: { value: user, ...origin } }),
    ...(port === undefined ? {} : { port: { value: port, ...origin } }),
  };
  const own = ways.get(host);
  if (own !== undefined) return { name: host, way: { ...own, ...said } };
  const { knownHostsFiles, sshConfig, connectTimeoutMs, commandTimeoutMs, stateDirectory } = behind;
  return {
    name: host,
    way: {
      ...said,
      connectTimeoutMs,
      commandTimeoutMs,
      stateDirectory,
      sshConfig:
        ofCommand === undefined
          ? sshConfig
          : ofCommand.config === undefined
            ? undefined
            : { value: ofCommand.config, from: 'ssh config' },
      // What the command line says holds for every host.
      knownHostsFiles: knownHostsFiles?.place === undefined ? knownHostsFiles : undefined,
      become: false,
      becomeUser: 'root',
    },
  };
}

function idOf({ name, way: { user, port } }: Stop): string {
  return JSON.stringify([name, user?.value, port?.value]);
}

/** What ssh is asked of a stop: `ssh NAME`, and `ssh ADDRESS` where the inventory has one. */
function questionsOf({ name, way: { address, user, port, sshConfig } }: Stop): readonly SshQuestion[] {
  if (sshConfig?.value === 'none') return [];
  const base = {
    ...(user === undefined ? {} : { user: user.value }),
    ...(port === undefined ? {} : { port: port.value }),
    ...(sshConfig === undefined ? {} : { config: sshConfig.value }),
  };
  const questions: SshQuestion[] = [];
  if (isDestination(name))
    questions.push({ ...base, name, ...(address === undefined ? {} : { hostName: address.value }) });
  if (address !== undefined && address.value !== name && isDestination(address.value))
    questions.push({ ...base, name: address.value });
  return questions;
}
