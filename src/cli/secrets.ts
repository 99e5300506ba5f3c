import { AgeKeys } from '../config/age/keys.ts';
import { playScope } from '../config/expressions/scope.ts';
import { namedSources, resolveSecrets, type SecretOptions, type UsedSecret } from '../config/secrets.ts';
import type { SelectedPlay } from '../config/load.ts';
import { refuseTroubledBefore } from '../config/inventory/troubles.ts';
import { expandHome } from '../config/model/io.ts';
import type { Host, Inventory, NamedSource, Place, Play } from '../config/model/types.ts';
import type { Route } from '../config/ssh/route.ts';
import { type RanBySsh, Ways } from '../config/ssh/through-ssh.ts';
import type { ConfigIssue } from '../errors.ts';
import type { RunEvent } from '../run/report/event.ts';
import { grouped } from '../values/grouped.ts';
import type { JsonObject } from '../values/json.ts';
import { neutralise, oneLine } from '../values/terminal.ts';
import { askHidden, type World } from './world.ts';

export interface SecretWishes {
  /** false: `--no-secret-commands`. */
  readonly secretCommands?: boolean | undefined;
  readonly verbose?: true | undefined;
  /** The files with the keys that open encrypted values. */
  readonly identity?: readonly string[] | undefined;
}

/** One line each, once for each place. */
export function showWarnings({ err }: Pick<World, 'err'>, warnings: readonly ConfigIssue[]): void {
  const lines = warnings.map(
    ({ file, line, message }) => `warning: ${file}${line === undefined ? '' : `:${String(line)}`}: ${message}`,
  );
  for (const line of new Set(lines)) err.write(`${neutralise(line)}\n`);
}

/** What is used for a run because its files say so, and somebody should know of before. */
export type Naming = Extract<
  RunEvent,
  { readonly type: 'secret.command' | 'ssh.command' | 'laptop.reads' | 'host.reads' }
>;

/** How many lines there are for one key: hosts with a key file each are counted from there on, unless -v is given. */
const mostLines = 10;
const shownHosts = 3;

/**
 * Completes the hosts of one run: the ways to them, and their secrets. What is read or run on this machine for that, or is named for programs on the hosts,
 * is said on standard error before it is, the first time, and kept for the events.
 */
export class SecretReader {
  readonly #world: World;
  readonly #wishes: SecretWishes;
  readonly #said = new Set<string>();
  readonly #kept: Naming[] = [];
  readonly #ways: Ways;
  readonly #keys: AgeKeys;
  #screen: NamingScreen | undefined;

