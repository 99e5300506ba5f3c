import type { Target } from '../../transport/transport.ts';
import { expandHome } from '../model/io.ts';
import type { Jump, Way, WayRow, Written } from '../model/types.ts';
import { isDestination, isLogin, JumpMistake, parseJumps, printJump } from './jumps.ts';
import { jumpsOfProxyCommand } from './ssh-args.ts';
import type { SshWay } from './ssh-answer.ts';
import type { SshQuestion, SshReply } from './ssh-question.ts';
import { describe, type Laptop, sourceOf, type Stop } from './target-of-way.ts';
import { byProxyCommand, inCircle, notAsked } from './unserved.ts';

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
  const unsafe = unsafeIn(stop);
  const questions = unsafe === undefined ? questionsOf(stop) : [];
  const asked = questions.flatMap((question) => finder.known.reply(question) ?? []);
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
  if (unsafe !== undefined) return ended(notAsked(stop.name, unsafe));
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

function jumpsOf(
  name: string,
  { jump, command }: { readonly jump?: string; readonly command?: string },
): Written<readonly Jump[]> | NonNullable<Target['unserved']> {
  if (command !== undefined) {
    const value = jumpsOfProxyCommand(command);
    return value === undefined ? byProxyCommand(name, command) : { value, from: 'ssh config' };
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
function stopOf(jump: Jump, { place, from }: Written<unknown>, { way: behind }: Stop, { ways, laptop }: Finder): Stop {
  const { host, user, port, identityFiles, isOutside, config } = jump;
  const origin = { ...(place === undefined ? {} : { place }), ...(from === undefined ? {} : { from }) };
  const said = {
    ...(user === undefined ? {} : { user: { value: user, ...origin } }),
    ...(port === undefined ? {} : { port: { value: port, ...origin } }),
    ...(identityFiles === undefined
      ? {}
      : { identityFiles: { value: identityFiles.map((file) => expandHome(file, laptop.io)), ...origin } }),
  };
  const own = ways.get(host);
  const isMeant = isOutside !== true && (place !== undefined || behind.isBehindOutside !== true);
  if (own !== undefined && isMeant) return { name: host, way: { ...own, ...said } };
  const { knownHostsFiles, sshConfig, connectTimeoutMs, commandTimeoutMs, stateDirectory } = behind;
  return {
    // Secrets are found by the name, and connections shared: it is not that of a host of the inventory.
    name: own === undefined ? host : `ssh://${printJump(jump)}`,
    way: {
      ...said,
      destination: own === undefined ? undefined : { value: host, ...origin },
      isBehindOutside: isOutside === true ? true : behind.isBehindOutside,
      connectTimeoutMs,
      commandTimeoutMs,
      stateDirectory,
      sshConfig:
        config === undefined
          ? sshConfig
          : config.file === undefined
            ? undefined
            : { value: expandHome(config.file, laptop.io), ...origin },
      // What the command line says holds for every host.
      knownHostsFiles: knownHostsFiles?.place === undefined ? knownHostsFiles : undefined,
      become: false,
      becomeMethod: undefined,
      becomeUser: 'root',
    },
  };
}

function idOf({ name, way: { user, port } }: Stop): string {
  return JSON.stringify([name, user?.value, port?.value]);
}

/** What of a stop ssh, or a program that its configuration names, could take for something else than it is. */
function unsafeIn({ name, way: { destination, address, user, sshConfig } }: Stop): string | undefined {
  if (sshConfig?.value === 'none') return undefined;
  const hosts = [destination?.value ?? name, ...(address === undefined ? [] : [address.value])];
  return hosts.find((host) => !isDestination(host)) ?? [user?.value].find((one) => one !== undefined && !isLogin(one));
}

/** What ssh is asked of a stop: `ssh NAME`, and `ssh ADDRESS` where the inventory has one. */
function questionsOf({ name, way: { destination, address, user, port, sshConfig } }: Stop): readonly SshQuestion[] {
  if (sshConfig?.value === 'none') return [];
  const base = {
    ...(user === undefined ? {} : { user: user.value }),
    ...(port === undefined ? {} : { port: port.value }),
    ...(sshConfig === undefined ? {} : { config: sshConfig.value }),
  };
  const given = destination?.value ?? name;
  return [
    { ...base, name: given, ...(address === undefined ? {} : { hostName: address.value }) },
    ...(address === undefined || address.value === given ? [] : [{ ...base, name: address.value }]),
  ];
}
