import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kind, Machine } from '../../lab/vm/machine.ts';
import { missing, spawnMachine } from '../../lab/vm/machine.ts';
import type { Ran } from '../support/plimsoll.ts';
import { plimsoll } from '../support/plimsoll.ts';

/** What every machine of the lab has, whether it has a kernel of its own or not. */
export type LabHost = Omit<Machine, 'consoleLog' | 'hardReset'>;

/** A directory with an inventory of machines of the lab, and the program run against them. */
export interface LabFleet<Host extends LabHost = Machine> {
  readonly machines: readonly Host[];
  readonly directory: string;
  run(...args: readonly string[]): Promise<Ran>;
  /** The journal of the newest run, as records. */
  journal(): Promise<readonly Record<string, unknown>[]>;
  stop(): Promise<void>;
}

export async function labFleet(
  kinds: readonly Kind[],
  host: (machine: Machine) => string = () => 'user: ops',
): Promise<LabFleet> {
  const why = missing();
  if (why !== undefined) throw new Error(why);
  return fleetOf(await Promise.all(kinds.map((kind) => spawnMachine(kind))), host);
}

/** Of machines that have been spawned; stopping it stops them. */
export async function fleetOf<Host extends LabHost>(
  machines: readonly Host[],
  host: (machine: Host) => string = () => 'user: ops',
): Promise<LabFleet<Host>> {
  const directory = await mkdtemp(join(tmpdir(), 'plimsoll-lab-'));
  const lines = machines.map(
    (machine) =>
      `  ${machine.kind}: { address: 127.0.0.1, port: ${String(machine.port)}, identity_file: ${machine.keyFile}, known_hosts_file: ${machine.knownHosts}, ${host(machine)} }`,
  );
  await writeFile(
    join(directory, 'inventory.yaml'),
    `defaults: { become: true, connect_timeout: 90s, command_timeout: 3m }\nhosts:\n${lines.join('\n')}\n`,
  );
  const run = (...args: readonly string[]): Promise<Ran> =>
    plimsoll([...args, '-i', join(directory, 'inventory.yaml')], {
      XDG_STATE_HOME: join(directory, 'state'),
      HOME: directory,
    });
  return {
    machines,
    directory,
    run,
    async journal() {
      const runs = join(directory, 'state', 'plimsoll', 'runs');
      const newest = (await readdir(runs)).sort().at(-1) ?? '';
      const text = await readFile(join(runs, newest, 'journal.jsonl'), 'utf8');
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    async stop() {
      await Promise.all(machines.map((machine) => machine.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Everything on a devicemapper or overlay2 host that a plan could have changed, as text to be compared. */
export async function stateOf(machine: Machine): Promise<string> {
  return machine.sh(`export LC_ALL=C
dmsetup table; dmsetup table --inactive; dmsetup info | grep -v -e 'Event number' -e 'Open count'
ls -laAR --time-style=full-iso /var/lib/docker/devicemapper/metadata /var/lib/plimsoll /etc/docker 2>&1
cat /var/lib/docker/devicemapper/metadata/* 2>/dev/null; cat /etc/docker/daemon.json
docker inspect $(docker ps -aq --no-trunc | sort)
grep -v -e cgroup /proc/mounts; losetup -a
for pid in $(docker ps -q | xargs -r docker inspect -f '{{.State.Pid}}'); do df -B1 --output=size /proc/$pid/root; done
command -v xfs_quota >/dev/null && grep -q prjquota /proc/mounts && xfs_quota -x -c 'report -p -n -b -N' /var/lib/docker | awk '{print $1, $3, $4}'
exit 0`);
}

export function jsonLines(ran: Ran): readonly Record<string, unknown>[] {
  return ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The size in bytes that a container sees of its own root. */
export async function sizeInside(machine: Machine, container: string): Promise<number> {
  return Number(
    (await machine.sh(`docker exec ${container} df -k / | tail -n 1 | awk '{print ($(NF-4)) * 1024}'`)).trim(),
  );
}

/** The data that the golden machine's container holds is still what it was. */
export async function dataIsWhole(machine: Machine, container: string): Promise<boolean> {
  const result = await machine.exec(
    `docker exec ${container} sh -c 'sha256sum /data/proof | cut -d" " -f1; cut -d" " -f1 /data/proof.sha256'`,
  );
  const [is, was] = result.stdout.trim().split('\n');
  return result.code === 0 && is !== undefined && is.length === 64 && is === was;
}
