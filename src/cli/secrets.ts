import { scopeOf } from '../config/scope.ts';
import { resolveSecrets, type UsedSecret } from '../config/secrets.ts';
import type { SelectedPlay } from '../config/load.ts';
import type { Host, Inventory, Place } from '../config/types.ts';
import type { ConfigIssue } from '../errors.ts';
import type { JsonObject } from '../values/json.ts';
import { neutralise, oneLine } from '../values/terminal.ts';
import type { World } from './world.ts';

export interface SecretWishes {
  /** false: `--no-secret-commands`. */
  readonly secretCommands?: boolean | undefined;
}

/** One line each, once for each place. */
export function showWarnings({ err }: Pick<World, 'err'>, warnings: readonly ConfigIssue[]): void {
  const lines = warnings.map(({ file, line, message }) => `warning: ${file}${line === undefined ? '' : `:${String(line)}`}: ${message}`);
  for (const line of new Set(lines)) err.write(`${neutralise(line)}\n`);
}

/** Fetches the secrets of one run: what is run on this machine for that is said before it is, the first time. */
export class SecretReader {
  readonly #world: World;
  readonly #wishes: SecretWishes;
  /** The commands that have been run, as they were said. */
  readonly commands: { readonly command: string; readonly where: string }[] = [];

  constructor(world: World, wishes: SecretWishes) {
    this.#world = world;
    this.#wishes = wishes;
  }

  async read(inventory: Inventory, hosts: readonly Host[], variables?: { readonly of: (host: Host) => readonly UsedSecret[]; readonly directory: string }): Promise<readonly Host[]> {
    const warnings: ConfigIssue[] = [];
    const read = await resolveSecrets(inventory, hosts, this.#world.io, {
      noCommands: this.#wishes.secretCommands === false,
      running: (command, place) => { this.#say(command, place); },
      warn: (issue) => { warnings.push(issue); },
      ...(variables === undefined ? {} : { variables: variables.of, directory: variables.directory }),
    });
    showWarnings(this.#world, warnings);
    return read;
  }

  #say(command: string, { file, line }: Place): void {
    const where = `${file}:${String(line)}`;
    if (this.commands.some((one) => one.command === command && one.where === where)) return;
    this.commands.push({ command, where });
    this.#world.err.write(`runs on this machine for a secret: ${oneLine(command)} (${neutralise(where)})\n`);
  }
}

/** The secret variables that the steps of the plays give to programs on a host. */
export function secretsOfPlays(plays: readonly SelectedPlay[], extraVars: JsonObject, host: Host): readonly UsedSecret[] {
  return plays.flatMap(({ play, hosts }) => {
    if (!hosts.some(({ name }) => name === host.name)) return [];
    const scope = scopeOf(play, host, extraVars);
    return play.steps.flatMap((step) => (step.secretsOf?.(scope) ?? []).map((reference) => ({ reference, place: step.place })));
  });
}
