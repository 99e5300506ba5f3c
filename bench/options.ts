import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly hosts: number;
  readonly rounds: number;
  /** Round-trip times in milliseconds. */
  readonly roundTrips: readonly number[];
  /** Hosts at once, for every contender that has such a setting. */
  readonly forks: number;
  /** Contenders by name; empty: all. */
  readonly only: readonly string[];
  /** Workloads by name; empty: all. */
  readonly workloads: readonly string[];
}

/** Of the benchmark of the journal. */
export interface JournalOptions {
  readonly hosts: number;
  /** Runs with the journal on the disk and in memory, side by side. */
  readonly pairs: number;
  readonly forks: number;
  /** A directory on the disk. */
  readonly disk: string;
}

export const usage = `npm run bench -- [--hosts 100] [--rounds 3] [--rtt 0,50] [--forks 50] [--only NAME,…] [--workload NAME,…]
  contenders: floor, stages, plimsoll, paramiko, openssh, clush, ansible, mitogen, ansible-raw      workloads: six-commands, six-changes, rootfs-facts
  a quick look: npm run bench -- --hosts 20 --rounds 1
npm run bench -- --only journal [--hosts 300] [--pairs 20] [--forks 50] [--disk /var/tmp]
  what the journal costs a run over simulated hosts
  a quick look: npm run bench -- --only journal --hosts 20 --pairs 2\n`;

/** Throws an Error with words for the operator. */
export function parseOptions(
  argv: readonly string[],
): { readonly contenders: BenchOptions } | { readonly journal: JournalOptions } {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      hosts: { type: 'string' },
      rounds: { type: 'string' },
      rtt: { type: 'string' },
      forks: { type: 'string', default: '50' },
      only: { type: 'string', default: '' },
      workload: { type: 'string' },
      pairs: { type: 'string' },
      disk: { type: 'string' },
    },
  });
  const only = list(values.only);
  const journal = only.includes('journal');
  const strange = journal ? (['rounds', 'rtt', 'workload'] as const) : (['pairs', 'disk'] as const);
  for (const name of strange)
    if (values[name] !== undefined)
      throw new Error(`--${name} has no meaning ${journal ? 'for the journal' : 'without --only journal'}\n${usage}`);
  if (journal) {
    if (only.length > 1) throw new Error(`the journal is measured alone\n${usage}`);
    return {
      journal: {
        hosts: whole('--hosts', values.hosts ?? '300', 1, 1000),
        pairs: whole('--pairs', values.pairs ?? '20', 1, 1000),
        forks: whole('--forks', values.forks, 1, 1000),
        disk: values.disk ?? '/var/tmp',
      },
    };
  }
  return {
    contenders: {
      hosts: whole('--hosts', values.hosts ?? '100', 1, 1000),
      rounds: whole('--rounds', values.rounds ?? '3', 1, 100),
      roundTrips: list(values.rtt ?? '0,50').map((text) => whole('--rtt', text, 0, 1000)),
      forks: whole('--forks', values.forks, 1, 250),
      only,
      workloads: list(values.workload ?? ''),
    },
  };
}

function list(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new Error(`${option} takes a whole number from ${least} to ${most}, not "${text}"`);
  return value;
}
