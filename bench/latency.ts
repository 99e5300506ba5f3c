import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** Makes the way to the hosts as long as it is wanted. */
export interface Latency {
  /** In words, for the report. */
  readonly means: string;
  /** Sets the round-trip time; resolves with the port at which the hosts are reached now. */
  set(roundTripMs: number): Promise<number>;
  end(): Promise<void>;
}

function tc(...args: readonly string[]): boolean {
  return spawnSync('tc', ['qdisc', ...args]).status === 0;
}

/** The kernel's own delay where it has one (sch_netem), otherwise a proxy in front of the hosts. */
export function createLatency(addresses: readonly string[], port: number): Latency {
  const hasNetem = tc('add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms') && tc('del', 'dev', 'lo', 'root');
  return hasNetem ? netem(port) : proxied(addresses, port);
}

function netem(port: number): Latency {
  const clear = (): Promise<void> => {
    tc('del', 'dev', 'lo', 'root');
    return Promise.resolve();
  };
  return {
    means: "the kernel's netem on the loopback interface",
    async set(roundTripMs) {
      await clear();
      // Each packet passes the interface once on its way.
      if (
        roundTripMs > 0 &&
        !tc('add', 'dev', 'lo', 'root', 'netem', 'delay', `${roundTripMs / 2}ms`, 'limit', '100000')
      )
        throw new Error('tc could not set the delay');
      return port;
    },
    end: clear,
  };
}

function proxied(addresses: readonly string[], port: number): Latency {
  const proxyPort = port === 65_535 ? port - 1 : port + 1;
  let stop = (): Promise<void> => Promise.resolve();
  return {
    means:
      'a TCP proxy that holds every byte for half of it each way, and a new connection for its handshake (this kernel has no netem)',
    async set(roundTripMs) {
      await stop();
      stop = () => Promise.resolve();
      if (roundTripMs === 0) return port;
      stop = await startProxy([String(roundTripMs), String(port), String(proxyPort), ...addresses]);
      return proxyPort;
    },
    end: () => stop(),
  };
}

async function startProxy(args: readonly string[]): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [new URL('./delay-proxy.mjs', import.meta.url).pathname, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const ready = await Promise.race([once(child.stdout, 'data').then(() => true), exited.then(() => false)]);
  if (!ready) throw new Error('the delay proxy did not start');
  return async () => {
    child.kill();
    await exited;
  };
}
