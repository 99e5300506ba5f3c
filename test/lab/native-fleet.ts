import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnNative, type NativeKind, type NativeMachine } from '../../lab/native/machine.ts';
import type { LabFleet } from './lab-fleet.ts';
import { fleetOf } from './lab-fleet.ts';

/** One machine that has this machine's kernel and speed, and the real Docker of a lab image. */
export interface NativeFleet extends LabFleet<NativeMachine> {
  readonly machine: NativeMachine;
  /** A playbook of these steps; JSON is YAML. */
  playbook(name: string, ...steps: readonly object[]): Promise<string>;
  /** The id of the newest run. */
  newestRun(): Promise<string>;
}

/** `daemon`: what daemon.json says beside what the kind has. */
export async function nativeFleet(
  kind: NativeKind,
  daemon: Readonly<Record<string, unknown>> = {},
): Promise<NativeFleet> {
  const machine = await spawnNative(kind, { daemon });
  const fleet = await fleetOf([machine]);
  return {
    ...fleet,
    machine,
    async playbook(name, ...steps) {
      const file = join(fleet.directory, `${name}.yaml`);
      await writeFile(file, JSON.stringify({ name, hosts: 'all', steps }));
      return file;
    },
    async newestRun() {
      const run = (await readdir(join(fleet.directory, 'state', 'plimsoll', 'runs'))).sort().at(-1);
      if (run === undefined) throw new Error('there is no run');
      return run;
    },
  };
}
