import type { Contender } from './contender.ts';
import { ansible, ansibleRaw, mitogen } from './contenders/ansible.ts';
import { clush, openssh } from './contenders/clush.ts';
import { floor, stages } from './contenders/floor.ts';
import { paramiko } from './contenders/paramiko.ts';
import { plimsoll } from './contenders/plimsoll.ts';
import type { Hosts } from './hosts.ts';
import { startHosts } from './hosts.ts';
import { benchJournal } from './journal/bench.ts';
import { missingForJournal } from './journal/places.ts';
import type { Latency } from './latency.ts';
import { createLatency } from './latency.ts';
import type { Taken } from './measure.ts';
import { time } from './measure.ts';
import { isIsolated, runIsolated } from './namespaces.ts';
import type { BenchOptions } from './options.ts';
import { parseOptions, usage } from './options.ts';
import type { Report, RoundTrips, Series } from './report.ts';
import { environment, farMs, markdown, write } from './report.ts';
import { missing } from './requirements.ts';
import { spread } from './statistics.ts';
import type { Workload } from './workloads.ts';
import { createWorkloads } from './workloads.ts';

const contenders: readonly Contender[] = [
  floor,
  stages,
  plimsoll,
  paramiko,
  openssh,
  clush,
  ansible,
  mitogen,
  ansibleRaw,
];
/** Without these a result says too little to be kept; Ansible's raw tasks take as long again as its others. */
const needed: readonly Contender[] = [floor, stages, plimsoll, paramiko, ansible];
/** Fewer rounds or hosts are a quick look, which is not kept. */
const leastKept = { hosts: 100, rounds: 3 };

interface Bench {
  readonly options: BenchOptions;
  readonly hosts: Hosts;
  readonly latency: Latency;
  readonly contenders: readonly Contender[];
  readonly workloads: readonly Workload[];
  readonly signal: AbortSignal;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Of nothing chosen, all. A name that does not exist is a mistake. */
function chosen<Named extends { readonly name: string }>(
  all: readonly Named[],
  names: readonly string[],
): readonly Named[] {
  const unknown = names.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined) throw new Error(`there is no "${unknown}"\n${usage}`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

/** Before anything is timed: does each contender really run every command on every host? The floor's calls are the measure. */
async function checkWork({ options, hosts, latency, workloads, contenders: all, signal }: Bench): Promise<void> {
  const few: Hosts = { ...hosts, addresses: hosts.addresses.slice(0, 5) };
  const port = await latency.set(0);
  for (const workload of workloads) {
    let expected = '';
    for (const contender of [floor, ...all.filter((one) => one !== floor)]) {
      few.noteCalls();
      await time(
        contender,
        { hosts: few, workload, port, knownHostsFile: few.knownHosts(port), forks: options.forks },
        signal,
      );
      const calls = few.takeCalls();
      const made = few.addresses.map((address) => (calls.get(address) ?? []).join('\n')).join('\n\n');
      if (contender === floor) expected = made;
      if (made === '' || made !== expected)
        throw new Error(
          `${contender.name} did not run the same commands as the floor for ${workload.name}:\n${made}\n--- but the floor:\n${expected}`,
        );
    }
  }
}

/** From one host at two latencies: computing time cancels out. */
async function countRoundTrips({
  options,
  hosts,
  latency,
  workloads,
  contenders: all,
  signal,
}: Bench): Promise<RoundTrips> {
  const tries = 2;
  const one: Hosts = { ...hosts, addresses: hosts.addresses.slice(0, 1) };
  const fastest: Record<string, number> = {};
  for (const roundTripMs of [0, farMs]) {
    const port = await latency.set(roundTripMs);
    for (const workload of workloads) {
      for (const contender of all) {
        const seconds: number[] = [];
        for (let left = tries; left > 0; left -= 1)
          seconds.push(
            (
              await time(
                contender,
                { hosts: one, workload, port, knownHostsFile: one.knownHosts(port), forks: options.forks },
                signal,
              )
            ).seconds,
          );
        fastest[`${workload.name} ${contender.name} ${roundTripMs}`] = spread(seconds).min;
      }
    }
  }
  const between = (name: string): number =>
    ((fastest[`${name} ${farMs}`] ?? Number.NaN) - (fastest[`${name} 0`] ?? Number.NaN)) / (farMs / 1000);
  return Object.fromEntries(
    workloads.map((workload) => [
      workload.name,
      Object.fromEntries(all.map((contender) => [contender.name, between(`${workload.name} ${contender.name}`)])),
    ]),
  );
}

async function measure({
  options,
  hosts,
  latency,
  workloads,
  contenders: all,
  signal,
}: Bench): Promise<readonly Series[]> {
  const series: Series[] = [];
  for (const roundTripMs of options.roundTrips) {
    const port = await latency.set(roundTripMs);
    const knownHostsFile = hosts.knownHosts(port);
    for (const workload of workloads) {
      const taken: Record<string, Taken[]> = Object.fromEntries(all.map(({ name }) => [name, []]));
      for (let round = 0; round < options.rounds; round += 1) {
        for (const contender of all) {
          const one = await time(contender, { hosts, workload, port, knownHostsFile, forks: options.forks }, signal);
          taken[contender.name]?.push(one);
          say(
            `${workload.name}, ${roundTripMs} ms, round ${round + 1}: ${contender.name} ${one.seconds.toFixed(2)} s, CPU ${one.cpu.toFixed(2)} s, ${Math.round(one.peakKiB / 1024)} MiB`,
          );
        }
      }
      series.push({ workload: workload.name, title: workload.title, roundTripMs, taken });
    }
  }
  return series;
}

async function bench(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const hosts = await startHosts(options.hosts);
  let latency: Latency | undefined;
  try {
    latency = createLatency(hosts.addresses, hosts.port);
    const workloads = chosen(createWorkloads(hosts.path), options.workloads);
    const parts: Bench = { options, hosts, latency, workloads, contenders: chosen(contenders, options.only), signal };
    const kept =
      options.hosts >= leastKept.hosts &&
      options.rounds >= leastKept.rounds &&
      needed.every((one) => parts.contenders.includes(one)) &&
      options.workloads.length === 0;
    const surroundings = environment(latency.means);
    say(`latency: ${latency.means}`);
    await checkWork(parts);
    say('every contender runs every command on every host');
    const roundTrips = kept ? await countRoundTrips(parts) : {};
    const versions = parts.contenders.map((contender) => ({
      name: contender.name,
      title: contender.title,
      version: contender.version(),
    }));
    const report: Report = {
      date: new Date().toISOString().slice(0, 10),
      options,
      environment: surroundings,
      contenders: versions,
      series: await measure(parts),
      roundTrips,
    };
    const text = markdown(report);
    say(`\n${text}`);
    say(
      kept
        ? `written to ${write(report.date, report, text)}`
        : 'a quick look: not kept, and round trips are not counted',
    );
  } finally {
    await latency?.end();
    await hosts.stop();
  }
}

/** Resolves with the exit status. */
async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2));
    const lacking = 'journal' in options ? missingForJournal(options.journal) : missing();
    if (lacking.length > 0) throw new Error(`the benchmark needs:\n${lacking.map((each) => `  ${each}\n`).join('')}`);
    if ('contenders' in options && !isIsolated()) return await runIsolated();
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        stop.abort(new Error(`ended by ${signal}`));
      });
    if ('journal' in options) await benchJournal(options.journal, say, stop.signal);
    else await bench(options.contenders, stop.signal);
    return 0;
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

process.exitCode = await main();
