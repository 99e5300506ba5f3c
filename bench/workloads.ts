import { spawnSync } from 'node:child_process';
import type { FactRequest } from '../src/facts/fact.ts';
import { growRootfs } from '../src/operations/rootfs/grow-rootfs.ts';
import { FactBase } from '../src/run/planning/fact-reader.ts';

/** What is done on every host. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** One after the other, each with its own status. */
  readonly commands: readonly (readonly string[])[];
  /** The same for plimsoll: its command and its playbook's steps. */
  readonly plimsoll: {
    readonly command: readonly string[];
    readonly steps: readonly Readonly<Record<string, unknown>>[];
  };
}

const container = 'app-1';

/** `path` is the PATH of the hosts' sessions: what facts grow_rootfs asks for is found out by asking. */
export function createWorkloads(path: string): readonly Workload[] {
  const commands = [
    ['docker', 'inspect', '--type', 'container', '--', container],
    ['dmsetup', 'table'],
    ['dmsetup', 'info'],
    ['dmsetup', 'status'],
    ['blockdev', '--getsize64', '/dev/mapper/any'],
    ['df', '-B1', '--output=size,used,avail', '/'],
  ];
  const growth = { container, size: '20GiB' };
  return [
    {
      name: 'six-commands',
      title: 'six commands, as six steps or tasks',
      commands,
      plimsoll: {
        command: ['apply', '--yes'],
        steps: commands.map((argv) => ({ command: { argv, read_only: true } })),
      },
    },
    {
      name: 'six-changes',
      title: 'the same six, each as something that may change the host',
      commands,
      plimsoll: {
        command: ['apply', '--yes'],
        steps: commands.map((argv) => ({ command: { argv } })),
      },
    },
    {
      name: 'rootfs-facts',
      title: "grow_rootfs' facts (plimsoll plan, preview included; the others only run the same scripts)",
      commands: factsOf(growth, path).map(({ fact, args }) => ['/bin/sh', '-c', fact.script, 'sh', ...args]),
      plimsoll: { command: ['plan'], steps: [{ grow_rootfs: growth }] },
    },
  ];
}

/** In the order in which they are read; a later one may depend on an earlier one. */
function factsOf(input: unknown, path: string): readonly FactRequest[] {
  const want = growRootfs.schema.parse(input);
  const base = new FactBase();
  const asked: FactRequest[] = [];
  for (;;) {
    const missing = growRootfs.needs(want, base).filter((request) => !base.has(request));
    if (missing.length === 0) return asked;
    for (const request of missing) {
      const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', request.fact.script, 'sh', ...request.args], {
        encoding: 'utf8',
        env: { PATH: path, LC_ALL: 'C' },
      });
      base.set(request, { value: request.fact.parse({ status: status ?? 255, stdout, stderr }, request.args) });
      asked.push(request);
    }
  }
}
