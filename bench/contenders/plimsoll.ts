import { writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Contender } from '../contender.ts';
import { hostName } from '../contender.ts';
import { plimsollProgram } from '../requirements.ts';

/** JSON is YAML too. */
export const plimsoll: Contender = {
  name: 'plimsoll',
  title:
    'node dist/main.js, one step per command (read_only, so apply and plan do the same; or not) or the grow_rootfs step',
  version: () =>
    `plimsoll ${spawnSync(process.execPath, [plimsollProgram, '--version'], { encoding: 'utf8' }).stdout.trim()} on Node ${process.versions.node}`,
  prepare({ hosts, workload, port, knownHostsFile, forks, directory }) {
    const inventory = join(directory, 'inventory.yaml');
    const playbook = join(directory, 'playbook.yaml');
    const defaults = {
      user: hosts.user,
      port,
      identity_file: hosts.identityFile,
      known_hosts_file: knownHostsFile,
      agent: false,
      connect_timeout: '2m',
    };
    writeFileSync(
      inventory,
      JSON.stringify({
        defaults,
        // The hosts are one machine, and each has a lock and records of its own.
        hosts: Object.fromEntries(
          hosts.addresses.map((address, index) => [
            hostName(index),
            { address, state_directory: join(hosts.directory, 'states', address) },
          ]),
        ),
      }),
    );
    writeFileSync(playbook, JSON.stringify({ name: 'Benchmark', hosts: 'all', steps: workload.plimsoll.steps }));
    return {
      argv: [
        process.execPath,
        plimsollProgram,
        ...workload.plimsoll.command,
        playbook,
        '-i',
        inventory,
        '--forks',
        String(forks),
        '--output',
        'plain',
      ],
      env: { XDG_STATE_HOME: join(directory, 'state') },
    };
  },
};
