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

export const usage = `npm run bench -- [--hosts 100] [--rounds 3] [--rtt 0,50] [--forks 50] [--only NAME,…] [--workload NAME,…]
  contenders: floor, plimsoll, paramiko, ansible, ansible-raw      workloads: six-commands, rootfs-facts
  a quick look: npm run bench -- --hosts 20 --rounds 1\n`;

/** Throws an Error with words for the operator. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      hosts: { type: 'string', default: '100' },
      rounds: { type: 'string', default: '3' },
      rtt: { type: 'string', default: '0,50' },
      forks: { type: 'string', default: '50' },
      only: { type: 'string', default: '' },
      workload: { type: 'string', default: '' },
    },
  });
  return {
    hosts: whole('--hosts', values.hosts, 1, 250),
    rounds: whole('--rounds', values.rounds, 1, 100),
    roundTrips: list(values.rtt).map((text) => whole('--rtt', text, 0, 1000)),
    forks: whole('--forks', values.forks, 1, 250),
    only: list(values.only),
    workloads: list(values.workload),
  };
}

function list(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '');
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new Error(`${option} takes a whole number from ${least} to ${most}, not "${text}"`);
  return value;
}
