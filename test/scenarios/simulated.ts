import { chmod, copyFile, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { EngineServer } from '../../lab/sim/engine-server.ts';
import { startEngineServer } from '../../lab/sim/engine-server.ts';
import type { HostAnswer, HostPlace } from '../../lab/sim/execute.ts';
import { bin, placesOf, runOnHost, startOnHost } from '../../lab/sim/execute.ts';
import { startFleet } from '../../lab/sim/fleet.ts';
import { writeHost } from '../../lab/sim/host-state.ts';
import { Processes } from '../../lab/sim/processes.ts';
import type { HostSpec } from '../../lab/sim/spec.ts';
import { LeadLines, Unlead } from '../../lab/sim/translate.ts';
import type { ShellChannel } from '../../src/transport/remote-shell/shell-channel.ts';
import { Deadline } from '../../src/transport/remote-shell/deadline.ts';
import type { Carrier } from '../../src/transport/remote-shell/shell-connection.ts';
import { openShellConnection } from '../../src/transport/remote-shell/shell-connection.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { AppError } from '../../src/errors.ts';
import { programsOfThisMachine } from './calls.ts';

/** A simulated host that is reached without SSH: what costs most of a short scenario is the handshakes. */
export interface SimulatedHost {
  readonly name: string;
  readonly spec: HostSpec;
  readonly directory: string;
  /** Programs that stand in for those that work calls, and write that down. */
  readonly standIns: string;
  run(script: string): Promise<HostAnswer>;
}

/** One host, its files, and the laptop's; all below one directory that goes with it. */
export interface Simulation {
  readonly directory: string;
  readonly host: SimulatedHost;
  /** Its own way to the host; undefined where that is SSH. */
  readonly transport: Transport | undefined;
  /** The inventory's file. */
  readonly inventory: string;
  stop(): Promise<void>;
}

let shared: Promise<EngineServer> | undefined;

/** Every scenario's docker asks the same process. */
function engine(): Promise<EngineServer> {
  shared ??= startEngineServer();
  return shared;
}

export async function stopEngine(): Promise<void> {
  await (await shared)?.stop();
  shared = undefined;
}

/** With another host beside it, both are reached over SSH, as they reach each other. */
export async function startSimulation(spec: HostSpec, ...peers: readonly HostSpec[]): Promise<Simulation> {
  if (peers.length > 0) return startOverSsh(spec, peers);
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'plimsoll-scenario-')));
  const processes = new Processes(directory);
  const stop = async (): Promise<void> => {
    await processes.end();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const at = join(directory, '0');
    await writeHost(at, spec);
    await mkdir(join(at, 'state/faults'), { recursive: true });
    await mkdir(join(at, 'state/bin'), { recursive: true });
    await writeFile(join(at, 'state/calls'), '');
    const standIns = join(directory, 'called');
    await makeStandIns(standIns);
    const place: HostPlace = { spec, directory: at, processes, engine: await engine() };
    const host: SimulatedHost = {
      name: spec.name,
      spec,
      directory: at,
      standIns,
      run: (script) => runOnHost(place, script),
    };
    const inventory = join(directory, 'inventory.yaml');
    await writeFile(
      inventory,
      JSON.stringify({ defaults: { become: true, user: 'root' }, hosts: { [spec.name]: { address: '127.0.0.1' } } }),
    );
    return { directory, host, transport: transportTo(host.name, place), inventory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startOverSsh(spec: HostSpec, peers: readonly HostSpec[]): Promise<Simulation> {
  const fleet = await startFleet([spec, ...peers]);
  try {
    const {
      directory,
      hosts: [own],
    } = fleet;
    if (own === undefined) throw new Error('the fleet has no host');
    await writeFile(join(own.directory, 'state/calls'), '');
    const standIns = join(directory, 'called');
    await makeStandIns(standIns);
    const host: SimulatedHost = {
      name: own.name,
      spec,
      directory: own.directory,
      standIns,
      run: (script) => own.run(script),
    };
    return {
      directory,
      host,
      transport: undefined,
      inventory: await fleet.writeTo(directory),
      stop: () => fleet.stop(),
    };
  } catch (error) {
    await fleet.stop();
    throw error;
  }
}

async function makeStandIns(directory: string): Promise<void> {
  await mkdir(directory);
  const script = join(directory, '.called');
  await copyFile(join(import.meta.dirname, 'called.sh'), script);
  await chmod(script, 0o755);
  const simulated = (await readdir(bin)).filter((name) => !name.endsWith('.sh'));
  await Promise.all(
    ['bin_sh', ...programsOfThisMachine, ...simulated].map((name) => symlink('.called', join(directory, name))),
  );
}

function transportTo(name: string, place: HostPlace): Transport {
  return {
    connect(target, signal) {
      if (target.name !== name) return Promise.reject(new AppError('unreachable', `${target.name} is not simulated`));
      return openShellConnection(carrierTo(place), target, new Deadline(target.name, target.connectTimeoutMs), signal);
    },
    close: () => Promise.resolve(),
  };
}

/** What a connection's single line is followed by may be any bytes, as in lab/sim/host-server.ts. */
const bulk = 'read -r p';

function carrierTo(place: HostPlace): Carrier {
  const open = new Set<ShellChannel>();
  let onClosed: (error: Error | undefined) => void = () => undefined;
  const closed = new Promise<Error | undefined>((resolve) => {
    onClosed = resolve;
  });
  return {
    hostKey: 'SHA256:none',
    publicKey: '',
    server: 'simulated',
    closed,
    openChannel: (line) => {
      const channel = openChannel(place, line);
      open.add(channel);
      void channel.ended.then(() => open.delete(channel));
      return Promise.resolve(channel);
    },
    close: () => {
      for (const channel of open) channel.destroy();
      void Promise.all([...open].map(({ ended }) => ended)).then(() => {
        onClosed(undefined);
      });
    },
  };
}

function openChannel(place: HostPlace, line: string): ShellChannel {
  const places = placesOf(place);
  const child = startOnHost(place, line, 'root');
  const ignore = (): void => undefined;
  const stdin = new LeadLines(places, line.includes(bulk) ? 1 : Infinity);
  child.stdin.on('error', ignore);
  stdin.on('error', ignore);
  stdin.pipe(child.stdin);
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) =>
    stream.on('error', ignore).pipe(new Unlead(places.root)).pipe(new PassThrough()).on('error', ignore),
  );
  return {
    stdin,
    stdout: stdout ?? new PassThrough(),
    stderr: stderr ?? new PassThrough(),
    ended: new Promise((resolve) => {
      child.once('error', () => {
        resolve({ status: undefined });
      });
      child.once('close', (code) => {
        resolve({ status: code ?? undefined });
      });
    }),
    // As with a cut connection: the shell meets the end of its input, and what it started goes on.
    destroy: () => {
      child.stdin.destroy();
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}
