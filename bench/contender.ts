import type { Hosts } from './hosts.ts';
import type { Workload } from './workloads.ts';

/** One measurement's circumstances. */
export interface Trial {
  readonly hosts: Hosts;
  readonly workload: Workload;
  /** Where the hosts are reached at the wanted latency. */
  readonly port: number;
  readonly knownHostsFile: string;
  readonly forks: number;
  /** Empty, and for this trial alone. */
  readonly directory: string;
}

/** A program to be timed from its start to its end. It must exit with 0. */
export interface Invocation {
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Ends what the program leaves behind; not timed. */
  readonly after?: () => void;
}

export interface Contender {
  readonly name: string;
  /** What is run, in words, for the report. */
  readonly title: string;
  version(): string;
  prepare(trial: Trial): Invocation;
}

/** Where the hosts are, and how one logs in to them: for a client that is told in JSON. */
export function reach({ hosts, port, knownHostsFile }: Trial): Readonly<Record<string, unknown>> {
  const { addresses, user, identityFile } = hosts;
  return { addresses, port, user, identityFile, knownHostsFile };
}

/** As most inventories call hosts. */
export function hostName(index: number): string {
  return `host-${String(index + 1).padStart(3, '0')}`;
}
