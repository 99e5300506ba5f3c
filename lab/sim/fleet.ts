import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineServer, startEngineServer } from './engine-server.ts';
import type { HostAnswer } from './execute.ts';
import { bin, runOnHost } from './execute.ts';
import { faultLines } from './faults.ts';
import type { HostServer } from './host-server.ts';
import { startHostServer } from './host-server.ts';
import { writeHost } from './host-state.ts';
import { newKeyPair } from './keys.ts';
import { cyclePower } from './power.ts';
import { Processes } from './processes.ts';
import type { HostSpec, ToolFault } from './spec.ts';
import type { Wire } from './wire.ts';

export interface FleetHost {
  readonly name: string;
  readonly spec: HostSpec;
  readonly address: '127.0.0.1';
  readonly port: number;
  readonly user: string;
  /** `root/` is its root directory, `state/` what its kernel and daemon hold in memory. */
  readonly directory: string;
  readonly engine: EngineServer;
  /** Replaces what goes wrong from now on. */
  setFaults(faults: readonly ToolFault[]): Promise<void>;
  /** How often something has gone wrong since. */
  faultsSoFar(): Promise<number>;
  /** Runs a shell script as root on it, without a connection. */
  run(script: string): Promise<HostAnswer>;
  /** Waits until nothing that was started on it runs any more; false when something still does then. */
  idle(withinMs: number): Promise<boolean>;
  /** What runs on it, as `ps` shows it. */
  processes(): Promise<readonly string[]>;
  /** Pulls the plug and puts it in again: everything that ran is gone, and what only the memory knew. */
  cyclePower(): Promise<void>;
  /** Of a host whose spec asks for one. */
  readonly wire: Wire | undefined;
}

export interface Fleet {
  readonly hosts: readonly FleetHost[];
  readonly directory: string;
  /** A private key that every host accepts. */
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** A plimsoll inventory (YAML). */
  readonly inventoryText: string;
  /** Writes `inventory.yaml` into a directory and gives its path. */
  writeTo(directory: string): Promise<string>;
  /** Ends the servers and every process of the hosts, and removes their files. */
  stop(): Promise<void>;
}

/** Many SSH hosts in this process. Names must differ. */
export async function startFleet(specs: readonly HostSpec[]): Promise<Fleet> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'plimsoll-sim-')));
  const processes = new Processes(directory);
  const servers: HostServer[] = [];
  const engine = await startEngineServer();
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
    await processes.end();
    await engine.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const login = newKeyPair();
    const identityFile = join(directory, 'id_ed25519');
    await writeFile(identityFile, login.private, { mode: 0o600 });
    const knownHosts: string[] = [];
    const hosts: FleetHost[] = [];
    for (const [index, spec] of specs.entries()) {
      const place = join(directory, String(index));
      await writeHost(place, spec);
      await setFaults(place, spec.faults ?? []);
      const key = newKeyPair();
      const server = await startHostServer({
        spec,
        directory: place,
        hostKey: key.private,
        publicKey: login.public,
        processes,
        engine,
      });
      servers.push(server);
      knownHosts.push(`[127.0.0.1]:${String(server.port)} ${key.public.split(' ').slice(0, 2).join(' ')}\n`);
      const user = spec.sudo === undefined || spec.sudo === 'root' ? 'root' : 'ops';
      const own = { spec, directory: place, processes, engine };
      hosts.push({
        name: spec.name,
        spec,
        address: '127.0.0.1',
        port: server.port,
        user,
        directory: place,
        engine,
        wire: server.wire,
        setFaults: (faults) => setFaults(place, faults),
        faultsSoFar: async () =>
          (await readFile(join(place, 'state/faults/happened'), 'utf8').catch(() => '')).split('\n').length - 1,
        run: (script) => runOnHost(own, script),
        idle: (withinMs) => processes.idle(place, withinMs),
        processes: () => processes.shown(place),
        cyclePower: () => cyclePower(own),
      });
    }
    const knownHostsFile = join(directory, 'known_hosts');
    await writeFile(knownHostsFile, knownHosts.join(''));
    const inventoryText = await inventoryOf(hosts, directory, identityFile, knownHostsFile);
    return {
      hosts,
      directory,
      identityFile,
      knownHostsFile,
      inventoryText,
      stop,
      writeTo: async (where) => {
        await mkdir(where, { recursive: true });
        const path = join(where, 'inventory.yaml');
        await writeFile(path, inventoryText);
        return path;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function setFaults(place: string, faults: readonly ToolFault[]): Promise<void> {
  const [folder, links] = [join(place, 'state/faults'), join(place, 'state/bin')];
  for (const each of [folder, links]) {
    await rm(each, { recursive: true, force: true });
    await mkdir(each);
  }
  for (const [tool, lines] of faultLines(faults)) {
    await writeFile(join(folder, tool), lines);
    if (!existsSync(join(bin, tool))) await symlink(join(bin, 'pass-through'), join(links, tool));
  }
}

/** JSON values are YAML values, so that nothing in a name or path needs care. */
async function inventoryOf(
  hosts: readonly FleetHost[],
  directory: string,
  identityFile: string,
  knownHostsFile: string,
): Promise<string> {
  const lines = [
    'defaults:',
    '  become: true',
    `  identity_file: ${JSON.stringify(identityFile)}`,
    `  known_hosts_file: ${JSON.stringify(knownHostsFile)}`,
    'hosts:',
  ];
  for (const { name, spec, address, port, user } of hosts) {
    const settings: Record<string, unknown> = { address, port, user };
    if (typeof spec.sudo === 'object') {
      const file = join(directory, `sudo-${String(port)}`);
      await writeFile(file, `${spec.sudo.password}\n`, { mode: 0o600 });
      settings['become_password'] = { file };
    }
    lines.push(`  ${JSON.stringify(name)}: ${JSON.stringify(settings)}`);
  }
  return `${lines.join('\n')}\n`;
}
