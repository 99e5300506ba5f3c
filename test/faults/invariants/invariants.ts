import { cp, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetHost } from '../../../lab/sim/fleet.ts';
import { cyclePower } from '../../../lab/sim/power.ts';
import { runOnHost } from '../../../lab/sim/execute.ts';
import { Processes } from '../../../lab/sim/processes.ts';
import type { JournalRecord } from '../../../src/run/journal/journal.ts';
import { worksIn } from '../../run/work/records.ts';

export interface Known {
  /** The names of Docker's records at the start. */
  readonly metadata: readonly string[];
  readonly restartSafe: boolean;
  readonly journal: readonly JournalRecord[];
}

/** What must hold whenever nothing runs on a host, whatever has happened before; what does not, in words. */
export async function brokenInvariants(
  host: FleetHost,
  { metadata, restartSafe, journal }: Known,
): Promise<readonly string[]> {
  return [
    ...(await devices(host)),
    ...(await lock(host)),
    ...(await records(host, metadata)),
    ...(await works(host, journal)),
    ...(restartSafe ? await comesUpAgain(host) : []),
  ];
}

/** No device of the host is suspended, its pool is there and can be written, and nothing of ours is mounted. */
async function devices(host: FleetHost): Promise<readonly string[]> {
  if (!host.spec.kind.startsWith('dm-')) return [];
  const { stdout } = await host.run('dmsetup info; dmsetup status; cat /proc/self/mountinfo');
  // With another driver dockerd makes no pool.
  const hasPool = (await host.run("docker info --format '{{.Driver}}'")).stdout !== 'overlay2\n';
  return [
    ...(stdout.includes('SUSPENDED') ? [`a device is suspended: ${stdout}`] : []),
    ...(!hasPool || / thin-pool .* rw /.test(stdout) ? [] : [`the pool is not active and writable: ${stdout}`]),
    ...(stdout.includes('/var/lib/plimsoll/') ? [`a mount is left: ${stdout}`] : []),
  ];
}

export async function lockIsFree(host: FleetHost): Promise<boolean> {
  return (await host.run('[ ! -e /var/lib/plimsoll/lock ] || flock -n /var/lib/plimsoll/lock true')).code === 0;
}

async function lock(host: FleetHost): Promise<readonly string[]> {
  return (await lockIsFree(host)) ? [] : ['the lock is held although nothing runs'];
}

const metadataOf = (host: FleetHost): string => join(host.directory, 'root/var/lib/docker/devicemapper/metadata');

export async function metadataNames(host: FleetHost): Promise<readonly string[]> {
  return (await readdir(metadataOf(host)).catch(() => [])).filter((name) => !name.startsWith('.')).sort();
}

/** Docker reads every file there whose name does not start with a dot, and does not start when one is no record. */
async function records(host: FleetHost, names: readonly string[]): Promise<readonly string[]> {
  const strays = (await metadataNames(host)).filter((name) => !names.includes(name));
  const found: string[] = strays.map((name) => `a stray file lies among Docker's records: ${name}`);
  for (const name of names) {
    const text = await readFile(join(metadataOf(host), name), 'utf8').catch(() => '');
    try {
      JSON.parse(text);
    } catch {
      found.push(`Docker's record ${name} is not whole: ${JSON.stringify(text)}`);
    }
  }
  return found;
}

/** Nothing is done without a record: whatever was begun on the host stands as an intent in the journal. */
async function works(host: FleetHost, journal: readonly JournalRecord[]): Promise<readonly string[]> {
  const intended = new Set(
    journal.flatMap((record) => (record.type === 'intent' && record.work !== undefined ? [record.work] : [])),
  );
  const top = join(host.directory, 'root/var/lib/plimsoll/runs');
  return (await readdir(top).catch(() => []))
    .flatMap((run) => worksIn(join(top, run)))
    .filter((name) => !intended.has(name))
    .map((name) => `the host has begun ${name}, which is not in the journal`);
}

/** Plimsoll's own directory holds nothing that a start needs. */
function notOurs(path: string): boolean {
  return !/\/var\/lib\/plimsoll\/(runs|backing-up)$/.test(path);
}

/**
 * If the power failed now: the daemon starts, and with it every container that can. Tried on a copy.
 * A container that was broken at the start may still be.
 */
async function comesUpAgain(host: FleetHost): Promise<readonly string[]> {
  const directory = `${host.directory}-copy`;
  const copy = { spec: host.spec, directory, processes: new Processes(directory), engine: host.engine };
  try {
    await cp(host.directory, directory, { recursive: true, verbatimSymlinks: true, filter: notOurs });
    await cyclePower(copy);
    const sound = (host.spec.containers ?? [])
      .filter(({ grownBytes }) => grownBytes === undefined)
      .map(({ name }) => name);
    // In the middle of a replacement that was cut none may have the name.
    const { stdout } = await runOnHost(copy, "docker ps -a --format '{{.Names}}'");
    const there = sound.filter((name) => stdout.split('\n').includes(name));
    if (there.length === 0) return [];
    const { code, stderr } = await runOnHost(copy, `docker start ${there.join(' ')}`);
    return code === 0 ? [] : [`after a power failure a container would not start: ${stderr}`];
  } catch (error) {
    return [`after a power failure: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    await copy.processes.endOf(directory);
    await rm(directory, { recursive: true, force: true });
  }
}