  constructor(world: World, wishes: SecretWishes) {
    this.#world = world;
    this.#wishes = wishes;
    this.#ways = new Ways(world.io);
    const asked = askHidden(world);
    this.#keys = new AgeKeys(
      world.io,
      asked &&
        (async (question) => {
          const release = this.#screen?.hold();
          try {
            return await asked(question);
          } finally {
            release?.();
          }
        }),
    );
  }

  /** Lays what the operator's ssh knows of the hosts beneath what the inventory says. */
  async reach(inventory: Inventory, hosts: readonly Host[]): Promise<readonly Host[]> {
    const reached = await this.#ways.through(inventory, hosts, this.#asking(inventory, hosts));
    return refuseTroubledBefore(inventory, reached);
  }

  /** The same for people. */
  async routes(inventory: Inventory, hosts: readonly Host[]): Promise<ReadonlyMap<string, Route>> {
    return await this.#ways.routes(inventory, hosts, this.#asking(inventory, hosts));
  }

  #asking(inventory: Inventory, hosts: readonly Host[]): (programs: readonly RanBySsh[]) => void {
    const configs = namedSources(inventory, hosts, this.#world.io).filter(({ key }) => key === 'ssh_config');
    this.name(configs.map(namingOf));
    return (programs) => {
      this.name(programs.map((program): Naming => ({ type: 'ssh.command', ...program })));
    };
  }

  /** Ways and secrets. */
  async complete(inventory: Inventory, hosts: readonly Host[]): Promise<readonly Host[]> {
    return await this.read(inventory, await this.reach(inventory, hosts));
  }

  /** The secrets of hosts that are known to be reached. */
  async read(
    inventory: Inventory,
    hosts: readonly Host[],
    variables?: { readonly of: (host: Host) => readonly UsedSecret[]; readonly directory: string },
  ): Promise<readonly Host[]> {
    const warnings: ConfigIssue[] = [];
    const options: SecretOptions = {
      noCommands: this.#wishes.secretCommands === false,
      keys: this.#keys,
      identities: identityFiles(this.#wishes, this.#world),
      running: (command, place) => {
        this.name([{ type: 'secret.command', command, where: whereOf(place) }]);
      },
      warn: (issue) => {
        warnings.push(issue);
      },
      ...(variables === undefined ? {} : { variables: variables.of, directory: variables.directory }),
    };
    this.name(namedSources(inventory, hosts, this.#world.io, options).map(namingOf));
    const read = await resolveSecrets(inventory, hosts, this.#world.io, options);
    showWarnings(this.#world, warnings);
    return read;
  }

  /** Says what has not been said yet. */
  name(namings: readonly Naming[]): void {
    const fresh = namings.filter((naming) => {
      const id = JSON.stringify(naming);
      const isNew = !this.#said.has(id);
      this.#said.add(id);
      return isNew;
    });
    if (fresh.length === 0) return;
    const release = this.#screen?.hold();
    for (const line of linesOf(fresh, this.#wishes.verbose === true)) this.#world.err.write(`${line}\n`);
    release?.();
    this.#kept.push(...fresh);
    if (this.#screen !== undefined) this.#tell(this.#screen);
  }

  /** From here on the events have it too: what has been said before, and what is said later. */
  tell(screen: NamingScreen): void {
    this.#screen = screen;
    this.#tell(screen);
  }

  #tell({ emit }: NamingScreen): void {
    for (const naming of this.#kept.splice(0)) emit(naming);
  }
}

/** What the command line, or the environment, names instead of what the inventory does. */
export function identityFiles(
  { identity }: Pick<SecretWishes, 'identity'>,
  { io }: Pick<World, 'io'>,
): readonly string[] | undefined {
  return identity?.map((file) => expandHome(file, io));
}

interface NamingScreen {
  readonly emit: (naming: Naming) => void;
  readonly hold: () => () => void;
}

function linesOf(namings: readonly Naming[], all: boolean): readonly string[] {
  const keys = grouped(namings, (naming) => ('command' in naming ? naming.type : `${naming.type} ${naming.key}`));
  return [...keys.values()].flatMap((group) => {
    const isCut = !all && group.length > mostLines && group[0]?.type !== 'secret.command';
    const lines = (isCut ? group.slice(0, mostLines) : group).map(lineOf);
    return isCut ? [...lines, `… and ${String(group.length - mostLines)} more of that kind: -v names them`] : lines;
  });
}

function lineOf(naming: Naming): string {
  switch (naming.type) {
    case 'secret.command':
      return `runs on this machine for a secret: ${oneLine(naming.command)} (${neutralise(naming.where)})`;
    case 'ssh.command':
      return `ssh ran on this machine for ${someOf(naming.hosts)}, because its configuration says so (Match exec): ${oneLine(naming.command)}`;
    case 'laptop.reads':
      return `reads on this machine for ${naming.key}: ${naming.env === undefined ? oneLine(naming.file ?? '') : `the environment variable ${oneLine(naming.env)}`} (${neutralise(naming.where)})`;
    case 'host.reads':
      return `programs on ${someOf(naming.hosts)} read for ${naming.key}: ${oneLine(naming.file)} (${neutralise(naming.where)})`;
  }
}

function someOf(hosts: readonly string[]): string {
  const more = hosts.length - shownHosts;
  const shown = hosts.slice(0, shownHosts).map((host) => oneLine(host));
  return `${shown.join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}

function namingOf({ key, kind, name, place }: NamedSource): Naming {
  return { type: 'laptop.reads', key, [kind]: name, where: whereOf(place) };
}

function whereOf({ file, line }: Place): string {
  return `${file}:${String(line)}`;
}

/** The secret variables that the steps of the plays give to programs on a host. */
export function secretsOfPlays(
  plays: readonly SelectedPlay[],
  extraVars: JsonObject,
): (host: Host) => readonly UsedSecret[] {
  const playsOf = new Map<string, Play[]>();
  for (const { play, hosts } of plays) {
    for (const name of new Set(hosts.map((host) => host.name))) {
      const its = playsOf.get(name);
      if (its === undefined) playsOf.set(name, [play]);
      else its.push(play);
    }
  }
  return (host) =>
    (playsOf.get(host.name) ?? []).flatMap((play) => {
      const scope = playScope(play, host, extraVars);
      return play.steps.flatMap((step) =>
        (step.secretsOf?.(scope) ?? []).map((reference) => ({ reference, place: step.place })),
      );
    });
}
