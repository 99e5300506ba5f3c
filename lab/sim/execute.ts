import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import type { EngineServer } from './engine-server.ts';
import type { Processes } from './processes.ts';
import type { HostSpec } from './spec.ts';
import type { Places } from './translate.ts';
import { lead } from './translate.ts';

/** A simulated host as its processes see it. */
export interface HostPlace {
  readonly spec: HostSpec;
  /** Where writeHost has put the host. */
  readonly directory: string;
  readonly processes: Processes;
  readonly engine: EngineServer;
}

export const bin = join(import.meta.dirname, 'bin');

export const loginOf = ({ sudo = 'root' }: HostSpec): string => (sudo === 'root' ? 'root' : 'ops');

export function placesOf({ spec, directory }: HostPlace): Places {
  return { root: join(directory, 'root'), withoutDocker: spec.kind === 'no-docker' };
}

/** Starts a command of a host with the machine's own /bin/sh, among simulated tools, in a session of its own. */
export function startOnHost(
  place: HostPlace,
  command: string,
  user: string,
  more: NodeJS.ProcessEnv = {},
): ChildProcessWithoutNullStreams {
  const places = placesOf(place);
  const path = `${bin}:${join(place.directory, 'state/bin')}:${process.env['PATH'] ?? '/usr/bin:/bin'}`;
  const child = spawn('/bin/sh', ['-c', lead(command, places)], {
    cwd: places.root,
    detached: true,
    env: {
      PATH: path,
      HOME: places.root,
      SIM_BIN: bin,
      SIM_PATH: `${path}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      SIM_ENGINE: String(place.engine.port),
      SIM_ROOT: places.root,
      SIM_STATE: join(place.directory, 'state'),
      SIM_USER: user,
      ...more,
    },
  });
  place.processes.add(child);
  return child;
}

export interface HostAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command as root on a host, without a connection: what somebody sees who sits in front of it. */
export async function runOnHost(place: HostPlace, command: string): Promise<HostAnswer> {
  const child = startOnHost(place, command, 'root');
  child.stdin.end();
  const { root } = placesOf(place);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  return { code, stdout: stdout.replaceAll(root, ''), stderr: stderr.replaceAll(root, '') };
}
