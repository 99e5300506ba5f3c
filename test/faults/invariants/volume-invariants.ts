import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetHost } from '../../../lab/sim/fleet.ts';

/** What lies in a volume of every case at the start, by path. */
export const content: Readonly<Record<string, string>> = { data: 'data\n'.repeat(30_000), 'below/.more': 'more\n' };

/** What must hold of a volume and its containers at every moment at which nothing runs on the host. */
export async function volumeIsSafe(host: FleetHost): Promise<readonly string[]> {
  return [...(await isWhole(host, 'foo-0')), ...(await neverTwoAtOnce(host)), ...(await goesOnRunning(host))];
}

const volumeDirectory = (host: FleetHost, volume: string): string =>
  join(host.directory, 'root/var/lib/docker/volumes', volume, '_data');

export async function isWhole(host: FleetHost, volume: string): Promise<readonly string[]> {
  const wrong = await Promise.all(
    Object.entries(content).map(async ([path, text]) => {
      const found = await readFile(join(volumeDirectory(host, volume), path), 'utf8').catch(() => undefined);
      return found === text
        ? []
        : [`${path} of ${volume} is ${found === undefined ? 'gone' : `not whole: ${String(found.length)} characters`}`];
    }),
  );
  return wrong.flat();
}

interface Running {
  readonly name: string;
  readonly volumes: readonly string[];
}

/** foo-0 and foo-1 are one volume to those who use it; app, app-new-… and app-old-… are one container. */
const familyOf = (volume: string): string => volume.replace(/-\d+$/, '');
const roleOf = (name: string): string => name.replace(/-(?:old|new)-[0-9a-f]{12}$/, '');

/** Of everything that has ever happened on the host: no two containers of a role ran at once, nor an old volume's with a new one's. */
async function neverTwoAtOnce(host: FleetHost): Promise<readonly string[]> {
  const running = new Map<string, Running>();
  const found: string[] = [];
  for (const line of (await readFile(join(host.directory, 'state/events'), 'utf8')).trim().split('\n')) {
    const [event = '', id = '', name = '', ...mounts] = line.split(' ');
    const volumes = mounts.map((mount) => mount.split('=')[0] ?? '').filter((volume) => volume !== '');
    if (event === 'power') running.clear();
    if (event === 'stop') running.delete(id);
    if (event === 'rename' && running.has(id)) running.set(id, { name, volumes });
    if (event !== 'start') continue;
    for (const other of running.values()) {
      if (roleOf(other.name) === roleOf(name)) found.push(`${name} was started while ${other.name} was running`);
      const clash = volumes.find((volume) =>
        other.volumes.some((its) => its !== volume && familyOf(its) === familyOf(volume)),
      );
      if (clash !== undefined)
        found.push(`${name} was started with ${clash} while ${other.name} was running with ${other.volumes.join(' ')}`);
    }
    running.set(id, { name, volumes });
  }
  return found;
}

/** Each container that ran at the start, or what has taken its place, runs: unless the power has failed, after which `resume` starts it. */
export async function goesOnRunning(host: FleetHost): Promise<readonly string[]> {
  if ((await readFile(join(host.directory, 'state/events'), 'utf8')).includes('power\n')) return [];
  return runsAtEnd(host);
}

export async function runsAtEnd(host: FleetHost): Promise<readonly string[]> {
  const { stdout } = await host.run("docker ps --format '{{.Names}}'");
  const names = stdout.split('\n');
  return (host.spec.containers ?? [])
    .filter(({ name, running = true }) => running && !names.includes(name))
    .map(({ name }) => `${name} does not run: ${names.join(' ').trim() || 'nothing'} does`);
}

/** At the end: the containers run, with a new volume, which holds what the old one did. */
export async function scaled(host: FleetHost): Promise<readonly string[]> {
  const used = await Promise.all(
    (host.spec.containers ?? []).map(async ({ name }) => ({
      name,
      volume: /"Name":"(foo-[1-9])"/.exec(
        (await host.run(`docker inspect --type container --format '{{json .Mounts}}' ${name}`)).stdout,
      )?.[1],
    })),
  );
  const volumes = new Set(used.map(({ volume }) => volume ?? ''));
  if (volumes.size !== 1 || volumes.has(''))
    return [`not all containers use the same new volume: ${JSON.stringify(used)}`];
  return [...(await isWhole(host, [...volumes].join())), ...(await runsAtEnd(host))];
}
