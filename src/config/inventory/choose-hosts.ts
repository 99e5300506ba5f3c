import { AppError } from '../../errors.ts';
import type { ConfigIo } from '../model/io.ts';
import { listHosts, matchPattern, readLimit } from './select.ts';
import type { Host, Inventory } from '../model/types.ts';

export interface HostChoice {
  /** As given on the command line: a pattern, with `@FILE` for names in a file. */
  readonly limit?: string;
  /** Exact names, of a saved plan or of an earlier run: these and no others. */
  readonly hosts?: readonly string[];
}

/** What the command line leaves of the inventory, whatever the plays say. */
export interface ChosenHosts {
  /** Every host when absent. */
  readonly names?: ReadonlySet<string>;
  /** The limit with its files read. */
  readonly limit?: string;
}

/** Throws an AppError('usage') for a limit that means nothing, and when a host that was asked for by name is gone. */
export async function chooseHosts(
  inventory: Inventory,
  { limit: given, hosts }: HostChoice,
  io: Pick<ConfigIo, 'readFile'>,
): Promise<ChosenHosts> {
  const limit = given === undefined ? undefined : await readLimit(given, io);
  if (hosts === undefined)
    return limit === undefined ? {} : { limit, names: new Set(listHosts(inventory, limit).map(({ name }) => name)) };
  // The limit may speak of a host that is gone, so that it can be left out.
  const known = new Map([...inventory.hosts.keys(), ...hosts].map((name) => [name, name]));
  const { hosts: limited, mistakes } =
    limit === undefined
      ? { hosts: new Set(known.keys()), mistakes: [] }
      : matchPattern({ groups: inventory.groups, hosts: known }, limit);
  if (mistakes.length > 0)
    throw new AppError('usage', `pattern "${limit ?? ''}": ${mistakes.map(({ message }) => message).join('; ')}`, {
      hint: '`plimsoll inventory` lists hosts and groups',
    });
  const names = hosts.filter((name) => limited.has(name));
  if (names.length === 0)
    throw new AppError(
      'usage',
      limit === undefined ? 'no host is left to do' : `none of ${hosts.join(', ')} is in the limit "${limit}"`,
    );
  const gone = names.filter((name) => !inventory.hosts.has(name));
  if (gone.length > 0) throw missing(gone, `not in the inventory ${inventory.file} any more`);
  return { names: new Set(names), ...(limit === undefined ? {} : { limit }) };
}

/** A host that was asked for by name, and that no play would reach any more, must not be passed over in silence. */
export function refuseUnreached({ hosts }: HostChoice, { names }: ChosenHosts, reached: readonly Host[]): void {
  if (hosts === undefined || names === undefined) return;
  const found = new Set(reached.map(({ name }) => name));
  const lost = [...names].filter((name) => !found.has(name));
  if (lost.length > 0)
    throw missing(
      lost,
      'in the inventory, but the hosts: of no play mean them any more; their groups are not what they were',
    );
}

function missing(names: readonly string[], why: string): AppError {
  const [only, second] = names;
  const limit = names.map((name) => `!${name}`).join(',');
  return new AppError('usage', `${second === undefined ? `${only ?? ''} is` : `${names.join(', ')} are`} ${why}`, {
    hint: `put ${second === undefined ? 'it' : 'them'} back, give the inventory that has ${second === undefined ? 'it' : 'them'} with -i, or go on without: --limit '${limit}'`,
  });
}
